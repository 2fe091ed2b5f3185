import type { MediaGate } from '../signalling.ts';

/** A crowd that comes at once is seen this late. */
const INTERVAL_MS = 2000;

/** How much goes out to all viewers together; looked at only where it is limited. */
export class EgressMeter {
  #bps = 0;

  get bps(): number {
    return this.#bps;
  }

  start(media: Pick<MediaGate, 'stats'>): void {
    setInterval(async () => {
      // An answer that never comes leaves the last figure.
      const streams = await media.stats().catch(() => undefined);
      const viewers = streams?.flatMap((stream) => stream.viewers);
      this.#bps = viewers?.reduce((sum, { bitrateBps }) => sum + bitrateBps, 0) ?? this.#bps;
    }, INTERVAL_MS).unref();
  }
}
