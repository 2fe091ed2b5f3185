/** Which of the two a command line is for: the server, or a command. Imports nothing, since the server needs it too. */

/** Options that stand before a command as well as after it, and whether a value follows. */
const BEFORE_COMMANDS: Readonly<Record<string, boolean>> = {
  '--config': true,
  '--state-dir': true,
  '--json': false,
};
const ABOUT: ReadonlySet<string> = new Set(['--help', '-h', '--version']);

/** The server's own arguments; undefined for a command's. */
export function serverArguments(args: readonly string[]): readonly string[] | undefined {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === 'serve') return [...args.slice(0, at), ...args.slice(at + 1)];
    if (!word.startsWith('-') || ABOUT.has(word)) return undefined;
    const hasValue = BEFORE_COMMANDS[word];
    // Any other option is one of the server's.
    if (hasValue === undefined) return args;
    if (hasValue) at += 1;
  }
  return args;
}
