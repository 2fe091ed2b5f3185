import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { VideoCodec } from '../base/session.ts';
import type { Egress } from './egress.ts';
import type { Arenas } from './history.ts';
import {
  type Finding,
  Publisher,
  type PublisherOptions,
  type PublisherStream,
} from './publisher.ts';
import type { PublisherListener } from './publishing.ts';
import { Track } from './track.ts';
import { TrackSender } from './track-sender.ts';
import { Viewer, type ViewerListener, type ViewerOptions } from './viewer.ts';

/** Encoders are asked for a keyframe at most this often, however many viewers want one. */
const KEYFRAME_REQUEST_MS_MIN = 1000;
/** A cached run longer than this is played, but a fresh keyframe is asked for as well. */
const RUN_MS_FRESH = 2500;

/** A frame time at 30 a second: what sound may wait for the picture, where the app coalesces them. */
const AUDIO_HOLD_MS = 33;
/** Without a picture for so long, sound waits for none. */
const PICTURE_PAUSE_MS = 200;

/** What a stream tells the engine. */
export interface StreamEvents {
  streamLive(stream: Stream, publisher: Publisher): void;
  /** What its viewers must be able to decode from now on. */
  streamVideo(stream: Stream, codec: VideoCodec): void;
  streamEnded(stream: Stream, publisher: Publisher, reason: CloseReason): void;
  /** Comes for every publisher, live or not. */
  publisherClosed(stream: Stream, publisher: Publisher, reason: CloseReason): void;
  finding(stream: Stream, publisher: Publisher, finding: Finding): void;
  /** Nobody publishes or watches any more. */
  streamIdle(stream: Stream): void;
  partWaits(stream: Stream, track: Track, nowMs: number): void;
}

/** What a stream is made with, beside its name. */
export type StreamOptions = {
  readonly arenas: Arenas;
  /** Whether sound waits a little for the picture, so that both take one write per viewer. */
  readonly coalescesAudio: (stream: StreamName) => boolean;
};

/** Something live under a name, or awaited: at most one publisher, two tracks, any number of viewers. */
export class Stream implements PublisherStream {
  readonly name: StreamName;
  readonly video: Track;
  readonly audio: Track;
  readonly viewers = new Set<Viewer>();
  publisher: Publisher | undefined;
  /** The most viewers at once, and since when. */
  viewersMax = 0;
  viewersMaxMs: number | undefined;
  readonly #egress: Egress;
  readonly #events: StreamEvents;
  readonly #coalescesAudio: boolean;
  #bytesToGone = 0;
  #pictureMs = 0;
  #lastKeyframeRequestMs = -KEYFRAME_REQUEST_MS_MIN;

  constructor(name: StreamName, options: StreamOptions, egress: Egress, events: StreamEvents) {
    const { arenas } = options;
    this.#coalescesAudio = options.coalescesAudio(name);
    this.name = name;
    this.video = new Track('video', arenas);
    this.audio = new Track('audio', arenas);
    this.#egress = egress;
    this.#events = events;
  }

  get live(): boolean {
    return this.publisher?.live ?? false;
  }

  /** What went to all viewers, those who left included. */
  get bytesSent(): number {
    let bytes = this.#bytesToGone;
    for (const viewer of this.viewers) bytes += viewer.bytes.total;
    return bytes;
  }

  /** The newest publisher wins at once: a stale session never blocks a name. */
  publish(options: PublisherOptions, listener: PublisherListener, nowMs: number): Publisher {
    const former = this.publisher;
    const publisher = new Publisher(this, options, listener, nowMs);
    this.publisher = publisher;
    former?.dismiss('replaced', nowMs);
    this.video.end();
    this.audio.end();
    return publisher;
  }

  view(options: ViewerOptions, listener: ViewerListener, nowMs: number): Viewer {
    const video = options.video && new TrackSender(this.video, options.video);
    const audio = options.audio && new TrackSender(this.audio, options.audio);
    const viewer = new Viewer(options, listener, video, audio, nowMs);
    this.viewers.add(viewer);
    if (this.viewers.size > this.viewersMax) {
      this.viewersMax = this.viewers.size;
      this.viewersMaxMs = nowMs;
    }
    return viewer;
  }

