/** Looks at all streams again and again while something is live: for limits, for graphs, and for the month's bill. */
import type { StreamSample } from '../../api/figures.ts';
import type { MediaGate } from '../signalling.ts';
import type { EgressDay, EgressDays } from '../store/egress-days.ts';
import { Traffic } from './traffic.ts';

/** Where what goes out is limited: a crowd that comes at once is seen this late. */
const LIMITED_INTERVAL_MS = 2_000;
/** For graphs and sums. */
const INTERVAL_MS = 5_000;
/** What a killed server forgets of the month's sum. */
const WRITE_MS = 60_000;
const DAY_LENGTH = '2026-05-01'.length;
const MONTH_LENGTH = '2026-05'.length;

export type SamplerOptions = {
  readonly days: Pick<EgressDays, 'add' | 'since'>;
  readonly nowMs: () => number;
  /** Hears about once a minute what went out in this month (`2026-05`), and when all streams have ended. */
  readonly onMonth?: (month: string, bytes: number, nowMs: number) => void;
  /** The database did not take it: it is tried again. */
  readonly onFault: (error: unknown) => void;
};

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #traffic = new Traffic();
  #timer: NodeJS.Timeout | undefined;
  #bps = 0;
  /** The last look found something: another one finds the rest of it. */
  #wasBusy = false;
  /** Not written yet, by day. */
  readonly #unwritten = new Map<string, number>();
  #writtenMs: number;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#writtenMs = options.nowMs();
  }

  /** Bits a second to all viewers together, as it was last seen. */
  get egressBps(): number {
    return this.#bps;
  }

  /** Also to look more or less often from now on. */
  start(media: Pick<MediaGate, 'live' | 'stats'>, isLimited: boolean): void {
    clearInterval(this.#timer);
    this.#tellMonth(this.#options.nowMs());
    const intervalMs = isLimited ? LIMITED_INTERVAL_MS : INTERVAL_MS;
    this.#timer = setInterval(() => void this.#look(media), intervalMs).unref();
  }

  /** Before the database closes. */
  stop(): void {
    clearInterval(this.#timer);
    this.#write(this.#options.nowMs());
  }

  history(stream: string): readonly StreamSample[] {
    return this.#traffic.history(stream);
  }

  /** What went out on the days of this month and of the one before. */
  egress(): { readonly days: readonly EgressDay[]; readonly monthBytes: number } {
    const nowMs = this.#options.nowMs();
    this.#write(nowMs);
    const days = this.#options.days.since(`${monthBefore(nowMs)}-01`);
    const month = monthOf(nowMs);
    return { days, monthBytes: sumOf(days.filter(({ day }) => day.startsWith(month))) };
  }

  /** An idle server idles: nobody is asked while nothing is live. */
  async #look(media: Pick<MediaGate, 'live' | 'stats'>): Promise<void> {
    const isBusy = media.live.size > 0;
    if (!isBusy && !this.#wasBusy) return;
    this.#wasBusy = isBusy;
    // An answer that never comes leaves the last figures.
    const streams = await media.stats().catch(() => undefined);
    if (streams === undefined) return;
    const nowMs = this.#options.nowMs();
    this.#bps = streams
      .flatMap(({ viewers }) => viewers)
      .reduce((sum, { bitrateBps }) => sum + bitrateBps, 0);
    const bytes = this.#traffic.take(streams, nowMs);
    const day = new Date(nowMs).toISOString().slice(0, DAY_LENGTH);
    if (bytes > 0) this.#unwritten.set(day, (this.#unwritten.get(day) ?? 0) + bytes);
    // When all is over nothing more is counted that could be waited for.
    if (isBusy && nowMs - this.#writtenMs < WRITE_MS) return;
    this.#write(nowMs);
    this.#tellMonth(nowMs);
  }

  #tellMonth(nowMs: number): void {
    const month = monthOf(nowMs);
    try {
      this.#options.onMonth?.(month, sumOf(this.#options.days.since(`${month}-01`)), nowMs);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #write(nowMs: number): void {
    this.#writtenMs = nowMs;
    try {
      for (const [day, bytes] of this.#unwritten) {
        this.#options.days.add(day, bytes);
        this.#unwritten.delete(day);
      }
    } catch (error) {
      this.#options.onFault(error);
    }
  }
}

function monthOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, MONTH_LENGTH);
}

function sumOf(days: readonly EgressDay[]): number {
  return days.reduce((sum, { bytes }) => sum + bytes, 0);
}

function monthBefore(nowMs: number): string {
  const now = new Date(nowMs);
  const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1);
  return monthOf(first);
}
