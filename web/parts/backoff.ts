/** Retries after 0, 0.3, 0.5, 0.8, 1.2, 2.0, 3.1 s ...: five of them within the 5 s a server restart may take. */
const FIRST_MS = 300;
const FACTOR = 1.6;
const MOST_MS = 10_000;

/** When to try again: at once at first, then later and later. */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  /** @param random 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Since all was well. */
  get tries(): number {
    return this.#tries;
  }

  /** What was wrong before is over: the next retry is quick again. */
  reset(): void {
    this.#tries = 0;
  }

  /** How long to wait now. @param leastMs before spreading: what the server asked for */
  next(leastMs: number): number {
    const growingMs = this.#tries === 0 ? 0 : FIRST_MS * FACTOR ** (this.#tries - 1);
    this.#tries += 1;
    // Jitter, or a thousand players of a restarted server would all come in the same millisecond.
    const spread = 0.5 + this.#random() / 2;
    return Math.max(Math.min(growingMs, MOST_MS), leastMs) * spread;
  }
}
