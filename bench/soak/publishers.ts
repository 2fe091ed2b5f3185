/** Encoders that crash, stop, freeze and are replaced, for one stream name each. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PublishRequest, SourceTarget } from '../source/main.ts';
import { Worker } from '../worker.ts';
import type { Dice } from './dice.ts';

const STEADY_MS = { least: 15_000, most: 45_000 };
/** Longer than a publisher may be silent. */
const FREEZE_MS = 8000;
const AWAY_MS_MAX = 6000;
/** Its datagrams tell nobody anything here. */
const BEAT_PORT = 9;

export type LaneOptions = {
  readonly target: SourceTarget;
  readonly dice: Dice;
  readonly core: number;
  /** Told what happens. */
  readonly count: (what: string) => void;
};

/** Keeps one stream published, badly. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #workers = new Set<Worker>();
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#done = this.#run().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#done;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  async #run(): Promise<void> {
    const { dice, count } = this.#options;
    let current = await this.#publish();
    for (;;) {
      await this.#wait(dice.between(STEADY_MS.least, STEADY_MS.most));
      const event = dice.pick(['takeover', 'crash', 'stop', 'freeze'] as const);
      count(`publisher-${event}`);
      const old = current;
      if (event === 'takeover') {
        current = await this.#publish();
        await this.#end(old, 'SIGKILL');
        continue;
      }
      if (event === 'freeze') {
        process.kill(old.pid, 'SIGSTOP');
        await this.#wait(FREEZE_MS).finally(() => process.kill(old.pid, 'SIGCONT'));
      }
      await this.#end(old, event === 'stop' ? 'stop' : 'SIGKILL');
      await this.#wait(dice.between(0, AWAY_MS_MAX));
      current = await this.#publish();
    }
  }

  async #publish(): Promise<Worker> {
    const { target, core, count } = this.#options;
    for (;;) {
      const script = new URL('../source/main.ts', import.meta.url).pathname;
      const worker = new Worker({ script, args: [], core, realtime: false });
      this.#workers.add(worker);
      try {
        const request: PublishRequest = { target, beatPort: BEAT_PORT };
        await worker.call('publish', request);
        count(`published-${target.protocol}`);
        return worker;
      } catch (error) {
        count(`publisher-failed: ${String(error).slice(0, 80)}`);
        await this.#end(worker, 'SIGKILL');
        await this.#wait(AWAY_MS_MAX);
      }
    }
  }

  async #end(worker: Worker, how: 'stop' | 'SIGKILL'): Promise<void> {
    if (how === 'SIGKILL' && worker.running) process.kill(worker.pid, 'SIGKILL');
    await worker.stop();
    this.#workers.delete(worker);
  }

  #wait(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopped.signal });
  }
}
