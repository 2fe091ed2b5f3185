import type { CloseReason } from '../base/reasons.ts';
import type { Outlet } from './outlet.ts';
import { RateMeter } from './rate-meter.ts';
import { RUN_BYTES_MAX, type SendTable } from './send-table.ts';
import type { SenderOptions, TrackSender } from './track-sender.ts';

/** What the session of a viewer agreed on. */
export type ViewerOptions = {
  readonly session: string;
  readonly protocol: 'whep' | 'ovenplayer';
  readonly transport: string;
  readonly video: SenderOptions | undefined;
  readonly audio: SenderOptions | undefined;
};

/** What a viewer’s session hears from the engine. */
export interface ViewerListener {
  /** The engine let go of this viewer. Called once. */
  onClosed(reason: CloseReason, nowMs: number): void;
  /** Sender reports are due (RFC 3550 §6.4.1). */
  onReportDue(viewer: Viewer, nowMs: number): void;
}

/** Time between sender reports, and the shorter one after the RTP clocks got a new meaning. */
export const REPORT_MS = 2000;
/** A PLI is answered by a replay of the cached run at most this often. */
const RESTART_MS_MIN = 1000;
/** A path that takes nothing for this long is given up. */
const STALL_MS_MAX = 30_000;
/** What a UDP viewer that is behind gets at a time, and how often: about 50 Mbit/s. */
export const PACE_BYTES = 32 * 1024;
/** See {@link PACE_BYTES}. */
export const PACE_MS = 5;

/** Who is watching a stream now: a sender per track, and the outlet that they share. */
export class Viewer {
  readonly options: ViewerOptions;
  readonly listener: ViewerListener;
  readonly senders: readonly TrackSender[];
  readonly video: TrackSender | undefined;
  readonly audio: TrackSender | undefined;
  readonly sinceMs: number;
  readonly bytes = new RateMeter();
  /** Set once the session's keys are there; nothing is sent before. */
  outlet: Outlet | undefined;
  nextReportMs = 0;
  /** When a UDP viewer that is behind may get its next portion. */
  paceMs = 0;
  #blockedSinceMs: number | undefined;
  #lastRestartMs = -RESTART_MS_MIN;

  constructor(
    options: ViewerOptions,
    listener: ViewerListener,
    video: TrackSender | undefined,
    audio: TrackSender | undefined,
    nowMs: number,
  ) {
    this.options = options;
    this.listener = listener;
    this.video = video;
    this.audio = audio;
    // Audio first: it is small, and a burst of video must not delay it.
    this.senders = [audio, video].filter((sender) => sender !== undefined);
    this.sinceMs = nowMs;
  }

  get behind(): boolean {
    return (this.video?.behind ?? false) || (this.audio?.behind ?? false);
  }

  /** Keys agreed, path known: media may flow. */
  connect(outlet: Outlet, nowMs: number): void {
    this.outlet = outlet;
    for (const sender of this.senders) sender.start(nowMs);
  }

  /** Fills one run with what this viewer lacks; see {@link TrackSender.fill}. */
  fill(table: SendTable, nowMs: number): void {
    const outlet = this.outlet;
    if (!outlet) return;
    if (!outlet.writable) {
      this.#blocked(nowMs);
      return;
    }
    this.#blockedSinceMs = undefined;
    if (!outlet.reliable && nowMs < this.paceMs) return;
    let budget = outlet.reliable ? RUN_BYTES_MAX : PACE_BYTES;
    for (const sender of this.senders) {
      budget -= sender.fill(table, outlet.srtp, !outlet.reliable, nowMs, budget);
      if (budget <= 0) break;
    }
    const sent = (outlet.reliable ? RUN_BYTES_MAX : PACE_BYTES) - budget;
    if (sent === 0) return;
    this.bytes.add(sent, nowMs);
    table.endRun(outlet);
    if (!outlet.reliable && this.behind) this.paceMs = nowMs + PACE_MS;
  }

  /** The viewer lost its decoder's state (PLI, FIR): it gets the cached run again. */
  restartVideo(nowMs: number): void {
    if (!this.video || nowMs - this.#lastRestartMs < RESTART_MS_MIN) return;
    this.#lastRestartMs = nowMs;
    this.video.start(nowMs);
  }

  /** Why this viewer cannot go on, if so. */
  defect(nowMs: number): CloseReason | undefined {
    if (this.video?.codecRefused) return 'codec-changed';
    if (this.#blockedSinceMs !== undefined && nowMs - this.#blockedSinceMs > STALL_MS_MAX) {
      return 'too-slow';
    }
    return undefined;
  }

  /** Timestamps of a track mean something new: receivers must learn it before they can be in sync. */
  get reportDue(): boolean {
    return (this.video?.reportDue ?? false) || (this.audio?.reportDue ?? false);
  }

  #blocked(nowMs: number): void {
    this.#blockedSinceMs ??= nowMs;
    for (const sender of this.senders) sender.trim(nowMs);
  }
}
