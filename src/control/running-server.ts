/**
 * How the command line finds the server that runs on this machine: a file in the state folder that only the server's own
 * user can read, with the URL and a token that lives as long as the process.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'server.json';
const OWNER_ONLY = 0o600;
/** 256 bits: nobody guesses it. */
const TOKEN_BYTES = 32;

export type RunningServer = {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** When the process began, in the kernel's ticks: pids are used again, a pid with its start is not (proc(5)). */
  readonly startTicks: string;
};

export function newCommandToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Says where this process serves. A server serves also where that cannot be written down, on a full disk for example.
 * @returns how to take it back at the end
 */
export function announceServer(
  stateDir: string,
  { url, token }: { readonly url: string; readonly token: string },
  onProblem: (text: string) => void,
): () => void {
  const path = join(stateDir, FILE);
  const { pid } = process;
  const server: RunningServer = { url, token, pid, startTicks: startTicksOf(pid) ?? '' };
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeWhole(path, `${JSON.stringify(server)}\n`);
  } catch (error) {
    const { message } = error as Error;
    onProblem(`commands will not find this server: ${message}. Make room, or the folder writable.`);
  }
  return () => {
    if (read(path)?.pid === pid) rmSync(path, { force: true });
  };
}

/** Renamed into place: nobody reads half of it, and the rights are there from the beginning. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: OWNER_ONLY, flag: 'wx' });
  renameSync(draft, path);
}

/** The server that uses this state folder now; undefined where none runs. */
export function findServer(stateDir: string): RunningServer | undefined {
  const server = read(join(stateDir, FILE));
  if (server === undefined) return undefined;
  return startTicksOf(server.pid) === server.startTicks ? server : undefined;
}

/** The URL by which this machine reaches a server that listens there. */
export function localUrl(address: string, port: number): string {
  const host = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A file that is being replaced, or is none of ours, is as good as none. */
function read(path: string): RunningServer | undefined {
  try {
    const { url, token, pid, startTicks } = JSON.parse(readFileSync(path, 'utf8'));
    const isWhole = typeof url === 'string' && typeof token === 'string';
    return isWhole && Number.isSafeInteger(pid) ? { url, token, pid, startTicks } : undefined;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 can hold spaces and brackets, so what follows the last one counts. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
