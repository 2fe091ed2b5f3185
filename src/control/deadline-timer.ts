/** The one timer of something that works in virtual time. It does not keep the process alive. */

/** setTimeout's own limit, 2^31 - 1 ms. */
const TIMEOUT_MS_MAX = 2_147_483_647;

export class DeadlineTimer {
  readonly #run: (nowMs: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;

  /** @param run is given the time since the epoch */
  constructor(run: (nowMs: number) => void) {
    this.#run = run;
  }

  /** Runs at `deadlineMs` since the epoch, and at no other time set before; Infinity: not at all. */
  set(deadlineMs: number): void {
    if (deadlineMs === this.#deadlineMs) return;
    this.clear();
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    this.#deadlineMs = deadlineMs;
    const waitMs = Math.min(Math.max(0, deadlineMs - Date.now()), TIMEOUT_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      // The wait is over, even where the clock was set back meanwhile.
      this.#run(waitMs < TIMEOUT_MS_MAX ? Math.max(Date.now(), deadlineMs) : Date.now());
    }, waitMs);
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }
}
