/** A timer that fires this late shows that the thread stood still meanwhile. */
const STALL_MS = 10;

/** One timer for everything that waits in this thread: it fires no later than the earliest deadline it was told. */
export class WakeTimer {
  readonly #onWake: (nowMs: number) => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
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
    clearImmediate(this.#immediate);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    const lateMs = performance.now() - this.#dueMs;
    this.#dueMs = Number.POSITIVE_INFINITY;
    // Node runs timers before sockets: after a stall, what was waited for may lie unread in the kernel. Read it first.
    if (lateMs > STALL_MS) this.#immediate = setImmediate(() => this.#wake());
    else this.#wake();
  }

  #wake(): void {
    const nowMs = performance.now();
    this.wakeBy(this.#onWake(nowMs), nowMs);
  }
}
