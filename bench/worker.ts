/** Tool processes and how they are asked: one request, one answer, over Node's IPC. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';

type Request = { readonly id: number; readonly method: string; readonly argument: unknown };
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string };

export type WorkerOptions = {
  readonly script: string;
  readonly args: readonly string[];
  readonly core: number;
  /** Runs ahead of everything else on its core, where we may (chrt -f): for what measures time. */
  readonly realtime: boolean;
};

const REALTIME_PRIORITY = '10';
const STOP_TIMEOUT_MS = 3000;

export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #requests = 0;

  constructor(options: WorkerOptions) {
    this.#child = fork(options.script, options.args, {
      execPath: 'taskset',
      execArgv: [
        ...['-c', String(options.core), process.execPath],
        // A helper thread of V8's that waits behind the swarm while our real-time thread waits for it: never.
        ...(options.realtime ? ['--single-threaded'] : []),
      ],
    });
    if (options.realtime) makeRealtime(this.pid);
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.on('exit', (code) => {
      for (const [id, answer] of this.#waiting)
        answer({ id, error: `${options.script} ended (${code})` });
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async call<Result>(method: string, argument: unknown): Promise<Result> {
    const id = this.#requests++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, method, argument } satisfies Request, (error) => {
        if (error) resolve({ id, error: error.message });
      });
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as Result;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }
}

/** The process's main thread only, and not what it starts (-R). Needs root; without it the delays read higher. */
function makeRealtime(pid: number): void {
  spawnSync('chrt', ['--reset-on-fork', '--fifo', '--pid', REALTIME_PRIORITY, String(pid)]);
}

/** The other end: answers requests until the parent goes, then `onStop`. */
export function serveWorker(
  methods: Readonly<Record<string, (argument: never) => unknown>>,
  onStop: () => Promise<void>,
): void {
  process.on('message', async (request: Request) => {
    const method = methods[request.method];
    try {
      const result = await method?.(request.argument as never);
      process.send?.({ id: request.id, result } satisfies Answer);
    } catch (error) {
      process.send?.({
        id: request.id,
        error: error instanceof Error ? error.message : String(error),
      } satisfies Answer);
    }
  });
  process.on('disconnect', () => void onStop().finally(() => process.exit(0)));
  process.on('SIGINT', () => {}); // the parent decides when the run is over
}
