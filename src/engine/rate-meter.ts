/** Length of one bucket, and how many make the window. */
const BUCKET_MS = 500;
const BUCKETS = 6;

/** Counts over a sliding window of about three seconds: bit rates, frame rates. No allocation, no timer. */
export class RateMeter {
  readonly #sums = new Float64Array(BUCKETS);
  /** Of all time. */
  total = 0;
  #bucket = -1;
  #firstBucket = -1;

  add(amount: number, nowMs: number): void {
    this.#turnTo(nowMs);
    this.total += amount;
    const slot = this.#bucket % BUCKETS;
    this.#sums[slot] = (this.#sums[slot] as number) + amount;
  }

  /** Units per second over the full buckets of the window. */
  perSecond(nowMs: number): number {
    this.#turnTo(nowMs);
    const full = Math.min(this.#bucket - this.#firstBucket, BUCKETS - 1);
    if (full <= 0) return 0;
    let sum = 0;
    for (let i = 1; i <= full; i++) sum += this.#sums[(this.#bucket - i) % BUCKETS] as number;
    return (sum * 1000) / (full * BUCKET_MS);
  }

  #turnTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (this.#bucket < 0) {
      this.#firstBucket = bucket;
      this.#bucket = bucket;
    }
    const stale = Math.min(bucket - this.#bucket, BUCKETS);
    for (let i = 1; i <= stale; i++) this.#sums[(this.#bucket + i) % BUCKETS] = 0;
    if (bucket > this.#bucket) this.#bucket = bucket;
  }
}
