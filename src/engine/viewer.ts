import type { CloseReason } from '../base/reasons.ts';
import type { Layers } from './layers.ts';
import type { Backlog, Outlet } from './outlet.ts';
import { Pacer } from './pacer.ts';
import { RateMeter } from './rate-meter.ts';
import { RUN_BYTES_MAX, type SendTable } from './send-table.ts';
import type { Track } from './track.ts';
import type { SenderOptions, TrackSender } from './track-sender.ts';
import { ViewerLayers } from './viewer-layers.ts';

/** What the session of a viewer agreed on. */
export type ViewerOptions = {
  readonly session: string;
  readonly protocol: 'whep' | 'ovenplayer';
  readonly transport: string;
  /** Where it asked from. */
  readonly address?: string;
  readonly video: SenderOptions | undefined;
  readonly audio: SenderOptions | undefined;
  /** Id of the header extension with transport-wide sequence numbers; undefined: not agreed on. */
  readonly transportCcId: number | undefined;
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
/** Padding that was not sent for so long is not made up for. */
const PAD_MS_MAX = 50;
/** Less is not worth a packet. */
const PAD_BYTES_MIN = 600;
/** A path that takes nothing for this long is given up. */
const STALL_MS_MAX = 30_000;

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
  /** What a path without flow control of its own is given. */
  readonly pacer: Pacer;
  /** Made when the stream has simulcast layers. */
  #layers: ViewerLayers | undefined;
  #paddedMs = 0;
  /** The picture waits until the kernel has less of it. */
  #isHeld = false;
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
    this.pacer = new Pacer(options.transportCcId);
  }

  get behind(): boolean {
    return (this.video?.behind ?? false) || (this.audio?.behind ?? false);
  }

  /** Keys agreed, path known: media may flow. */
  connect(outlet: Outlet, nowMs: number): void {
    this.outlet = outlet;
    this.pacer.reset(nowMs);
    for (const sender of this.senders) sender.start(nowMs, this.#pacerOf(outlet));
  }

  /** Fills one run with what this viewer lacks; see {@link TrackSender.fill}. */
  fill(table: SendTable, nowMs: number): void {
    const outlet = this.outlet;
    if (!outlet) return;
    if (!outlet.writable) {
      this.#blocked(nowMs);
      return;
    }
    const bytes = outlet.reliable
      ? this.#fillReliable(table, outlet, nowMs)
      : this.#fillPaced(table, outlet, nowMs);
    this.#blockedSinceMs = this.#isHeld ? outlet.backlog?.stuckSinceMs : undefined;
    if (bytes === 0) return;
    this.bytes.add(bytes, nowMs);
    table.endRun(outlet);
  }

  /** Adds what the viewer asks for again. Over TCP nothing is ever lost. */
  resend(table: SendTable, ssrc: number, sequenceNumbers: readonly number[], nowMs: number): void {
    const outlet = this.outlet;
    const sender = this.senders.find((sender) => sender.ssrc === ssrc);
    if (!sender || !outlet || outlet.reliable || !outlet.writable) return;
    const bytes = sender.resend(table, outlet.srtp, this.pacer, sequenceNumbers, nowMs);
    if (bytes === 0) return;
    this.pacer.spend(bytes);
    this.bytes.add(bytes, nowMs);
    table.endRun(outlet);
  }

  /** The viewer lost its decoder's state (PLI, FIR): it gets the cached run again. */
  restartVideo(nowMs: number): void {
    if (!this.video || nowMs - this.#lastRestartMs < RESTART_MS_MIN) return;
    this.#lastRestartMs = nowMs;
    this.video.start(nowMs, this.outlet && this.#pacerOf(this.outlet));
  }

  /** Looks for the layer that its path carries. @returns one that a keyframe is needed of, if any */
  chooseLayer(layers: Layers, nowMs: number): Track | undefined {
    if (!this.video || !this.outlet) return undefined;
    this.#layers ??= new ViewerLayers(this, this.video);
    return this.#layers.choose(layers, this.outlet, nowMs);
  }

  /** The stream's publisher has gone, and its layers with it. */
  abandonLayers(track: Track): void {
    this.#layers = undefined;
    this.video?.turnTo(track);
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

  /** As much as one run holds, of the picture no more than the path has room for. */
  #fillReliable(table: SendTable, outlet: Outlet, nowMs: number): number {
    const { audio, video } = this;
    const { srtp, backlog } = outlet;
    let bytes = audio?.fill(table, srtp, undefined, nowMs, RUN_BYTES_MAX) ?? 0;
    if (video && bytes < RUN_BYTES_MAX) {
      const room = backlog ? this.#roomFor(video, backlog, nowMs) : RUN_BYTES_MAX;
      const budget = Math.min(RUN_BYTES_MAX - bytes, Math.max(0, room));
      bytes += video.fill(table, srtp, undefined, nowMs, budget);
    }
    backlog?.spend(bytes);
    return bytes;
  }

  /** What a path does not take is no reason to wait forever: see {@link Patience}. */
  #roomFor(video: TrackSender, backlog: Backlog, nowMs: number): number {
    this.#isHeld = false;
    if (!video.behind && video.place !== 'gated') return 0;
    const room = backlog.room(nowMs);
    this.#isHeld = room <= 0 && video.behind;
    const carriedBps = backlog.thinBps;
    video.thin =
      carriedBps === undefined
        ? undefined
        : { carriedBps, needBps: 8 * this.#bytesPerSecond(nowMs) };
    if (video.thin || room <= 0) video.trim(nowMs);
    return room;
  }

  /** Sound goes at once; the picture as the path has been seen to carry it, or not at all. */
  #fillPaced(table: SendTable, outlet: Outlet, nowMs: number): number {
    const { audio, video, pacer } = this;
    const { srtp } = outlet;
    let bytes = 0;
    if (video) {
      const budget = pacer.budget(8 * this.#bytesPerSecond(nowMs), nowMs);
      if (pacer.carriesVideo(nowMs)) {
        video.trim(nowMs);
        bytes = video.fill(table, srtp, pacer, nowMs, Math.min(budget, RUN_BYTES_MAX));
      } else {
        video.hold('path-too-thin');
      }
    }
    // Behind the picture: as the shortest packet it can be the last of the same GSO send.
    bytes += audio?.fill(table, srtp, pacer, nowMs, RUN_BYTES_MAX) ?? 0;
    pacer.spend(bytes);
    const extraBps = this.#layers === undefined ? 0 : this.#layers.probe.extraBps;
    return extraBps > 0 ? bytes + this.#pad(table, srtp, extraBps, nowMs) : bytes;
  }

  /** Fills up the path to see whether it carries more; the picture and the sound go first. */
  #pad(table: SendTable, srtp: number, extraBps: number, nowMs: number): number {
    const dueBytes = (extraBps * Math.min(nowMs - this.#paddedMs, PAD_MS_MAX)) / 8000;
    if (!this.video || this.video.behind || dueBytes < PAD_BYTES_MIN) return 0;
    this.#paddedMs = nowMs;
    const bytes = this.video.pad(table, srtp, this.pacer, dueBytes, nowMs);
    this.pacer.spend(bytes);
    return bytes;
  }

  #pacerOf(outlet: Outlet): Pacer | undefined {
    return outlet.reliable ? undefined : this.pacer;
  }

  #bytesPerSecond(nowMs: number): number {
    let rate = 0;
    for (const { track } of this.senders) rate += track.bytesPerSecond(nowMs);
    return rate;
  }

  #blocked(nowMs: number): void {
    this.#blockedSinceMs ??= nowMs;
    for (const sender of this.senders) sender.trim(nowMs);
  }
}
