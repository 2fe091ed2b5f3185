import { LineBudget } from '../line-budget.ts';
import type { Log } from '../log.ts';
import type { Refused } from './gate.ts';

/** Tells the operator who was turned away, and what they were told. */
export class RefusalLog {
  readonly #log: Log;
  readonly #lines: LineBudget;

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#log = log;
    this.#lines = new LineBudget(nowMs);
  }

  readonly listener = ({ protocol, target, address, reason, message }: Refused): void => {
    const line = this.#lines.take();
    if (line === undefined) return;
    this.#log.warn({ stream: target, address, reason, ...line }, `${protocol} refused: ${message}`);
  };
}
