import type { Codec } from '../base/session.ts';
import { av1StartsKeyframe } from '../protocols/codecs/av1.ts';
import { startsKeyframe as h264StartsKeyframe } from '../protocols/codecs/h264.ts';
import { h265StartsKeyframe } from '../protocols/codecs/h265.ts';
import { vp8StartsKeyframe } from '../protocols/codecs/vp8.ts';
import { vp9StartsKeyframe } from '../protocols/codecs/vp9.ts';
import type { RtpPacket } from '../protocols/rtp/packet.ts';
import { type Arenas, FLAG, History, type HistoryLimits } from './history.ts';
import type { TrackFormat } from './publishing.ts';
import { RateMeter } from './rate-meter.ts';
import { StreamClock, type TrackId } from './stream-clock.ts';

/** A frame that arrives spread over more than this goes on in parts: batching never costs more delay. */
export const FRAME_PART_MS = 5;
/** A larger hole in the sequence numbers is no loss that anybody could mend: the line was down, or the source began anew. */
const GAP_PACKETS_MAX = 512;
/** After such a hole, timestamps this far from where they belong have a new meaning. */
const RESTART_SKEW_MS = 2000;
/** Rows that differ by less are padded to one size for UDP GSO; libwebrtc's differ by one byte. */
const PADDING_MAX = 16;
/** What viewers may ask for again: kept whatever the keyframe interval, as long as there is memory. */
const KEPT_MS_MIN = 1000;
/** The rate that pacing goes by need not be newer than this. */
const RATE_MS_MAX = 250;

const KIB = 1024;
const historyLimits: Readonly<Record<'audio' | 'video', HistoryLimits>> = {
  /** The run since the last keyframe: 16 MB hold 10 s at 12 Mbit/s. */
  video: { bytesMin: 512 * KIB, bytesMax: 16 * KIB * KIB, packetsMin: 1024, packetsMax: 32768 },
  /** Some seconds of Opus: what a slow viewer may lag behind. */
  audio: { bytesMin: 64 * KIB, bytesMax: 256 * KIB, packetsMin: 256, packetsMax: 1024 },
};

/** Whether an RTP payload begins a picture that a decoder can start from, per codec. */
export const startsKeyframe: Readonly<Record<Codec, (payload: Uint8Array) => boolean>> = {
  h264: h264StartsKeyframe,
  h265: h265StartsKeyframe,
  av1: av1StartsKeyframe,
  vp9: vp9StartsKeyframe,
  vp8: vp8StartsKeyframe,
  opus: () => true,
};

/**
 * One audio or video flow of a stream. It outlives its publishers: each of them (and each change of format) begins a
 * new epoch, while indexes go on, so that a viewer's place in the track stays valid.
 */
export class Track {
  readonly kind: 'audio' | 'video';
  readonly history: History;
  format: TrackFormat | undefined;
  /** The simulcast layer that flows here (RFC 8851); undefined where the picture is sent once. */
  layer: string | undefined;
  clock = new StreamClock();
  epoch = 0;
  /** First index of this epoch. */
  epochStart = 0;
  /** Index after the last packet released to viewers. */
  head = 0;
  /** Index of the newest keyframe's first packet, if its run is still whole. */
  runStart: number | undefined;
  /** Something of that run was lost on the way in: who gets it again loses the picture at the same place. */
  runHasGap = false;
  /** Frames since then, the keyframe and an unfinished frame included. */
  runFrames = 0;
  /** Frames ever begun, over all epochs. */
  frameCount = 0;
  /** Timestamp of the newest packet, in ticks. */
  newestTimestamp = 0;
  /** Audio: how long a packet may wait for the next frame of the picture, so that both leave in one write. */
  holdMs = 0;
  /** When packets that wait for their frame's end must go out at last. */
  partDeadlineMs: number | undefined;

  width: number | undefined;
  height: number | undefined;
  readonly bytes = new RateMeter();
  readonly frames = new RateMeter();
  readonly packets = new RateMeter();
  readonly losses = new RateMeter();
  /** Packets that came after their place was given up, or twice. */
  packetsLate = 0;
  lastKeyframeTimestamp: number | undefined;
  keyframeIntervalMs: number | undefined;

  #id: TrackId;
  #lastSequence: number | undefined;
  #frameTimestamp: number | undefined;
  /** Index of the oldest packet that is less than {@link KEPT_MS_MIN} old. */
  #recentStart = 0;
  #rate = 0;
  #rateMs = Number.NEGATIVE_INFINITY;

  constructor(kind: 'audio' | 'video', arenas: Arenas) {
    this.kind = kind;
    this.#id = kind;
    this.history = new History(arenas, historyLimits[kind]);
  }

  get packetsLost(): number {
    return this.losses.total;
  }

  /** What it is to the publisher's clock. */
  get id(): TrackId {
    return this.#id;
  }

  get clockRate(): number {
    return this.kind === 'video' ? 90000 : 48000;
  }

  /** What flows, payloads only; 0 in the first half second. */
  bytesPerSecond(nowMs: number): number {
    if (nowMs - this.#rateMs > RATE_MS_MAX) {
      this.#rate = this.bytes.perSecond(nowMs);
      this.#rateMs = nowMs;
    }
    return this.#rate;
  }

  /** A publisher begins to feed this track, or changes its format. */
  begin(format: TrackFormat, clock: StreamClock): void {
    this.#startEpoch();
    this.#forgetFormat();
    this.#id = this.layer === undefined ? this.kind : `video ${this.layer}`;
    this.format = format;
    this.clock = clock;
    clock.add(this.id, this.clockRate);
  }

  /** Its publisher is gone: nothing is replayed to those who join from now on. */
  end(): void {
    this.#startEpoch();
    this.#forgetFormat();
  }

