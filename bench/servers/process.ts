import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const STOP_TIMEOUT_MS = 5000;
const EVERY_CORE = `0-${availableParallelism() - 1}`;
const LOG_CHARACTERS = 4000;

/** A pinned server process, its temporary folder and the end of what it printed. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Whatever ends the tool ends the server. */
  readonly #kill = () => {
    this.#child.kill('SIGKILL');
    this.#clear();
  };
  #log = '';

  /** @param folder removed when the server has ended */
  constructor(core: number | undefined, command: readonly string[], folder: string) {
    this.#folder = folder;
    this.#child = spawn(
      'taskset',
      ['-c', core === undefined ? EVERY_CORE : String(core), ...command],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    process.once('exit', this.#kill);
    const keep = (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-LOG_CHARACTERS);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): string {
    return this.#log;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until `ready` says so. */
  async until(ready: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!(await ready().catch(() => false))) {
      if (this.ended || performance.now() > endMs) {
        throw new Error(`the server did not come up:\n${this.#log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    if (!this.ended) {
      const ended = once(this.#child, 'exit');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      this.#child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    }
    process.off('exit', this.#kill);
    this.#clear();
  }

  #clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
