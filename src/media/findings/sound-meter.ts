/** As RFC 6464 §3 counts: below full scale, in dB; the end of the scale is silence. */
const SCALE_DB = 127;
/** The present level is that of the last second, the loudest that of the last ten. */
const BUCKET_MS = 1000;
const BUCKETS = 10;
/** Sound that stopped has no level. */
const STALE_MS = 2000;

/** Power by level: what a mean is taken of. */
const POWERS = Float64Array.from({ length: SCALE_DB + 1 }, (_, below) =>
  below === SCALE_DB ? 0 : 10 ** (-below / 10),
);

/** How loud a publisher's sound is, from what is known of each of its packets. Some additions a packet. */
export class SoundMeter {
  readonly #loudest = new Uint8Array(BUCKETS).fill(SCALE_DB);
  readonly #clipped = new Uint16Array(BUCKETS);
  readonly #packets = new Uint16Array(BUCKETS);
  #bucket = 0;
  #power = 0;
  #sinceMs: number | undefined;
  #lastMs = 0;
  #levelDb: number | undefined;
  #tellsClipping = false;

  /**
   * One packet of sound.
   * @param below how far its level is below full scale, in dB: 0 to 127
   * @param isClipped whether its samples met full scale; undefined where nobody saw them
   */
  packet(below: number, isClipped: boolean | undefined, nowMs: number): void {
    if (isClipped !== undefined) this.#tellsClipping = true;
    this.#sinceMs ??= nowMs;
    this.#lastMs = nowMs;
    if (nowMs - this.#sinceMs >= BUCKET_MS) this.#turn(nowMs);
    const level = below & SCALE_DB;
    if (level < this.#loudest[this.#bucket]!) this.#loudest[this.#bucket] = level;
    this.#power += POWERS[level]!;
    this.#packets[this.#bucket]!++;
    if (isClipped) this.#clipped[this.#bucket]!++;
  }

  /** Over the last full second, in dB of full scale; -127 is silence, undefined is not measured. */
  levelDb(nowMs: number): number | undefined {
    return this.#isStale(nowMs) ? undefined : this.#levelDb;
  }

  /** The loudest packet of the last ten seconds, in the same. */
  loudestDb(nowMs: number): number | undefined {
    if (this.#isStale(nowMs) || this.#levelDb === undefined) return undefined;
    return -Math.min(...this.#loudest);
  }

  /** Of the last ten seconds' packets, the share that met full scale; undefined where nobody sees samples. */
  clippedShare(nowMs: number): number | undefined {
    if (!this.#tellsClipping || this.#isStale(nowMs) || this.#levelDb === undefined)
      return undefined;
    return sumOf(this.#clipped) / Math.max(1, sumOf(this.#packets));
  }

  #isStale(nowMs: number): boolean {
    return nowMs - this.#lastMs > STALE_MS;
  }

  #turn(nowMs: number): void {
    const packets = this.#packets[this.#bucket]!;
    const mean = this.#power / Math.max(1, packets);
    this.#levelDb = mean === 0 ? -SCALE_DB : 10 * Math.log10(mean);
    this.#bucket = (this.#bucket + 1) % BUCKETS;
    this.#loudest[this.#bucket] = SCALE_DB;
    this.#clipped[this.#bucket] = 0;
    this.#packets[this.#bucket] = 0;
    this.#power = 0;
    this.#sinceMs = nowMs;
  }
}

function sumOf(counts: Uint16Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
