/** Passwords come from the terminal, unseen, or from a pipe; never from arguments, which every user of the machine can read. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { mistake } from './command-error.ts';

/** Asks twice on a terminal; otherwise takes the first line that comes in. */
export async function askPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await ask('Password: ');
  if ((await ask('Once more: ')) !== password) throw mistake('the two are different. Try again.');
  return password;
}

/** Something that can be a secret, such as a URL with a token in it. */
export async function askSecret(question: string): Promise<string> {
  return process.stdin.isTTY ? ask(question) : firstLine();
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    if (line !== '') return line;
  }
  throw mistake('nothing came in. Pipe it in, or run this on a terminal.');
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  // Ctrl-C ends the program as it always does; readline alone would swallow it.
  reader.on('SIGINT', () => process.exit(130));
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
