/**
 * From "a publisher came" and "a publisher went" to what people call live and ended. In virtual time: `nowMs` is since the
 * epoch.
 *
 * A period goes on through drops that are shorter than the grace time, through takeovers, and through a restart of the
 * server: encoders come back by themselves.
 */
import type { OneOf, PublishProtocol } from '../../api/events.ts';
import type { StreamName } from '../../base/names.ts';
import type { CloseReason } from '../../base/reasons.ts';
import { eventAt, iso } from './event.ts';

/** What is kept of a period that is not over. */
export type Period = {
  readonly stream: StreamName;
  readonly id: string;
  readonly protocol: PublishProtocol;
  readonly sinceMs: number;
  readonly peakViewers: number;
  /** When the last of it came, and why no more did; undefined while it is live. */
  readonly away: Away | undefined;
};

type Away = { readonly sinceMs: number; readonly reason: CloseReason };

/** Where periods are kept over a restart. */
export type PeriodStore = {
  readonly save: (period: Period, nowMs: number) => void;
  readonly remove: (stream: StreamName) => void;
};

export type LivePeriodsOptions = {
  /** How long a stream may be gone without having ended. */
  readonly endedAfterMs: number;
  readonly store: PeriodStore;
  readonly newId: () => string;
  readonly watchUrl: (stream: StreamName) => string;
  readonly tell: (event: LiveEvent) => void;
  /** A period is over. */
  readonly ended: (stream: StreamName) => void;
};

export type LiveEvent = OneOf<'stream.live' | 'stream.ended' | 'stream.replaced'>;

/** After our own restart encoders find us again later than after a drop: OBS waits longer with each try that fails. */
const RESTART_GRACE_MS = 30_000;

type Entry = { period: Period; deadlineMs: number };

export class LivePeriods {
  readonly #options: LivePeriodsOptions;
  readonly #entries = new Map<StreamName, Entry>();

  constructor(options: LivePeriodsOptions) {
    this.#options = options;
  }

  /** When to call {@link advance}; Infinity: not before something happens. */
  get deadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { deadlineMs } of this.#entries.values()) earliest = Math.min(earliest, deadlineMs);
    return earliest;
  }

  /** Takes up what an earlier run of the server left. */
  restore(periods: readonly Period[], nowMs: number): void {
    const deadlineMs = nowMs + Math.max(this.#options.endedAfterMs, RESTART_GRACE_MS);
    for (const period of periods) this.#entries.set(period.stream, { period, deadlineMs });
  }

  /** A publisher's first packets are there. */
  live(stream: StreamName, protocol: PublishProtocol, viewers: number, nowMs: number): void {
    this.advance(nowMs);
    const known = this.#entries.get(stream)?.period;
    if (known === undefined) {
      const id = this.#options.newId();
      this.#put(
        { stream, id, protocol, sinceMs: nowMs, peakViewers: viewers, away: undefined },
        nowMs,
      );
      const data = {
        stream,
        protocol,
        period: id,
        since: iso(nowMs),
        watchUrl: this.#options.watchUrl(stream),
      };
      this.#options.tell(eventAt('stream.live', data, nowMs));
      return;
    }
    const peakViewers = Math.max(known.peakViewers, viewers);
    this.#put({ ...known, protocol, peakViewers, away: undefined }, nowMs);
    if (known.away?.reason !== 'replaced') return;
    const data = { stream, protocol, period: known.id };
    this.#options.tell(eventAt('stream.replaced', data, nowMs));
  }

  /** The publisher that was live is gone. */
  gone(stream: StreamName, reason: CloseReason, nowMs: number): void {
    const entry = this.#entries.get(stream);
    if (entry === undefined || entry.period.away !== undefined) return;
    this.#put({ ...entry.period, away: { sinceMs: nowMs, reason } }, nowMs);
  }

  /** So many watch now. */
  viewers(stream: StreamName, count: number): void {
    const entry = this.#entries.get(stream);
    if (entry === undefined || entry.period.away !== undefined) return;
    if (count <= entry.period.peakViewers) return;
    entry.period = { ...entry.period, peakViewers: count };
  }

  /** The most that watched this period at once; 0 where there is none. */
  peakOf(stream: StreamName): number {
    return this.#entries.get(stream)?.period.peakViewers ?? 0;
  }

  /** Writes down what changes too often to be written each time: how many watched at most. */
  save(stream: StreamName, nowMs: number): void {
    const entry = this.#entries.get(stream);
    if (entry !== undefined) this.#options.store.save(entry.period, nowMs);
  }

  /** Ends what has been gone for too long. */
  advance(nowMs: number): void {
    for (const { period, deadlineMs } of [...this.#entries.values()]) {
      if (period.away !== undefined && nowMs >= deadlineMs) this.#end(period, period.away, nowMs);
    }
  }

  #end(period: Period, away: Away, nowMs: number): void {
    const { stream, id, sinceMs, peakViewers } = period;
    this.#entries.delete(stream);
    this.#options.store.remove(stream);
    this.#options.ended(stream);
    const data = {
      stream,
      period: id,
      reason: away.reason,
      since: iso(sinceMs),
      until: iso(away.sinceMs),
      // The clock may have been set back meanwhile.
      durationMs: Math.max(0, away.sinceMs - sinceMs),
      peakViewers,
      watchUrl: this.#options.watchUrl(stream),
    };
    this.#options.tell(eventAt('stream.ended', data, nowMs));
  }

  #put(period: Period, nowMs: number): void {
    const { away } = period;
    const deadlineMs =
      away === undefined ? Number.POSITIVE_INFINITY : away.sinceMs + this.#options.endedAfterMs;
    this.#entries.set(period.stream, { period, deadlineMs });
    this.#options.store.save(period, nowMs);
  }
}
