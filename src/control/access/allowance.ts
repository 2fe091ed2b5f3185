export type AllowanceOptions = {
  /** How many at once. */
  readonly burst: number;
  /** How many come back in a minute. */
  readonly perMinute: number;
};

/** Counted at once; the one that was counted longest ago is forgotten, which only helps it. */
const COUNTED_MAX = 10_000;
const MINUTE_MS = 60_000;

type Bucket = { left: number; atMs: number };

/** How often each of many may do something: a token bucket for each. */
export class Allowance {
  readonly #options: AllowanceOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** What was taken last did not count. */
  giveBack(who: string): void {
    const bucket = this.#buckets.get(who);
    if (bucket !== undefined) bucket.left = Math.min(this.#options.burst, bucket.left + 1);
  }

  /** Takes one. @returns undefined where there was one, else in how many seconds there is */
  take(who: string, nowMs: number): number | undefined {
    const { burst, perMinute } = this.#options;
    const { left, atMs } = this.#buckets.get(who) ?? { left: burst, atMs: nowMs };
    const now = Math.min(burst, left + ((nowMs - atMs) * perMinute) / MINUTE_MS);
    this.#buckets.delete(who);
    this.#buckets.set(who, { left: now < 1 ? now : now - 1, atMs: nowMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= COUNTED_MAX) break;
      this.#buckets.delete(oldest);
    }
    return now >= 1 ? undefined : Math.ceil(((1 - now) * MINUTE_MS) / perMinute / 1000);
  }
}
