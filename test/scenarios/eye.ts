/**
 * What sits behind a viewer's jitter buffer: puts frames together, decides whether a decoder could show them, and
 * holds the server to its promises. A broken promise goes to `violate`, with the viewer's name and the time.
 */
import { seqDelta, ticksDelta } from '../../src/base/circle.ts';
import type { RtpPacket } from '../../src/protocols/rtp/packet.ts';
import type { RtcpPacket } from '../../src/protocols/rtp/rtcp.ts';
import { ntpToMs } from '../../src/protocols/rtp/sender-report.ts';
import { LAYER_IDS, type Picture, readPicture, readStamp, type Stamp, unitsOf } from './encoder.ts';

export type Seen = Picture & {
  readonly arrivalMs: number;
  readonly timestamp: number;
  /** Time on the way from capture to whole arrival. */
  readonly latencyMs: number;
  /** As far from the frame before in timestamps as in capture: not squeezed, nothing skipped. */
  readonly isAtPace: boolean;
};
export type Heard = Stamp & { readonly arrivalMs: number; readonly timestamp: number };

export type EyeOptions = {
  readonly videoSsrc: number;
  readonly audioSsrc: number;
  readonly videoType: number;
  readonly audioType: number;
  readonly violate: (what: string, nowMs: number) => void;
};

/** Two moments of one flow: what sender reports say, what lip-sync rests on. */
type Tie = { readonly ntpMs: number; readonly timestamp: number };

/** How far sound may be from its picture (issue: within 20 ms of truth). */
const SYNC_MS_MAX = 20;
const PACE_TICKS_MAX = 100;

export class Eye {
  /** Frames that a decoder could show, in order. */
  readonly frames: Seen[] = [];
  readonly heard: Heard[] = [];
  /** Sequence numbers that never came. */
  videoGaps = 0;
  audioGaps = 0;
  /** Whole frames that could not be decoded after a gap, and frames that were not whole. */
  brokenFrames = 0;
  /** Packets behind what has come already: from a path left behind. */
  late = 0;
  packets = 0;
  /** Lip-sync is looked at from then on: after joins and changes the reports need a moment. */
  syncFromMs = Infinity;
  syncChecks = 0;
  worstSyncMs = 0;
  /** Something is missing since the last keyframe. */
  isLost = false;
  lastReport:
    | { readonly ntpMs: number; readonly middle: number; readonly atMs: number }
    | undefined;
  readonly #options: EyeOptions;
  #videoSequence: number | undefined;
  #audioSequence: number | undefined;
  #frame: { timestamp: number; payloads: Uint8Array[]; isHoled: boolean } | undefined;
  #lastFrameTimestamp: number | undefined;
  readonly #ties = new Map<number, Tie>();

  constructor(options: EyeOptions) {
    this.#options = options;
  }

  get newest(): Seen | undefined {
    return this.frames.at(-1);
  }

  rtp(packet: RtpPacket, nowMs: number): void {
    const { videoSsrc, audioSsrc, videoType, audioType } = this.#options;
    this.packets++;
    const type = packet.ssrc === videoSsrc ? videoType : audioType;
    if (packet.ssrc !== videoSsrc && packet.ssrc !== audioSsrc) {
      this.#violate(`an unknown SSRC ${packet.ssrc}`, nowMs);
    } else if (packet.payloadType !== type) {
      this.#violate(`payload type ${packet.payloadType} instead of ${type}`, nowMs);
    } else if (packet.ssrc === videoSsrc) {
      this.#video(packet, nowMs);
    } else {
      this.#audio(packet, nowMs);
    }
  }

  rtcp(packets: readonly RtcpPacket[], nowMs: number): void {
    for (const packet of packets) {
      if (packet.type !== 'sender-report') continue;
      const ntpMs = ntpToMs(packet.ntp);
      this.#ties.set(packet.ssrc, { ntpMs, timestamp: packet.rtpTimestamp });
      const middle = (((packet.ntp.seconds & 0xffff) << 16) | (packet.ntp.fraction >>> 16)) >>> 0;
      this.lastReport = { ntpMs, middle, atMs: nowMs };
    }
  }

  /** Frames seen between two moments. */
  between(fromMs: number, toMs: number): Seen[] {
    return this.frames.filter(({ arrivalMs }) => arrivalMs >= fromMs && arrivalMs < toMs);
  }

  #audio(packet: RtpPacket, nowMs: number): void {
    const { sequenceNumber, timestamp } = packet;
    const ahead = seqDelta(this.#audioSequence ?? sequenceNumber - 1, sequenceNumber);
    if (ahead <= 0) {
      this.late++;
      return;
    }
    this.audioGaps += ahead - 1;
    this.#audioSequence = sequenceNumber;
    const stamp = readStamp(packet.payload, 0);
    const last = this.heard.at(-1);
    if (last && ticksDelta(last.timestamp, timestamp) <= 0) {
      this.#violate(`audio goes back in time by ${ticksDelta(timestamp, last.timestamp)}`, nowMs);
    }
    if (last && last.encoder === stamp.encoder && stamp.number <= last.number) {
      this.#violate(`audio ${stamp.number} after ${last.number}`, nowMs);
    }
    this.heard.push({ ...stamp, arrivalMs: nowMs, timestamp });
  }

