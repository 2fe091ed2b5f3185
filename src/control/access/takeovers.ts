import type { StreamName } from '../../base/names.ts';

/** So many in a row are a person who changes encoders, or a flaky line; more are two encoders that throw each other out. */
const TAKEOVERS_MAX = 4;
/** Encoders come back within seconds, and wait longer each time: who lost goes on to count for so long. */
const WINDOW_MS = 60_000;
/** Of streams that are fought over at once; the oldest is forgotten. Keys are needed to get here. */
const STREAMS_MAX = 1000;

/**
 * The newest publisher wins at once, so two encoders with a key for one stream would replace each other for ever, each time it
 * reconnects. After some rounds of that the one that is live stays.
 */
export class Takeovers {
  readonly #triesMs = new Map<StreamName, readonly number[]>();

  /** Somebody who may wants a stream that is live. @returns whether it is too much now */
  isTooMany(stream: StreamName, nowMs: number): boolean {
    const known = this.#triesMs.get(stream) ?? [];
    const triesMs = [...known.filter((ms) => ms > nowMs - WINDOW_MS), nowMs].slice(
      -TAKEOVERS_MAX - 1,
    );
    this.#triesMs.delete(stream);
    this.#triesMs.set(stream, triesMs);
    for (const oldest of this.#triesMs.keys()) {
      if (this.#triesMs.size <= STREAMS_MAX) break;
      this.#triesMs.delete(oldest);
    }
    return triesMs.length > TAKEOVERS_MAX;
  }
}
