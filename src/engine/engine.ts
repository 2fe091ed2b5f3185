import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { VideoCodec } from '../base/session.ts';
import { Egress, type Flush } from './egress.ts';
import type { Finding, Publisher, PublisherOptions } from './publisher.ts';
import type { PublisherInput, PublisherListener } from './publishing.ts';
import { Stream, type StreamOptions } from './stream.ts';
import type { Track } from './track.ts';
import { REPORT_MS, type Viewer, type ViewerListener, type ViewerOptions } from './viewer.ts';

/** Names that may be awaited or live at once. */
export const STREAMS_MAX = 1000;
/** Viewers make names up to here: whoever may publish finds room for one whatever others wait for. */
const STREAMS_WITH_VIEWERS_MAX = 800;
/** Housekeeping over all viewers: sender reports, stalled paths. Only while there are any. */
const TICK_MS = 100;

/** What the engine tells its owner. */
export type EngineEvent =
  | { readonly type: 'stream-live'; readonly stream: Stream; readonly publisher: Publisher }
  | { readonly type: 'stream-video'; readonly stream: Stream; readonly codec: VideoCodec }
  | {
      readonly type: 'stream-ended';
      readonly stream: Stream;
      readonly publisher: Publisher;
      readonly reason: CloseReason;
    }
  | {
      readonly type: 'publisher-closed';
      readonly stream: Stream;
      readonly publisher: Publisher;
      readonly reason: CloseReason;
    }
  | {
      readonly type: 'finding';
      readonly stream: Stream;
      readonly publisher: Publisher;
      readonly finding: Finding;
    };

/**
 * What the engine needs of its owner: memory for native batches, a way out, ears, and a clock that wakes it.
 */
export type EngineOptions = StreamOptions & {
  readonly flush: Flush;
  readonly onEvent: (event: EngineEvent) => void;
  /** {@link Engine.deadlineMs} may have become earlier: call {@link Engine.advance} no later than `deadlineMs`. */
  readonly onDeadline: (deadlineMs: number, nowMs: number) => void;
};

