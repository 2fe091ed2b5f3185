/** Share of each new difference in the mean (RFC 3550 §6.4.1). */
const SHARE = 1 / 16;
/** A longer step is a pause, or a jump of the clock. */
const STEP_MS_MAX = 2000;

/** How unevenly media come in that no RTP receiver counts: interarrival jitter as RFC 3550 has it, in ms. */
export class JitterMeter {
  #lastDelayMs: number | undefined;
  #ms = 0;

  /** Media of `timeMs` on the publisher's line came now. */
  arrived(timeMs: number, nowMs: number): void {
    const delayMs = nowMs - timeMs;
    const stepMs = Math.abs(delayMs - (this.#lastDelayMs ?? delayMs));
    if (stepMs <= STEP_MS_MAX) this.#ms += (stepMs - this.#ms) * SHARE;
    this.#lastDelayMs = delayMs;
  }

  /** Undefined before anything came. */
  get ms(): number | undefined {
    return this.#lastDelayMs === undefined ? undefined : this.#ms;
  }
}
