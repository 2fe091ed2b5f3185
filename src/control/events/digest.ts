/**
 * What happens in the media plane and at the gate, as the events that people and programs are told of: without the flicker of
 * short drops, and with floods counted. In virtual time: `nowMs` is since the epoch.
 */
import type { ServerEvent } from '../../api/events.ts';
import { isTestStream, type StreamName } from '../../base/names.ts';
import { networkOf } from '../../base/remote-address.ts';
import type { MediaEvent } from '../../channel/messages.ts';
import { eventAt } from './event.ts';
import { LivePeriods, type Period, type PeriodStore } from './live-periods.ts';
import { Repeats } from './repeats.ts';
import { ViewerCounts } from './viewer-counts.ts';

/** Somebody was turned away; `address` is unknown where only a count of them is. */
export type RefusalReport = {
  readonly protocol: string;
  readonly stream: string | null;
  readonly address: string | null;
  /** A literal word. */
  readonly reason: string;
  readonly message: string;
};

export type DigestOptions = {
  /** How long a stream may be gone without having ended. */
  readonly endedAfterMs: number;
  readonly periods: PeriodStore;
  readonly newId: () => string;
  readonly watchUrl: (stream: StreamName) => string;
  readonly tell: (event: ServerEvent) => void;
};

type Finding = Extract<MediaEvent, { type: 'finding' }>;

/** Publishing was tried, and the key was why not. */
const KEY_REASONS: ReadonlySet<string> = new Set([
  ...['no-key', 'wrong-key', 'key-revoked', 'key-expired'],
  ...['key-elsewhere', 'key-address', 'key-protocol'],
]);
const LIMIT_REASONS: ReadonlySet<string> = new Set(['limit-reached', 'too-many-attempts']);
/** How the media plane's listeners say that one of their limits was reached: `rtmp: limit-reached: too many connections`. */
const LIMIT_COMPLAINT = /^([\w-]+): limit-reached: (.+)$/;
/** Streams whose findings are remembered; a publisher that never goes live leaves its own behind. */
const FINDINGS_STREAMS_MAX = 1000;

export class Digest {
  readonly #options: DigestOptions;
  readonly #periods: LivePeriods;
  readonly #viewers: ViewerCounts;
  readonly #refusals: Repeats<RefusalReport>;
  /** What was said of a live period and is not over: an encoder that comes back with the same fault is no news. */
  readonly #findings = new Map<StreamName, Set<string>>();

  constructor(options: DigestOptions) {
    this.#options = options;
    this.#periods = new LivePeriods({
      endedAfterMs: options.endedAfterMs,
      store: options.periods,
      newId: options.newId,
      watchUrl: options.watchUrl,
      tell: options.tell,
      ended: (stream) => this.#findings.delete(stream),
    });
    this.#viewers = new ViewerCounts((stream, count, nowMs) =>
      this.#tellViewers(stream, count, nowMs),
    );
    this.#refusals = new Repeats((refusal, count, isOfMany, nowMs) =>
      this.#tellRefusal(refusal, count, isOfMany, nowMs),
    );
  }

  /** When to call {@link advance}; Infinity: not before something happens. */
  get deadlineMs(): number {
    return Math.min(this.#periods.deadlineMs, this.#viewers.deadlineMs, this.#refusals.deadlineMs);
  }

  advance(nowMs: number): void {
    this.#periods.advance(nowMs);
    this.#viewers.advance(nowMs);
    this.#refusals.advance(nowMs);
  }

  /** Takes up what an earlier run of the server left. */
  restore(periods: readonly Period[], nowMs: number): void {
    this.#periods.restore(periods, nowMs);
  }

  hear(event: MediaEvent, nowMs: number): void {
    // Nobody is told of a guest's test.
    if ('stream' in event && isTestStream(event.stream)) return;
    switch (event.type) {
      case 'stream-live': {
        const viewers = this.#viewers.count(event.stream);
        this.#periods.live(event.stream, event.protocol, viewers, nowMs);
        break;
      }
      case 'stream-ended':
        this.#periods.gone(event.stream, event.reason, nowMs);
        break;
      case 'session-connected':
        if (event.role === 'publisher') break;
        this.#viewers.connected(event.stream, event.session, nowMs);
        // Also where it is not told yet: the peak misses nobody.
        this.#periods.viewers(event.stream, this.#viewers.count(event.stream));
        break;
      case 'session-ended':
        if (event.role === 'viewer') this.#viewers.left(event.stream, event.session, nowMs);
        break;
      case 'finding':
        this.#found(event, nowMs);
        break;
      case 'complaint': {
        const [, protocol, message] = LIMIT_COMPLAINT.exec(event.text) ?? [];
        if (protocol === undefined || message === undefined) break;
        const reason = 'limit-reached';
        this.refused(
          { protocol, stream: null, address: null, reason, message },
          event.count,
          nowMs,
        );
        break;
      }
      case 'stream-video':
        break; // no news to people
      default:
        event satisfies never;
    }
  }

  /** @param count how many the report is about */
  refused(refusal: RefusalReport, count: number, nowMs: number): void {
    const { protocol, stream, address, reason } = refusal;
    if (!KEY_REASONS.has(reason) && !LIMIT_REASONS.has(reason)) return;
    const network = address === null ? '' : networkOf(address);
    this.#refusals.add([reason, protocol, stream, network].join(' '), refusal, count, nowMs);
  }

  #found({ stream, code, severity, isOver, message }: Finding, nowMs: number): void {
    const said = this.#findings.get(stream) ?? new Set();
    if (said.has(code) !== isOver) return;
    if (isOver) said.delete(code);
    else said.add(code);
    this.#findings.set(stream, said);
    for (const oldest of this.#findings.keys()) {
      if (this.#findings.size <= FINDINGS_STREAMS_MAX) break;
      this.#findings.delete(oldest);
    }
    const data = { stream, code, severity, isOver, message };
    this.#options.tell(eventAt('publisher.finding', data, nowMs));
  }

  #tellViewers(stream: StreamName, viewers: number, nowMs: number): void {
    this.#periods.viewers(stream, viewers);
    this.#periods.save(stream, nowMs);
    const data = { stream, viewers, peakViewers: this.#periods.peakOf(stream) };
    this.#options.tell(eventAt('viewers.changed', data, nowMs));
  }

  #tellRefusal(refusal: RefusalReport, count: number, isOfMany: boolean, nowMs: number): void {
    const { protocol, stream, reason, message } = refusal;
    const data = { protocol, stream, message, count, address: isOfMany ? null : refusal.address };
    this.#options.tell(
      KEY_REASONS.has(reason)
        ? eventAt('key.refused', { ...data, reason }, nowMs)
        : eventAt('limit.reached', data, nowMs),
    );
  }
}
