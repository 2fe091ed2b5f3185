/** The real server as a child process, on free ports, with a state folder of its own; stopped for sure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StreamInfo, StreamsResponse } from '../../src/api/streams.ts';
import { endProcess } from './ffmpeg.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_MS_MAX = 20_000;

export type ServerOptions = {
  readonly staticDir?: string;
  readonly arguments?: readonly string[];
  /** Node's own, ahead of the program. */
  readonly nodeArguments?: readonly string[];
  /** Further lines of the configuration file. */
  readonly config?: string;
  /** One that another run left, and that stays when this one ends. */
  readonly stateDir?: string;
  /** Runs it as this user; for root only. */
  readonly uid?: number;
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
};

export class TestServer {
  readonly child: ChildProcess;
  readonly http: number;
  readonly rtmp: number;
  readonly iceTcp: number;
  readonly iceUdp: number;
  readonly key: string;
  readonly #log: string[];
  readonly #directory: string;
  readonly #stateDir: string;

  private constructor(started: Started, key: string) {
    this.child = started.child;
    this.http = started.ports.http;
    this.rtmp = started.ports.rtmp;
    this.iceTcp = started.ports.iceTcp;
    this.iceUdp = started.ports.iceUdp;
    this.#log = started.log;
    this.#directory = started.directory;
    this.#stateDir = started.stateDir;
    this.key = key;
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const started = await spawnServer(options);
    try {
      return new TestServer(started, await waitUntilReady(started));
    } catch (error) {
      await endProcess(started.child, 'SIGKILL');
      rmSync(started.directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** All that it printed and logged. */
  get log(): string {
    return this.#log.join('');
  }

  /** What makes the owner's account, as the start prints it. */
  get claimCode(): string {
    const [, code = ''] = /#(?:claim=)?((?:[0-9a-z]{4}-){3}[0-9a-z]{4})\b/.exec(this.log) ?? [];
    return code;
  }

  /** Where it keeps its key. */
  get stateDir(): string {
    return this.#stateDir;
  }

  /** What it was started with. */
  get configFile(): string {
    return join(this.#directory, 'millrace.yaml');
  }

  page(stream: string, query = ''): string {
    return `http://127.0.0.1:${this.http}/${stream}${query}`;
  }

  whip(stream: string, query = ''): string {
    return `http://127.0.0.1:${this.http}/${stream}/whip${query}`;
  }

  websocket(stream: string): string {
    return `ws://127.0.0.1:${this.http}/${stream}`;
  }

  rtmpUrl(stream: string): string {
    const [app, name] = stream.split('/');
    return `rtmp://127.0.0.1:${this.rtmp}/${app}/${name}?key=${this.key}`;
  }

  /** One stream as `GET /api/streams` tells it. */
  async stream(name: string): Promise<StreamInfo | undefined> {
    return (await this.streams()).find((stream) => stream.name === name);
  }

  async streams(): Promise<readonly StreamInfo[]> {
    const response = await fetch(`http://127.0.0.1:${this.http}/api/streams`);
    return ((await response.json()) as StreamsResponse).streams;
  }

  /** Asks until a stream is as wanted; gives how long that took. */
  async waitFor(
    name: string,
    wanted: (stream: StreamInfo | undefined) => boolean,
    timeoutMs = 10_000,
  ): Promise<number> {
    const startMs = performance.now();
    for (let stream = await this.stream(name); !wanted(stream); stream = await this.stream(name)) {
      if (performance.now() - startMs > timeoutMs) {
        throw new Error(`${name} did not change in ${timeoutMs} ms: ${JSON.stringify(stream)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return performance.now() - startMs;
  }

  /** As systemd would stop it; gives the exit code. */
  async stop(): Promise<number | null> {
    const { child } = this;
    await endProcess(child);
    rmSync(this.#directory, { recursive: true, force: true });
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

type Ports = {
  readonly http: number;
  readonly rtmp: number;
  readonly iceTcp: number;
  readonly iceUdp: number;
};
type Started = {
  readonly child: ChildProcess;
  readonly ports: Ports;
  readonly log: string[];
  readonly directory: string;
  readonly stateDir: string;
};

async function spawnServer(options: ServerOptions): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-server-'));
  const [http = 0, rtmp = 0, iceTcp = 0] = await Promise.all([
    freeTcpPort(),
    freeTcpPort(),
    freeTcpPort(),
  ]);
  const ports = { http, rtmp, iceTcp, iceUdp: await freeUdpPort() };
  const config = join(directory, 'millrace.yaml');
  const stateDir = options.stateDir ?? join(directory, 'state');
  writeFileSync(config, configurationFor(ports, stateDir, options));
  // The sources; what a release runs is the same, compiled: MILLRACE_TEST_ENTRY=dist/main.js.
  const entry = join(ROOT, process.env['MILLRACE_TEST_ENTRY'] ?? 'src/main.ts');
  const { nodeArguments = [], arguments: own = [], uid } = options;
  if (uid !== undefined) chownSync(directory, uid, uid);
  // As its user types it; whether these tests run below npm says nothing of the server.
  const { npm_lifecycle_event: _, ...environment } = process.env;
  const child = spawn(process.execPath, [...nodeArguments, entry, '--config', config, ...own], {
    cwd: ROOT,
    env: { ...environment, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const log: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  return { child, ports, log, directory, stateDir };
}

function configurationFor(ports: Ports, stateDir: string, options: ServerOptions): string {
  return [
    `http: {address: 127.0.0.1, port: ${ports.http}}`,
    `rtmp: {address: 127.0.0.1, port: ${ports.rtmp}}`,
    'ice:',
    `  tcp: {address: 127.0.0.1, port: ${ports.iceTcp}}`,
    `  udp: {address: 127.0.0.1, port: ${ports.iceUdp}}`,
    'public_addresses: [127.0.0.1]',
    `state_dir: ${stateDir}`,
    ...(options.staticDir ? [`static_dir: ${options.staticDir}`] : []),
    options.config ?? '',
    '',
  ].join('\n');
}

/** Waits until it answers; gives its first publish key. */
async function waitUntilReady({ child, ports, log, stateDir }: Started): Promise<string> {
  const untilMs = performance.now() + START_MS_MAX;
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) break;
    const answers = await fetch(`http://127.0.0.1:${ports.http}/`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) return readFileSync(join(stateDir, 'publish-key'), 'utf8').trim();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not start (exit code ${child.exitCode}):\n${log.join('')}`);
}

export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
