import type { Log } from '../log.ts';
import type { Refused } from './gate.ts';

/** Lines in a row, and how many come back in a minute: a flood of refused requests is not a flood of lines. */
const BURST = 30;
const PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Tells the operator who was turned away, and what they were told. */
export class RefusalLog {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #left = BURST;
  #atMs: number;
  #unsaid = 0;

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#atMs = nowMs();
  }

  readonly listener = ({ protocol, target, address, reason, message }: Refused): void => {
    const nowMs = this.#nowMs();
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) * PER_MINUTE) / MINUTE_MS);
    this.#atMs = nowMs;
    if (this.#left < 1) {
      this.#unsaid += 1;
      return;
    }
    this.#left -= 1;
    const unsaid = this.#unsaid > 0 ? { unsaid: this.#unsaid } : {};
    this.#unsaid = 0;
    this.#log.warn(
      { stream: target, address, reason, ...unsaid },
      `${protocol} refused: ${message}`,
    );
  };
}
