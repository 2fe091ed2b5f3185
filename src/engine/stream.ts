import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { VideoCodec } from '../base/session.ts';
import type { Egress } from './egress.ts';
import type { Arenas } from './history.ts';
import { Layers } from './layers.ts';
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

/** Encoders are asked for a keyframe of a layer at most this often, however many viewers want one. */
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

/**
 * Something live under a name, or awaited: at most one publisher, an audio track and a video track (or one for each
 * simulcast layer), any number of viewers.
 */
export class Stream implements PublisherStream {
  readonly name: StreamName;
  readonly layers: Layers;
  readonly audio: Track;
  readonly viewers = new Set<Viewer>();
  publisher: Publisher | undefined;
  /** The most viewers at once, and since when. */
  viewersMax = 0;
  viewersMaxMs: number | undefined;
  readonly #egress: Egress;
  readonly #events: StreamEvents;
  readonly #options: StreamOptions;
  /** As it held when its publisher came. */
  #coalescesAudio = false;
  #bytesToGone = 0;
  #pictureMs = 0;
  readonly #keyframeRequestsMs = new Map<Track, number>();

  constructor(name: StreamName, options: StreamOptions, egress: Egress, events: StreamEvents) {
    const { arenas } = options;
    this.#options = options;
    this.name = name;
    this.layers = new Layers(arenas);
    this.audio = new Track('audio', arenas);
    this.#egress = egress;
    this.#events = events;
  }

  get live(): boolean {
    return this.publisher?.live ?? false;
  }

  /** The picture's track; of simulcast layers, the first. */
  get video(): Track {
    return this.layers.first;
  }

  /** What went to all viewers, those who left included. */
  get bytesSent(): number {
    let bytes = this.#bytesToGone;
    for (const viewer of this.viewers) bytes += viewer.bytes.total;
    return bytes;
  }

  /** Payloads that came from publishers. */
  get bytesReceived(): number {
    const { bytesGone, tracks } = this.layers;
    return tracks.reduce((sum, { bytes }) => sum + bytes.total, bytesGone + this.audio.bytes.total);
  }

  /** The newest publisher wins at once: a stale session never blocks a name. */
  publish(options: PublisherOptions, listener: PublisherListener, nowMs: number): Publisher {
    const former = this.publisher;
    const publisher = new Publisher(this, options, listener, nowMs);
    this.publisher = publisher;
    this.#coalescesAudio = this.#options.coalescesAudio(this.name);
    former?.dismiss('replaced', nowMs);
    this.#endTracks();
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
    if (this.layers.isSimulcast) this.#chooseLayer(viewer, nowMs);
    if (viewer.video && !isFresh(viewer.video.track)) this.wantKeyframe(viewer.video.track, nowMs);
    this.#egress.pump(viewer, nowMs);
  }

  /** PLI or FIR from a viewer: the cached run again, and a fresh keyframe where the encoder can. */
  viewerLostPicture(viewer: Viewer, nowMs: number): void {
    if (!viewer.video) return;
    const { track } = viewer.video;
    this.wantKeyframe(track, nowMs);
    if (track.runHasGap) return;
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

  wantKeyframe(track: Track, nowMs: number): void {
    const askedMs = this.#keyframeRequestsMs.get(track) ?? Number.NEGATIVE_INFINITY;
    if (!this.publisher || nowMs - askedMs < KEYFRAME_REQUEST_MS_MIN) return;
    this.#keyframeRequestsMs.set(track, nowMs);
    this.publisher.listener.onKeyframeWanted(nowMs, track.layer);
  }

  free(): void {
    this.layers.free();
    this.audio.free();
  }

  videoTrack(layer: string | undefined): Track {
    return this.layers.trackOf(layer);
  }

  released(track: Track, nowMs: number): void {
    if (this.#coalescesAudio) this.#coalesce(track, nowMs);
    if (track.kind === 'video' && this.layers.isSimulcast) {
      this.#layerReleased(track, nowMs);
      return;
    }
    if (track.kind === 'video' && track.runStart === undefined && this.viewers.size > 0) {
      this.wantKeyframe(track, nowMs);
    }
    this.#egress.wave(this.viewers, nowMs);
  }

  /** Looks at sizes, rates and paths again. */
  tickLayers(nowMs: number): void {
    this.layers.refresh();
    for (const viewer of this.viewers) this.#chooseLayer(viewer, nowMs);
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
    this.#endTracks();
    this.#endIfIdle();
  }

  #endTracks(): void {
    const isSimulcast = this.layers.isSimulcast;
    this.layers.reset();
    this.audio.end();
    if (!isSimulcast) return;
    for (const viewer of this.viewers) viewer.abandonLayers(this.video);
    this.#keyframeRequestsMs.clear();
  }

  #layerReleased(track: Track, nowMs: number): void {
    if (this.layers.released(track, nowMs)) {
      for (const viewer of this.viewers) this.#chooseLayer(viewer, nowMs);
    }
    const concerned = this.#coalescesAudio
      ? [...this.viewers]
      : [...this.viewers].filter(
          ({ video }) => video && (video.track === track || video.target === track),
        );
    if (track.runStart === undefined && concerned.length > 0) this.wantKeyframe(track, nowMs);
    this.#egress.wave(concerned, nowMs);
  }

  #chooseLayer(viewer: Viewer, nowMs: number): void {
    const awaited = viewer.chooseLayer(this.layers, nowMs);
    if (awaited) this.wantKeyframe(awaited, nowMs);
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

  #endIfIdle(): void {
    if (!this.publisher && this.viewers.size === 0) this.#events.streamIdle(this);
  }
}

function isFresh(track: Track): boolean {
  const { runStart, lastKeyframeTimestamp, newestTimestamp, clockRate } = track;
  if (runStart === undefined || lastKeyframeTimestamp === undefined) return false;
  const runMs = (((newestTimestamp - lastKeyframeTimestamp) | 0) * 1000) / clockRate;
  return runMs <= RUN_MS_FRESH;
}
