/**
 * OBS's library in a process of its own: it keeps threads that a test could not get rid of, and a test wants to kill it.
 * Run as `node publisher-process.ts '{"url":…,"key":…}'` it publishes, tells what happens line by line, and stops the
 * orderly way on SIGTERM.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DatachannelPublisher, type PublisherOptions } from './datachannel-publisher.ts';
import { endProcess } from './ffmpeg.ts';

type Report =
  | { readonly state: string }
  | { readonly remotePort: number | undefined }
  | { readonly deleted: number }
  | { readonly failed: string };

const FILE = fileURLToPath(import.meta.url);

/** A publisher that runs; made by {@link startPublisher}. */
export class PublisherProcess {
  readonly child: ChildProcess;
  /** Every connection state, in order. */
  readonly states: string[] = [];
  /** When its media time began, within the time that a message takes. */
  sendingSinceMs = 0;
  /** The server's port that it sends to. */
  remotePort: number | undefined;
  #deleted = 0;
  #failed: string | undefined;
  #pending = '';

  /** @param inside words ahead of the command: it runs elsewhere, as in a network namespace */
  constructor(options: PublisherOptions, inside: readonly string[]) {
    const [program = '', ...words] = [...inside, process.execPath, FILE, JSON.stringify(options)];
    this.child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (this.#pending + chunk.toString()).split('\n');
      this.#pending = lines.pop() ?? '';
      for (const line of lines) this.#take(JSON.parse(line) as Report);
    });
  }

  async waitFor(state: string, timeoutMs = 10_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.states.includes(state)) {
      if (this.#failed !== undefined) throw new Error(this.#failed);
      if (performance.now() > untilMs) throw new Error(`not ${state}: ${this.states.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The stop button; gives the status of the DELETE. */
  async stop(): Promise<number> {
    await endProcess(this.child);
    return this.#deleted;
  }

  async kill(): Promise<void> {
    await endProcess(this.child, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #take(report: Report): void {
    if ('state' in report) {
      this.states.push(report.state);
      if (report.state === 'sending') this.sendingSinceMs = Date.now();
    } else if ('remotePort' in report) this.remotePort = report.remotePort;
    else if ('deleted' in report) this.#deleted = report.deleted;
    else this.#failed = report.failed;
  }
}

/** Publishes, and waits until it is connected; throws what the server said when it refuses. */
export async function startPublisher(
  options: PublisherOptions,
  inside: readonly string[] = [],
): Promise<PublisherProcess> {
  const publisher = new PublisherProcess(options, inside);
  try {
    await publisher.waitFor('sending');
    return publisher;
  } catch (error) {
    await publisher.kill();
    throw error;
  }
}

async function publish(options: PublisherOptions): Promise<void> {
  const tell = (report: Report): void => {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  };
  try {
    const publisher = await DatachannelPublisher.start({
      ...options,
      onState: (state) => tell({ state }),
    });
    tell({ remotePort: publisher.remotePort });
    tell({ state: 'sending' });
    process.once('SIGTERM', async () => {
      tell({ deleted: await publisher.stop() });
      process.exit(0);
    });
  } catch (error) {
    tell({ failed: String(error) });
    process.exit(1);
  }
}

if (process.argv[1] === FILE) await publish(JSON.parse(process.argv[2] ?? '') as PublisherOptions);