  free(): void {
    this.history.free();
  }

  /** @returns true when packets were released to viewers, that is at a frame's end */
  push(packet: RtpPacket, nowMs: number): boolean {
    if (!this.#countSequence(packet, nowMs)) return false;
    this.clock.arrived(this.id, packet.timestamp, nowMs);
    const frameStart = packet.timestamp !== this.#frameTimestamp;
    // The frame before lost its marker: its end is known only now.
    const released = this.kind === 'video' && frameStart && this.head < this.history.next;
    if (released) this.release();
    this.#store(packet, frameStart, nowMs);
    this.bytes.add(packet.payload.length, nowMs);
    if (this.kind === 'video' ? packet.marker : this.holdMs === 0) {
      this.release();
      return true;
    }
    this.partDeadlineMs ??= nowMs + (this.kind === 'video' ? FRAME_PART_MS : this.holdMs);
    return released;
  }

  /** Hands all that is stored to the viewers: at a frame's end, or 5 ms after its first packet. */
  release(): void {
    if (this.kind === 'video') this.#equalise(this.head, this.history.next);
    this.head = this.history.next;
    this.partDeadlineMs = undefined;
  }

  #forgetFormat(): void {
    this.format = undefined;
    this.width = undefined;
    this.height = undefined;
  }

  #startEpoch(): void {
    this.epoch++;
    this.history.clear();
    this.epochStart = this.history.next;
    this.head = this.history.next;
    this.runStart = undefined;
    this.runFrames = 0;
    this.partDeadlineMs = undefined;
    this.lastKeyframeTimestamp = undefined;
    this.keyframeIntervalMs = undefined;
    this.#lastSequence = undefined;
    this.#frameTimestamp = undefined;
  }

  /** Places the packet in the order of the source; false when that place is gone. */
  #countSequence(packet: RtpPacket, nowMs: number): boolean {
    const last = this.#lastSequence;
    if (last !== undefined) {
      const ahead = ((packet.sequenceNumber - last) << 16) >> 16;
      if (ahead <= 0 && ahead > -GAP_PACKETS_MAX) {
        this.packetsLate++;
        return false;
      }
      if (ahead > 1 && ahead <= GAP_PACKETS_MAX) {
        this.losses.add(ahead - 1, nowMs);
        this.history.storeGap(ahead - 1, this.newestTimestamp, this.#keepFrom());
        this.runHasGap = true;
      } else if (ahead !== 1) {
        this.#resume(packet, nowMs);
      }
    }
    this.#lastSequence = packet.sequenceNumber;
    this.packets.add(1, nowMs);
    return true;
  }

  /**
   * The source went on after a hole too large to count. Viewers see a gap, so that nobody shows what builds on
   * pictures that never came; or, where it began anew, a new epoch.
   */
  #resume(packet: RtpPacket, nowMs: number): void {
    const skewMs = this.clock.serverTimeMs(this.id, packet.timestamp) - nowMs;
    if (Math.abs(skewMs) > RESTART_SKEW_MS) {
      this.#startEpoch();
      this.clock.add(this.id, this.clockRate);
      return;
    }
    this.history.storeGap(1, this.newestTimestamp, Infinity);
    this.runStart = undefined;
  }

  #store(packet: RtpPacket, frameStart: boolean, nowMs: number): void {
    let flags = packet.marker ? FLAG.marker : 0;
    if (frameStart) {
      flags |= FLAG.frameStart;
      this.#frameTimestamp = packet.timestamp;
      this.runFrames++;
      this.frameCount++;
      this.frames.add(1, nowMs);
    }
    const codec = this.format?.codec;
    const keyframe =
      this.kind === 'video' &&
      packet.timestamp !== this.lastKeyframeTimestamp &&
      codec !== undefined &&
      startsKeyframe[codec](packet.payload);
    if (keyframe) {
      flags |= FLAG.keyframeStart;
      this.#startRun(packet.timestamp);
    }
    this.newestTimestamp = packet.timestamp;
    this.history.store(packet.payload, packet.timestamp, flags, this.#keepFrom());
    if (this.runStart !== undefined && this.history.tail > this.runStart) this.runStart = undefined;
  }

  /** The run since the last keyframe, for those who join; the last second, for those who lost something. */
  #keepFrom(): number {
    const { history } = this;
    if (this.#recentStart < history.tail) this.#recentStart = history.tail;
    const ticks = (KEPT_MS_MIN * this.clockRate) / 1000;
    while (this.#recentStart < history.next) {
      const timestamp = history.timestamps[this.#recentStart & history.mask] as number;
      if (((this.newestTimestamp - timestamp) | 0) <= ticks) break;
      this.#recentStart++;
    }
    return Math.min(this.runStart ?? Infinity, this.#recentStart);
  }

  #startRun(timestamp: number): void {
    if (this.lastKeyframeTimestamp !== undefined) {
      const ticks = (timestamp - this.lastKeyframeTimestamp) | 0;
      this.keyframeIntervalMs = (ticks * 1000) / this.clockRate;
    }
    this.lastKeyframeTimestamp = timestamp;
    this.runStart = this.history.next;
    this.runHasGap = false;
    this.runFrames = 1;
  }

  /**
   * Notes how much padding makes a frame's packets equal in size, so that UDP GSO can send them as one; sound that goes along
   * is shorter, and ends the same send.
   */
  #equalise(from: number, to: number): void {
    const history = this.history;
    let longest = 0;
    for (let index = from; index < to; index++) {
      const length = history.lengths[index & history.mask] as number;
      if (length > longest) longest = length;
    }
    for (let index = from; index < to; index++) {
      const row = index & history.mask;
      const missing = longest - (history.lengths[row] as number);
      if (missing > 0 && missing <= PADDING_MAX) history.padding[row] = missing;
    }
  }
}