/** All streams of this server: who publishes, who watches, and the clockwork between. Synchronous, in virtual time. */
export class Engine {
  readonly streams = new Map<StreamName, Stream>();
  readonly #options: EngineOptions;
  readonly #egress: Egress;
  readonly #parts = new Map<Track, Stream>();
  #viewers = 0;
  #nextTickMs: number | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#egress = new Egress(options.arenas, options.flush, options.onDeadline);
  }

  /** When {@link advance} must be called; undefined when nothing is due. */
  get deadlineMs(): number | undefined {
    let deadline = Math.min(this.#nextTickMs ?? Infinity, this.#egress.deadlineMs ?? Infinity);
    for (const track of this.#parts.keys()) {
      if (track.partDeadlineMs !== undefined) deadline = Math.min(deadline, track.partDeadlineMs);
    }
    return deadline === Infinity ? undefined : deadline;
  }

  /** @returns undefined when the server holds as many names as it may */
  publish(
    name: StreamName,
    options: PublisherOptions,
    listener: PublisherListener,
    nowMs: number,
  ): PublisherInput | undefined {
    return this.#stream(name, STREAMS_MAX)?.publish(options, listener, nowMs);
  }

  /** @returns undefined when the server holds as many names as it may */
  view(
    name: StreamName,
    options: ViewerOptions,
    listener: ViewerListener,
    nowMs: number,
  ): { readonly stream: Stream; readonly viewer: Viewer } | undefined {
    const stream = this.#stream(name, STREAMS_WITH_VIEWERS_MAX);
    if (!stream) return undefined;
    this.#viewers++;
    if (this.#nextTickMs === undefined) {
      this.#nextTickMs = nowMs + TICK_MS;
      this.#options.onDeadline(this.#nextTickMs, nowMs);
    }
    return { stream, viewer: stream.view(options, listener, nowMs) };
  }

  /** The viewer left, or is to leave; its listener is not called. */
  unview(stream: Stream, viewer: Viewer): void {
    if (!stream.viewers.has(viewer)) return;
    this.#viewers--;
    this.#egress.forget(viewer);
    stream.removeViewer(viewer);
    if (this.#viewers === 0) this.#nextTickMs = undefined;
  }

  /** A blocked outlet has room again. */
  writable(viewer: Viewer, nowMs: number): void {
    this.#egress.pump(viewer, nowMs);
  }

  advance(nowMs: number): void {
    for (const [track, stream] of this.#parts) {
      if (track.partDeadlineMs === undefined) this.#parts.delete(track);
      else if (nowMs >= track.partDeadlineMs) {
        this.#parts.delete(track);
        track.release();
        stream.released(track, nowMs);
      }
    }
    this.#egress.advance(nowMs);
    if (this.#nextTickMs !== undefined && nowMs >= this.#nextTickMs) {
      this.#nextTickMs = nowMs + TICK_MS;
      this.#tick(nowMs);
    }
  }

  /** Ends everything, publishers first, so that encoders hear it before their viewers are gone. */
  close(reason: CloseReason, nowMs: number): void {
    for (const stream of [...this.streams.values()]) stream.publisher?.dismiss(reason, nowMs);
    for (const stream of [...this.streams.values()]) {
      for (const viewer of [...stream.viewers]) this.#end(stream, viewer, reason, nowMs);
    }
  }

  #waitForPart(stream: Stream, track: Track, nowMs: number): void {
    if (this.#parts.has(track)) return;
    this.#parts.set(track, stream);
    this.#options.onDeadline(track.partDeadlineMs ?? nowMs, nowMs);
  }

  #tick(nowMs: number): void {
    for (const stream of this.streams.values()) {
      if (stream.layers.isSimulcast) stream.tickLayers(nowMs);
      for (const viewer of stream.viewers) {
        if (!viewer.outlet) continue;
        const defect = viewer.defect(nowMs);
        if (defect) this.#end(stream, viewer, defect, nowMs);
        else if (nowMs >= viewer.nextReportMs || viewer.reportDue) this.#report(viewer, nowMs);
      }
    }
  }

  #report(viewer: Viewer, nowMs: number): void {
    viewer.nextReportMs = nowMs + REPORT_MS;
    for (const sender of viewer.senders) sender.reported();
    viewer.listener.onReportDue(viewer, nowMs);
  }

  #end(stream: Stream, viewer: Viewer, reason: CloseReason, nowMs: number): void {
    this.unview(stream, viewer);
    viewer.listener.onClosed(reason, nowMs);
  }

  #stream(name: StreamName, limit: number): Stream | undefined {
    const known = this.streams.get(name);
    if (known) return known;
    if (this.streams.size >= limit) return undefined;
    const { onEvent } = this.#options;
    const stream = new Stream(name, this.#options, this.#egress, {
      streamLive: (stream, publisher) => onEvent({ type: 'stream-live', stream, publisher }),
      streamVideo: (stream, codec) => onEvent({ type: 'stream-video', stream, codec }),
      streamEnded: (stream, publisher, reason) =>
        onEvent({ type: 'stream-ended', stream, publisher, reason }),
      publisherClosed: (stream, publisher, reason) =>
        onEvent({ type: 'publisher-closed', stream, publisher, reason }),
      finding: (stream, publisher, finding) =>
        onEvent({ type: 'finding', stream, publisher, finding }),
      streamIdle: (stream) => this.#drop(stream),
      partWaits: (stream, track, nowMs) => this.#waitForPart(stream, track, nowMs),
    });
    this.streams.set(name, stream);
    return stream;
  }

  #drop(stream: Stream): void {
    if (this.streams.get(stream.name) !== stream) return;
    this.streams.delete(stream.name);
    for (const track of stream.layers.tracks) this.#parts.delete(track);
    this.#parts.delete(stream.audio);
    stream.free();
  }
}