  /** The viewer's path is up, or up again: it gets what is cached, and a keyframe is asked for where that is not enough. */
  viewerReady(viewer: Viewer, nowMs: number): void {
    if (viewer.video && !this.#runIsFresh()) this.wantKeyframe(nowMs);
    this.#egress.pump(viewer, nowMs);
  }

  /** PLI or FIR from a viewer: the cached run again, and a fresh keyframe where the encoder can. */
  viewerLostPicture(viewer: Viewer, nowMs: number): void {
    this.wantKeyframe(nowMs);
    if (this.video.runHasGap) return;
    viewer.restartVideo(nowMs);
    this.#egress.pump(viewer, nowMs);
  }

  /** NACK from a viewer: what it lost, by the numbers that it knows. */
  viewerLostPackets(
    viewer: Viewer,
    ssrc: number,
    sequenceNumbers: readonly number[],
    nowMs: number,
  ): void {
    this.#egress.repair(viewer, ssrc, sequenceNumbers, nowMs);
  }

  removeViewer(viewer: Viewer): void {
    if (this.viewers.delete(viewer)) this.#bytesToGone += viewer.bytes.total;
    this.#endIfIdle();
  }

  wantKeyframe(nowMs: number): void {
    if (!this.publisher || nowMs - this.#lastKeyframeRequestMs < KEYFRAME_REQUEST_MS_MIN) return;
    this.#lastKeyframeRequestMs = nowMs;
    this.publisher.listener.onKeyframeWanted(nowMs);
  }

  free(): void {
    this.video.free();
    this.audio.free();
  }

  released(track: Track, nowMs: number): void {
    if (this.#coalescesAudio) this.#coalesce(track, nowMs);
    if (track.kind === 'video' && track.runStart === undefined && this.viewers.size > 0) {
      this.wantKeyframe(nowMs);
    }
    this.#egress.wave(this.viewers, nowMs);
  }

  partWaits(track: Track, nowMs: number): void {
    this.#events.partWaits(this, track, nowMs);
  }

  publisherLive(publisher: Publisher): void {
    this.#events.streamLive(this, publisher);
  }

  publisherVideo(publisher: Publisher, codec: VideoCodec): void {
    if (publisher === this.publisher) this.#events.streamVideo(this, codec);
  }

  publisherFinding(publisher: Publisher, finding: Finding): void {
    this.#events.finding(this, publisher, finding);
  }

  publisherClosed(publisher: Publisher, reason: CloseReason): void {
    if (publisher.live) this.#events.streamEnded(this, publisher, reason);
    this.#events.publisherClosed(this, publisher, reason);
    if (this.publisher !== publisher) return;
    this.publisher = undefined;
    this.video.end();
    this.audio.end();
    this.#endIfIdle();
  }

  /** Each picture takes along what there is of sound; without pictures sound goes alone, and at once. */
  #coalesce(track: Track, nowMs: number): void {
    if (track.kind === 'audio') {
      if (nowMs - this.#pictureMs > PICTURE_PAUSE_MS) this.audio.holdMs = 0;
      return;
    }
    this.#pictureMs = nowMs;
    this.audio.holdMs = AUDIO_HOLD_MS;
    if (this.audio.head < this.audio.history.next) this.audio.release();
  }

  #runIsFresh(): boolean {
    const { runStart, lastKeyframeTimestamp, newestTimestamp, clockRate } = this.video;
    if (runStart === undefined || lastKeyframeTimestamp === undefined) return false;
    const runMs = (((newestTimestamp - lastKeyframeTimestamp) | 0) * 1000) / clockRate;
    return runMs <= RUN_MS_FRESH;
  }

  #endIfIdle(): void {
    if (!this.publisher && this.viewers.size === 0) this.#events.streamIdle(this);
  }
}
