/** The real server on the lab's server side, on its usual ports; asked about itself from outside. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StreamInfo, StreamsResponse } from '../../src/api/streams.ts';
import { endProcess } from '../interop/ffmpeg.ts';
import { ADDRESSES, type Lab } from './network.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HTTP_PORT = 3333;
const START_MS_MAX = 20_000;
const ADDRESS = ADDRESSES.server.ipv4;

export class LabServer {
  readonly child: ChildProcess;
  readonly key: string;
  readonly #log: string[];
  readonly #socketPath: string;

  private constructor(child: ChildProcess, log: string[], key: string, socketPath: string) {
    this.child = child;
    this.key = key;
    this.#log = log;
    this.#socketPath = socketPath;
  }

  /**
   * @param config further lines of the configuration file
   * @param given the addresses that browsers are told
   */
  static async start(
    lab: Lab,
    config = '',
    given: readonly string[] = Object.values(ADDRESSES.server),
  ): Promise<LabServer> {
    const file = join(lab.folder, 'millrace.yaml');
    const addresses = `public_addresses: ${JSON.stringify(given)}`;
    writeFileSync(file, `${addresses}\nstate_dir: ${lab.folder}/state\n${config}\n`);
    const entry = join(ROOT, process.env['MILLRACE_TEST_ENTRY'] ?? 'src/main.ts');
    const child = lab.run('server', process.execPath, [entry, '--config', file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    }
    const key = await printedKey(child, log);
    return new LabServer(child, log, key, await lab.relay('server', HTTP_PORT));
  }

  /** All that it printed and logged. */
  get log(): string {
    return this.#log.join('');
  }

  /** What both sides can use begins with it. */
  readonly origin = `http://${ADDRESS}:${HTTP_PORT}`;

  page(stream: string, query = ''): string {
    return `${this.origin}/${stream}${query}`;
  }

  whip(stream: string, query = ''): string {
    return this.page(`${stream}/whip`, query);
  }

  rtmpUrl(stream: string): string {
    return `rtmp://${ADDRESS}/${stream}?key=${this.key}`;
  }

  /** One stream as `GET /api/streams` tells it. */
  async stream(name: string): Promise<StreamInfo | undefined> {
    const text = await new Promise<string>((resolve, reject) => {
      get({ socketPath: this.#socketPath, path: '/api/streams' }, async (response) => {
        const chunks = await response.toArray();
        resolve(Buffer.concat(chunks).toString());
      }).on('error', reject);
    });
    return (JSON.parse(text) as StreamsResponse).streams.find((stream) => stream.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.child);
  }
}

async function printedKey(child: ChildProcess, log: readonly string[]): Promise<string> {
  const untilMs = performance.now() + START_MS_MAX;
  while (child.exitCode === null && performance.now() < untilMs) {
    const text = log.join('');
    const key = /[?&]key=([\w-]+)/.exec(text)?.[1];
    if (key !== undefined && text.includes('"listening"')) return key;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not start (exit code ${child.exitCode}):\n${log.join('')}`);
}
