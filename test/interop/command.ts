/** Runs `millrace` as a person or a script would. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** A command that takes longer hangs. */
const TIMEOUT_MS = 20_000;

export type Ended = { readonly code: number | null; readonly out: string; readonly error: string };

/** @param input what is piped in, such as a password */
export async function millrace(args: readonly string[], input?: string): Promise<Ended> {
  const entry = join(ROOT, process.env['MILLRACE_TEST_ENTRY'] ?? 'src/main.ts');
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: ROOT,
    stdio: 'pipe',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  child.stdin.end(input ?? '');
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, error };
}

/** The same, for what must succeed; its answer as JSON. */
export async function millraceJson<Answer>(
  args: readonly string[],
  input?: string,
): Promise<Answer> {
  const { code, out, error } = await millrace([...args, '--json'], input);
  if (code !== 0) throw new Error(`millrace ${args.join(' ')} ended with ${code}: ${error}${out}`);
  return JSON.parse(out) as Answer;
}
