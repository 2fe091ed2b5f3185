/** A program on a terminal, as a person has it: Node has no pseudo-terminals, Python does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** A question that takes longer does not come. */
const TIMEOUT_MS = 20_000;
/** Passes on what is typed, and what is shown; ends as the program does. */
const RELAY = `
import os, pty, sys
status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status))
`;
const CTRL_C = '\u0003';

export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #shown = '';
  #readTo = 0;

  /** Runs `millrace` in a folder. */
  constructor(args: readonly string[], folder: string) {
    const entry = join(ROOT, process.env['MILLRACE_TEST_ENTRY'] ?? 'src/main.ts');
    this.#child = spawn('python3', ['-c', RELAY, process.execPath, entry, ...args], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.#shown += chunk;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits until this is shown, after what was waited for before. */
  async sees(text: string): Promise<void> {
    const untilMs = performance.now() + TIMEOUT_MS;
    while (!this.#shown.includes(text, this.#readTo)) {
      if (performance.now() > untilMs || this.#child.exitCode !== null) {
        throw new Error(`"${text}" was not shown after ${this.#shown}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#readTo = this.#shown.indexOf(text, this.#readTo) + text.length;
  }

  types(line: string): void {
    this.#child.stdin?.write(`${line}\r`);
  }

  pressesCtrlC(): void {
    this.#child.stdin?.write(CTRL_C);
  }

  /** @returns the exit code */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The relay's end hangs the program up.
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
