/** Why a command did not do what it was asked: one line that says what to do instead. */

/** How commands end, for scripts. */
export const EXIT = {
  done: 0,
  /** The server said no, or something failed. The doctor: there is something to mend. */
  failed: 1,
  /** The command, its arguments or the configuration are wrong. */
  mistake: 2,
  /** The command needs a running server, and there is none. */
  noServer: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The arguments are wrong. */
export function mistake(message: string): CommandError {
  return new CommandError(message, EXIT.mistake);
}
