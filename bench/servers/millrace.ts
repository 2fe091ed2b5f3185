/** This server, as `npm start` runs it, with its own ports and state. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MALLOC, NODE_FLAGS } from '../../src/cli/install/memory.ts';
import type { Transport } from '../client/path.ts';
import type { SourceTarget } from '../source/main.ts';
import { ServerProcess } from './process.ts';
import type { Server } from './server.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const HTTP_PORT = 18_333;
const RTMP_PORT = 18_935;
const ICE_TCP_PORT = 18_478;
const ICE_UDP_PORT = 18_479;
const START_TIMEOUT_MS = 15_000;

export type MillraceOptions = {
  /** Undefined: wherever the kernel likes. */
  readonly core: number | undefined;
  readonly publish: 'whip' | 'rtmp';
  readonly view: Transport;
  /** Sound waits up to 33 ms for the picture. */
  readonly audioCoalescing?: boolean;
};

function config(folder: string, audioCoalescing: boolean): string {
  return `http: { address: 127.0.0.1, port: ${HTTP_PORT} }
rtmp: { address: 127.0.0.1, port: ${RTMP_PORT} }
ice:
  tcp: { address: 127.0.0.1, port: ${ICE_TCP_PORT} }
  udp: { address: 127.0.0.1, port: ${ICE_UDP_PORT} }
public_addresses: [127.0.0.1]
state_dir: ${folder}
app_defaults: { opus_bitrate: 256k, audio_coalescing: ${audioCoalescing} }
`;
}

export async function startMillrace(options: MillraceOptions): Promise<Server> {
  const entry = join(ROOT, 'dist', 'main.js');
  if (!existsSync(entry)) throw new Error('the server is not built: run "npm run bench"');
  const version = headCommit();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const configFile = join(folder, 'millrace.yaml');
  writeFileSync(configFile, config(folder, options.audioCoalescing ?? false));
  const malloc = Object.entries(MALLOC).map((pair) => pair.join('='));
  const node = ['env', ...malloc, process.execPath, ...NODE_FLAGS];
  const command = [...node, entry, '--config', configFile];
  const server = new ServerProcess(options.core, command, folder);
  const origin = `http://127.0.0.1:${HTTP_PORT}`;
  try {
    await server.until(async () => (await fetch(`${origin}/`)).ok, START_TIMEOUT_MS);
    await server.until(async () => publishKey(server.log) !== '', START_TIMEOUT_MS);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const key = publishKey(server.log);
  return {
    name: 'millrace',
    version,
    pid: server.pid,
    publishTarget: (stream) => publishTarget(options.publish, stream, key, origin),
    pageUrl: (stream) => `${origin}/bench/stream-${stream}`,
    viewTarget: (stream) => {
      const url = `${origin}/bench/stream-${stream}/whep?transport=${options.view}`;
      return { protocol: 'whep', url, transport: options.view };
    },
    get logTail() {
      return server.log;
    },
    stop: () => server.stop(),
  };
}

function headCommit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim();
}

function publishTarget(
  protocol: MillraceOptions['publish'],
  stream: number,
  key: string,
  origin: string,
): SourceTarget {
  if (protocol === 'rtmp') {
    const url = `rtmp://127.0.0.1:${RTMP_PORT}/bench/stream-${stream}?key=${key}`;
    return { protocol, url };
  }
  const url = `${origin}/bench/stream-${stream}/whip`;
  return { protocol, url, bearer: key, transport: 'udp' };
}

/** The server prints the RTMP key `stream?key=...` at its first start. */
function publishKey(log: string): string {
  return /[?&]key=([\w-]+)/.exec(log)?.[1] ?? '';
}
