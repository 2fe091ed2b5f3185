/** RTP ticks ↔ a time in ms, by the least late of what was seen not long ago. */

/** How far an {@link EarliestLine} looks back. */
export type LineOptions = {
  /** What is seen within so long counts as one; 0: each for itself. */
  readonly spanMs: number;
  /** How many of those are looked back on. */
  readonly spans: number;
};

/**
 * When something is seen (a packet arrives, a sender report is written) says when its timestamp was: late by what an encoder, a
 * sender's thread or the network took, which changes all the time, and never early. The least late of some seconds tells the
 * timestamp's place; looking back no further, the line follows a clock that drifts and a source that paused.
 */
export class EarliestLine {
  readonly #clockRate: number;
  readonly #spanMs: number;
  /** For each span the least of `timeMs` less the ticks in ms; a ring. */
  readonly #least: Float64Array;
  #span = 0;
  #spanEndMs = 0;
  /** The least of all. */
  #offsetMs = Infinity;
  #timestamp = 0;
  /** Of {@link #timestamp}, counted on beyond 32 bits. */
  #ticks = 0;
  #isEmpty = true;

  constructor(clockRate: number, { spanMs, spans }: LineOptions) {
    this.#clockRate = clockRate;
    this.#spanMs = spanMs;
    this.#least = new Float64Array(spans).fill(Infinity);
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  note(timestamp: number, timeMs: number): void {
    if (this.#isEmpty) {
      this.#isEmpty = false;
      this.#timestamp = timestamp;
      this.#spanEndMs = timeMs + this.#spanMs;
    } else {
      this.#ticks += (timestamp - this.#timestamp) | 0;
      this.#timestamp = timestamp;
    }
    if (timeMs >= this.#spanEndMs) this.#nextSpan(timeMs);
    const offsetMs = timeMs - (this.#ticks * 1000) / this.#clockRate;
    if (offsetMs < this.#least[this.#span]!) this.#least[this.#span] = offsetMs;
    if (offsetMs < this.#offsetMs) this.#offsetMs = offsetMs;
  }

  /** The time of a timestamp within half a turn of the last one, in ms. */
  timeMs(timestamp: number): number {
    const ticks = this.#ticks + ((timestamp - this.#timestamp) | 0);
    return this.#offsetMs + (ticks * 1000) / this.#clockRate;
  }

  /** The timestamp at a time; not modulo 2^32. */
  ticksAt(timeMs: number): number {
    const ticks = ((timeMs - this.#offsetMs) * this.#clockRate) / 1000;
    return this.#timestamp + ticks - this.#ticks;
  }

  #nextSpan(timeMs: number): void {
    this.#spanEndMs = timeMs + this.#spanMs;
    this.#span = (this.#span + 1) % this.#least.length;
    this.#least[this.#span] = Infinity;
    let least = Infinity;
    for (const one of this.#least) if (one < least) least = one;
    this.#offsetMs = least;
  }
}
