/** What streams brought and sent, from one look at them to the next. In virtual time. */
import type { StreamSample } from '../../api/figures.ts';
import type { StreamInfo } from '../../api/streams.ts';

/** What a graph shows. */
const WINDOW_MS = 600_000;
/** Samples are kept this far apart, however often it is looked. */
const STEP_MS = 4_500;
const BITS = 8;

type Seen = {
  bytesReceived: number;
  bytesSent: number;
  /** When the last sample was kept, and what had come and gone then. */
  kept: { readonly atMs: number; readonly bytesReceived: number; readonly bytesSent: number };
  readonly samples: StreamSample[];
  atMs: number;
};

export class Traffic {
  /** Those of the last look, and those that are gone for less than a graph is long. */
  readonly #streams = new Map<string, Seen>();

  /** Notes what the media plane tells. @returns what was sent to viewers since the last look, in bytes */
  take(streams: readonly StreamInfo[], nowMs: number): number {
    let sent = 0;
    for (const stream of streams) sent += this.#note(stream, nowMs);
    for (const [name, { atMs }] of this.#streams) {
      if (nowMs - atMs > WINDOW_MS) this.#streams.delete(name);
    }
    return sent;
  }

  /** The last ten minutes of a stream, the oldest first. */
  history(name: string): readonly StreamSample[] {
    return this.#streams.get(name)?.samples ?? [];
  }

  #note({ name, bytesReceived, bytesSent, viewers }: StreamInfo, nowMs: number): number {
    const seen = this.#streams.get(name) ?? begin(nowMs);
    this.#streams.set(name, seen);
    // A stream that was forgotten meanwhile counts from nothing again.
    if (bytesSent < seen.bytesSent || bytesReceived < seen.bytesReceived) {
      Object.assign(seen, { bytesReceived: 0, bytesSent: 0 });
      seen.kept = { atMs: seen.atMs, bytesReceived: 0, bytesSent: 0 };
    }
    const sent = bytesSent - seen.bytesSent;
    Object.assign(seen, { bytesReceived, bytesSent, atMs: nowMs });
    const { kept, samples } = seen;
    const seconds = (nowMs - kept.atMs) / 1000;
    if (nowMs - kept.atMs >= STEP_MS) {
      samples.push({
        at: new Date(nowMs).toISOString(),
        receivedBps: Math.round(((bytesReceived - kept.bytesReceived) * BITS) / seconds),
        sentBps: Math.round(((bytesSent - kept.bytesSent) * BITS) / seconds),
        viewers: viewers.length,
      });
      while (nowMs - Date.parse(samples[0]?.at ?? '') > WINDOW_MS) samples.shift();
      seen.kept = { atMs: nowMs, bytesReceived, bytesSent };
    }
    return sent;
  }
}

/** All that it sent came after the look before, in which it was not there. */
function begin(nowMs: number): Seen {
  return {
    ...{ bytesReceived: 0, bytesSent: 0, atMs: nowMs, samples: [] },
    kept: { atMs: nowMs, bytesReceived: 0, bytesSent: 0 },
  };
}
