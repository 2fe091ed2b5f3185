/** One timer for everything that waits in this thread: it fires no later than the earliest deadline it was told. */
export class WakeTimer {
  readonly #onWake: (nowMs: number) => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** @param onWake does all that is due and returns the next deadline, if any */
  constructor(onWake: (nowMs: number) => number | undefined) {
    this.#onWake = onWake;
  }

  /** Something is due at `deadlineMs`; earlier wishes stay. */
  wakeBy(deadlineMs: number | undefined, nowMs: number): void {
    if (deadlineMs === undefined || deadlineMs >= this.#dueMs) return;
    this.#dueMs = deadlineMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, deadlineMs - nowMs));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    this.wakeBy(this.#onWake(nowMs), nowMs);
  }
}
