import type { FindingCode } from '../base/findings.ts';
import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { VideoCodec } from '../base/session.ts';
import type { RtpPacket } from '../protocols/rtp/packet.ts';
import type { PublisherInput, PublisherListener, TrackFormat, TrackInput } from './publishing.ts';
import { StreamClock } from './stream-clock.ts';
import type { Track } from './track.ts';

/** Who publishes, as the protocol adapter knows it. */
export type PublisherOptions = {
  readonly session: string;
  readonly protocol: 'rtmp' | 'whip' | 'demo';
  readonly transport: string;
  readonly userAgent: string | undefined;
  /** Where it asked from; undefined for one of our own. */
  readonly address?: string;
};

/** Something about a publisher’s settings that hurts its viewers, with the remedy. */
export type Finding = {
  readonly code: FindingCode;
  readonly message: string;
  readonly sinceMs: number;
  /** When it ended; undefined while it lasts. */
  readonly untilMs: number | undefined;
};

/** A finding that comes back within this time is the same one: it is listed again, but not said again. */
const SAME_FINDING_MS = 60_000;

/** For a publisher that is over: nobody hears it. */
const DEAF_TRACK: TrackInput = { push() {}, setClock() {} };

/** What a publisher needs of the stream it feeds. */
export interface PublisherStream {
  readonly name: StreamName;
  readonly audio: Track;
  /** The picture's track, or the one of a simulcast layer. */
  videoTrack(layer: string | undefined): Track;
  /** Packets of the track were released: send them on. */
  released(track: Track, nowMs: number): void;
  /** The track holds packets that must go out by its deadline. */
  partWaits(track: Track, nowMs: number): void;
  publisherLive(publisher: Publisher): void;
  /** Its video has another codec than before. */
  publisherVideo(publisher: Publisher, codec: VideoCodec): void;
  publisherFinding(publisher: Publisher, finding: Finding): void;
  publisherClosed(publisher: Publisher, reason: CloseReason): void;
}

/** Who is feeding a stream now, and how. After its close nothing that it still pushes is heard. */
export class Publisher implements PublisherInput {
  readonly options: PublisherOptions;
  readonly listener: PublisherListener;
  readonly sinceMs: number;
  /** What is wrong, and what was. */
  readonly findings = new Map<FindingCode, Finding>();
  /** Findings that returned too soon to be said again: neither is their end. */
  readonly #unsaid = new Set<FindingCode>();
  /** True from the first packet on. */
  live = false;
  readonly #stream: PublisherStream;
  readonly #clock = new StreamClock();
  #nowMs: number;
  #closed = false;
  #videoCodec: VideoCodec | undefined;

  constructor(
    stream: PublisherStream,
    options: PublisherOptions,
    listener: PublisherListener,
    nowMs: number,
  ) {
    this.#stream = stream;
    this.options = options;
    this.listener = listener;
    this.sinceMs = nowMs;
    this.#nowMs = nowMs;
  }

  setTrack(format: TrackFormat, layer?: string): TrackInput {
    if (this.#closed) return DEAF_TRACK;
    const track = format.kind === 'video' ? this.#stream.videoTrack(layer) : this.#stream.audio;
    this.#begin(track, format);
    const { id } = track;
    return {
      push: (packet, nowMs) => this.#push(track, packet, nowMs),
      setClock: (timestamp, timeMs) => this.#clock.report(id, timestamp, timeMs),
    };
  }

  setVideoSize(width: number, height: number, layer?: string): void {
    if (this.#closed) return;
    const track = this.#stream.videoTrack(layer);
    track.width = width;
    track.height = height;
  }

  report(code: FindingCode, message: string): void {
    const known = this.findings.get(code);
    if (this.#closed || (known && known.untilMs === undefined)) return;
    const isSame = known?.untilMs !== undefined && this.#nowMs - known.untilMs < SAME_FINDING_MS;
    const sinceMs = isSame ? known.sinceMs : this.#nowMs;
    const finding = { code, message, sinceMs, untilMs: undefined };
    this.findings.set(code, finding);
    if (isSame) this.#unsaid.add(code);
    else this.#stream.publisherFinding(this, finding);
  }

  resolve(code: FindingCode): void {
    const known = this.findings.get(code);
    if (this.#closed || !known || known.untilMs !== undefined) return;
    const finding = { ...known, untilMs: this.#nowMs };
    this.findings.set(code, finding);
    if (!this.#unsaid.delete(code)) this.#stream.publisherFinding(this, finding);
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.publisherClosed(this, reason);
  }

  /** The engine ends this publisher; its adapter is told. */
  dismiss(reason: CloseReason, nowMs: number): void {
    if (this.#closed) return;
    this.close(reason);
    this.listener.onClosed(reason, nowMs);
  }

  #begin(track: Track, format: TrackFormat): void {
    track.begin(format, this.#clock);
    if (format.kind !== 'video' || format.codec === this.#videoCodec) return;
    this.#videoCodec = format.codec;
    this.#stream.publisherVideo(this, format.codec);
  }

  #push(track: Track, packet: RtpPacket, nowMs: number): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    if (!this.live) {
      this.live = true;
      this.#stream.publisherLive(this);
    }
    if (track.push(packet, nowMs)) this.#stream.released(track, nowMs);
    if (track.partDeadlineMs !== undefined) this.#stream.partWaits(track, nowMs);
  }
}
