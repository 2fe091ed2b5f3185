import { PathEstimate } from '../protocols/congestion/path-estimate.ts';
import { TransportLog } from '../protocols/congestion/transport-log.ts';
import type { TransportFeedback } from '../protocols/rtp/transport-feedback.ts';

/** Time between the portions of a viewer that is behind; one deadline for all of them. */
export const PACE_MS = 5;
/** What a path may get at once, as time at its pace: an ordinary frame passes whole, a keyframe in parts. */
const BURST_MS = 10;
/** The same on a path that never lost or queued anything: an ordinary keyframe passes whole. */
const BURST_MS_CLEAN = 18;
const BURST_BYTES_MIN = 12 * 1024;
/** The same on a path that is full already: two packets. */
const BURST_BYTES_LIMITED = 2400;
/** Pace of a burst as a multiple of the stream's rate: a two-second run takes 0.2 s, a keyframe about 10 ms. */
const HASTE_MAX = 10;
/** Paths whose queues grow get their keyframes more evenly, though never later than this. */
const HASTE_MIN = 1.25;
const HASTE_AFTER_OVERUSE = 0.6;
/** Some loss may be that of a short queue which our bursts overrun: libwebrtc's own pace is gentle enough for most. */
const HASTE_WITH_LOSS = 2.5;
const HASTY_LOSS_MAX = 0.01;
const HASTE_PER_SECOND = 0.1;
/** While the stream's rate is not known yet, and for streams that hardly need anything. */
const PACE_BPS_MIN = 8_000_000;
const MEDIA_BPS_UNKNOWN = 2_000_000;
/** A path that carries less of the stream than this shows a picture now and then: sound alone is better. */
const WORTHWHILE = 0.2;
const THIN_MS = 2000;
/** How long sound goes alone before the picture is tried again; doubles each time that fails. */
const RETRY_MS_MIN = 5000;
const RETRY_MS_MAX = 60_000;
/** A picture that held that long makes the next try come soon again. */
const RETRY_FORGET_MS = 30_000;
/** What a retry begins with, of what the stream needs. */
const RETRY_SHARE = 0.3;
/** REMB is repeated each second; one that is older has no say any more. */
const REMB_MS_MAX = 5000;
/** Before the first receiver report. */
const RTT_MS_UNKNOWN = 100;

/** What one viewer's UDP path is given, and when. Keeps no timer: it is asked. */
export class Pacer {
  /** Id of the transport-wide sequence number's header extension (RFC 8285); undefined: not agreed on. */
  readonly extensionId: number | undefined;
  estimate = new PathEstimate();
  rttMs: number | undefined;
  readonly #log: TransportLog | undefined;
  #tokens = BURST_BYTES_MIN;
  #filledMs = 0;
  #mediaBps = MEDIA_BPS_UNKNOWN;
  #haste = HASTE_MAX;
  #hasteMs = 0;
  #overuses = 0;
  #remb: { readonly bitrateBps: number; readonly atMs: number } | undefined;
  #thinSinceMs: number | undefined;
  #audioOnlyUntilMs: number | undefined;
  #retryMs = RETRY_MS_MIN;
  #videoSinceMs = 0;

  constructor(extensionId: number | undefined) {
    this.extensionId = extensionId;
    if (extensionId !== undefined) this.#log = new TransportLog();
  }

  /** Bits a second that the path is known to be limited to; undefined: it carried all so far. */
  limitBps(nowMs: number): number | undefined {
    const { bitrateBps } = this.estimate;
    const remb = this.#remb;
    if (remb === undefined || nowMs - remb.atMs > REMB_MS_MAX) return bitrateBps;
    return Math.min(bitrateBps ?? Number.POSITIVE_INFINITY, remb.bitrateBps);
  }

