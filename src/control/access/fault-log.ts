import { LineBudget } from '../line-budget.ts';
import type { Log } from '../log.ts';
import { StoreError } from '../store/database.ts';

/** Tells the operator what kept the gate from finding out whether somebody may. */
export class FaultLog {
  readonly #log: Log;
  readonly #lines: LineBudget;

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#log = log;
    this.#lines = new LineBudget(nowMs);
  }

  readonly listener = (error: unknown): void => {
    const line = this.#lines.take();
    if (line === undefined) return;
    // A database that fails says itself what to do; anything else is ours, and its trace is of use.
    if (error instanceof StoreError) this.#log.error(line, error.message);
    else this.#log.error({ err: error, ...line }, 'it could not be decided who may');
  };
}