  #video(packet: RtpPacket, nowMs: number): void {
    const { sequenceNumber, timestamp } = packet;
    const ahead = seqDelta(this.#videoSequence ?? sequenceNumber - 1, sequenceNumber);
    if (ahead <= 0) {
      this.late++;
      return;
    }
    this.#videoSequence = sequenceNumber;
    if (ahead > 1) this.#gap(ahead - 1);
    if (this.#frame?.timestamp !== timestamp) this.#startFrame(timestamp, nowMs);
    const frame = this.#frame;
    if (!frame) return;
    frame.payloads.push(packet.payload);
    if (!packet.marker) return;
    this.#frame = undefined;
    this.#endFrame(frame.payloads, timestamp, frame.isHoled, nowMs);
  }

  #gap(count: number): void {
    this.videoGaps += count;
    this.isLost = true;
    if (this.#frame) this.#frame.isHoled = true;
  }

  #startFrame(timestamp: number, nowMs: number): void {
    // Cut short without a gap: the server skips to a keyframe, as the next whole frame must show.
    if (this.#frame) this.brokenFrames++;
    const last = this.#lastFrameTimestamp;
    if (last !== undefined && ticksDelta(last, timestamp) <= 0) {
      this.#violate(`video goes back in time by ${ticksDelta(timestamp, last)} ticks`, nowMs);
    }
    this.#lastFrameTimestamp = timestamp;
    this.#frame = { timestamp, payloads: [], isHoled: false };
  }

  #endFrame(
    payloads: readonly Uint8Array[],
    timestamp: number,
    isHoled: boolean,
    nowMs: number,
  ): void {
    const units = unitsOf(payloads);
    const picture = typeof units === 'string' ? units : readPicture(units);
    const canShow = !isHoled && typeof picture !== 'string' && this.#canDecode(picture);
    if (!canShow) {
      this.brokenFrames++;
      if (!this.isLost) this.#violate(`cannot decode ${describe(picture, this.newest)}`, nowMs);
      this.isLost = true;
      return;
    }
    this.isLost = false;
    const last = this.newest;
    const latencyMs = nowMs - picture.captureMs;
    const isAtPace = last !== undefined && isPaced(last, picture, timestamp, 90);
    this.frames.push({ ...picture, timestamp, arrivalMs: nowMs, latencyMs, isAtPace });
    if (isAtPace && nowMs >= this.syncFromMs) this.#checkSync(nowMs);
  }

  #canDecode(picture: Picture): boolean {
    if (picture.isKey) return picture.hasSets;
    const last = this.newest;
    return (
      last !== undefined && last.encoder === picture.encoder && last.number + 1 === picture.number
    );
  }

  /** The same moment of capture must have the same NTP time in both flows, as their sender reports say. */
  #checkSync(nowMs: number): void {
    const { videoSsrc, audioSsrc } = this.#options;
    const seen = this.newest as Seen;
    const heard = this.heard.at(-1);
    const videoTie = this.#ties.get(videoSsrc);
    const audioTie = this.#ties.get(audioSsrc);
    if (!heard || !videoTie || !audioTie) return;
    if (heard.encoder % LAYER_IDS !== seen.encoder % LAYER_IDS) return;
    const videoMs = videoTie.ntpMs + ticksDelta(videoTie.timestamp, seen.timestamp) / 90;
    const audioMs = audioTie.ntpMs + ticksDelta(audioTie.timestamp, heard.timestamp) / 48;
    const offsetMs = videoMs - seen.captureMs - (audioMs - heard.captureMs);
    this.syncChecks++;
    this.worstSyncMs = Math.max(this.worstSyncMs, Math.abs(offsetMs));
    if (Math.abs(offsetMs) > SYNC_MS_MAX) {
      this.#violate(`the picture is ${offsetMs.toFixed(1)} ms off its sound`, nowMs);
    }
  }

  #violate(what: string, nowMs: number): void {
    this.#options.violate(what, nowMs);
  }
}

function isPaced(last: Seen, next: Stamp, timestamp: number, ticksPerMs: number): boolean {
  const ticks = ticksDelta(last.timestamp, timestamp);
  const captured = (next.captureMs - last.captureMs) * ticksPerMs;
  return Math.abs(ticks - captured) < PACE_TICKS_MAX;
}

function describe(picture: Picture | string, last: Seen | undefined): string {
  const name = (one: Stamp): string => `${one.encoder}/${one.number}`;
  const what = typeof picture === 'string' ? picture : name(picture);
  return `${what} after ${last ? name(last) : 'nothing'}`;
}