  /**
   * Bytes of video that may go now.
   * @param mediaBps what the stream needs; 0 while it is not known
   */
  budget(mediaBps: number, nowMs: number): number {
    this.#mediaBps = mediaBps > 0 ? mediaBps : MEDIA_BPS_UNKNOWN;
    const bytesPerMs = this.#paceBps(this.#mediaBps, nowMs) / 8000;
    const least = this.#isLimited(this.#mediaBps, nowMs) ? BURST_BYTES_LIMITED : BURST_BYTES_MIN;
    const burstMs = this.#hasteAt(nowMs) < HASTE_MAX ? BURST_MS : BURST_MS_CLEAN;
    const most = Math.max(least, bytesPerMs * burstMs);
    this.#tokens = Math.min(most, this.#tokens + bytesPerMs * (nowMs - this.#filledMs));
    this.#filledMs = nowMs;
    return Math.max(0, this.#tokens);
  }

  /**
   * How long it takes to get to live with a run of so much time: the stream goes on meanwhile.
   * @param mediaBps what is to be sent; undefined: what is sent now
   */
  catchUpMs(runMs: number, mediaBps: number | undefined, nowMs: number): number {
    const neededBps = mediaBps || this.#mediaBps;
    const ahead = this.#paceBps(neededBps, nowMs) / neededBps - 1;
    return ahead > 0 ? runMs / ahead : Number.POSITIVE_INFINITY;
  }

  /** Something left, video or not. */
  spend(bytes: number): void {
    this.#tokens -= bytes;
  }

  /** Counts one packet that leaves now. @returns its transport-wide sequence number */
  number(bytes: number, nowMs: number): number {
    return this.#log?.add(bytes, nowMs) ?? 0;
  }

  onFeedback(feedback: TransportFeedback, nowMs: number): void {
    if (!this.#log) return;
    const results = this.#log.resolve(feedback);
    this.estimate.update(results, this.rttMs ?? RTT_MS_UNKNOWN, nowMs);
    if (this.estimate.overuses > this.#overuses) {
      this.#slow(this.#hasteAt(nowMs) * HASTE_AFTER_OVERUSE, nowMs);
    }
    this.#overuses = this.estimate.overuses;
    this.onLoss(this.estimate.loss, nowMs);
  }

  /** Share of packets lost of late, as a receiver report or the feedback says. */
  onLoss(loss: number, nowMs: number): void {
    if (loss > HASTY_LOSS_MAX) this.#slow(Math.min(this.#hasteAt(nowMs), HASTE_WITH_LOSS), nowMs);
  }

  /** Receiver estimated maximum bitrate: a cap, for as long as it is repeated. */
  onRemb(bitrateBps: number, nowMs: number): void {
    this.#remb = { bitrateBps, atMs: nowMs };
  }

  /** Whether a picture is worth sending at all; where not, it is tried again after some time. */
  carriesVideo(nowMs: number): boolean {
    if (this.#audioOnlyUntilMs !== undefined) {
      if (nowMs < this.#audioOnlyUntilMs) return false;
      this.#audioOnlyUntilMs = undefined;
      this.#thinSinceMs = undefined;
      this.#videoSinceMs = nowMs;
      this.estimate.retry(this.#mediaBps * RETRY_SHARE);
      return true;
    }
    const limitBps = this.limitBps(nowMs);
    if (limitBps === undefined || limitBps >= WORTHWHILE * this.#mediaBps) {
      this.#thinSinceMs = undefined;
      if (nowMs - this.#videoSinceMs > RETRY_FORGET_MS) this.#retryMs = RETRY_MS_MIN;
      return true;
    }
    this.#thinSinceMs ??= nowMs;
    if (nowMs - this.#thinSinceMs < THIN_MS) return true;
    this.#audioOnlyUntilMs = nowMs + this.#retryMs;
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    return false;
  }

  /**
   * The path is another now: nothing that was learnt of the old one holds. Its first picture leaves one portion later:
   * libwebrtc takes a moment to notice that the handshake is over, and drops media that comes on its heels.
   */
  reset(nowMs: number): void {
    this.estimate = new PathEstimate();
    this.#overuses = 0;
    this.#haste = HASTE_MAX;
    this.#tokens = 0;
    this.#filledMs = nowMs;
    this.#remb = undefined;
    this.#thinSinceMs = undefined;
    this.#audioOnlyUntilMs = undefined;
    this.#retryMs = RETRY_MS_MIN;
  }

  #paceBps(mediaBps: number, nowMs: number): number {
    const limitBps = this.limitBps(nowMs) ?? 0;
    if (this.#isLimited(mediaBps, nowMs)) return limitBps;
    const haste = this.#hasteAt(nowMs);
    const paceBps = mediaBps * haste;
    // Smoothing that a queue asked for holds for small streams too, as far as the path is not known to carry more.
    return Math.max(paceBps, haste < HASTE_MAX ? limitBps : PACE_BPS_MIN);
  }

  #slow(haste: number, nowMs: number): void {
    this.#haste = Math.max(HASTE_MIN, haste);
    this.#hasteMs = nowMs;
  }

  /** Whether the path carries less than the stream. */
  #isLimited(mediaBps: number, nowMs: number): boolean {
    const limitBps = this.limitBps(nowMs);
    return limitBps !== undefined && limitBps < mediaBps;
  }

  #hasteAt(nowMs: number): number {
    return Math.min(HASTE_MAX, this.#haste + ((nowMs - this.#hasteMs) * HASTE_PER_SECOND) / 1000);
  }
}
