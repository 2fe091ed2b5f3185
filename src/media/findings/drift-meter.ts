/** The length of one sample: within it, what came with the least delay counts. */
const SAMPLE_MS = 10_000;
/** The line is laid through the last five minutes, and through no less than three. */
const SAMPLES_MAX = 30;
const SAMPLES_MIN = 18;
/** Delays that scatter more than this around the line are the network's doing: nothing can be said then. */
const SCATTER_MS_MAX = 20;

/**
 * How fast a publisher's clock runs against ours, in millionths: from how much later, or earlier, its media come by and
 * by. The least delay of each ten seconds counts, so that congestion that passes does not.
 */
export class DriftMeter {
  readonly #delays: number[] = [];
  #leastMs = Number.POSITIVE_INFINITY;
  #sampleSinceMs: number | undefined;

  /** Media of `timeMs` on the publisher's line came now. */
  arrived(timeMs: number, nowMs: number): void {
    this.#sampleSinceMs ??= nowMs;
    if (nowMs - this.#sampleSinceMs >= SAMPLE_MS) {
      this.#delays.push(this.#leastMs);
      if (this.#delays.length > SAMPLES_MAX) this.#delays.shift();
      this.#leastMs = Number.POSITIVE_INFINITY;
      // A pause leaves no sample, and would bend the line: its samples are further apart than they seem.
      if (nowMs - this.#sampleSinceMs >= 2 * SAMPLE_MS) this.forget();
      this.#sampleSinceMs = nowMs;
    }
    this.#leastMs = Math.min(this.#leastMs, nowMs - timeMs);
  }

  /** The publisher's clock is another one, or jumped. */
  forget(): void {
    this.#delays.length = 0;
    this.#leastMs = Number.POSITIVE_INFINITY;
    this.#sampleSinceMs = undefined;
  }

  /** Above 0 the publisher's clock is the faster one; undefined while it cannot be told. */
  get millionths(): number | undefined {
    if (this.#delays.length < SAMPLES_MIN) return undefined;
    const slopeMs = medianSlope(this.#delays);
    const rests = this.#delays.map((delayMs, index) => delayMs - index * slopeMs);
    const middleMs = median(rests);
    const scatterMs = median(rests.map((restMs) => Math.abs(restMs - middleMs)));
    return scatterMs > SCATTER_MS_MAX ? undefined : (-slopeMs * 1e6) / SAMPLE_MS;
  }
}

/** Theil and Sen's line: the median of the slopes of all pairs, which a third of bad samples does not move. */
function medianSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let later = 1; later < values.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes.push((values[later]! - values[earlier]!) / (later - earlier));
    }
  }
  return median(slopes);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
