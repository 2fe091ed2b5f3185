import { ticksDelta } from '../../base/circle.ts';
import type { VideoCodec } from '../../base/session.ts';
import type { BFramePolicy } from '../../channel/messages.ts';
import type { PublisherInput, TrackInput } from '../../engine/publishing.ts';
import type { PictureSize } from '../../protocols/codecs/picture-size.ts';
import { parseVideoTag, type VideoTag } from '../../protocols/flv/video-tag.ts';
import { B_FRAMES } from '../findings/messages.ts';
import type { PublisherFindings } from '../findings/publisher-findings.ts';
import { ACCEPTED } from './accepted.ts';
import { BFrameDetector } from './b-frames.ts';
import { RtpNumbers } from './rtp-numbers.ts';
import { TrackChoice } from './track-choice.ts';
import { type VideoCoder, videoCoders } from './video-coders.ts';

const CLOCK_RATE = 90_000;
/** As payload types go by custom; viewers are sent their own. */
const PAYLOAD_TYPE = 96;
/** Encoders reorder over some frames; more is nonsense. */
const COMPOSITION_MS_MAX = 1000;

/** What became of a tag: nothing to say, a reason why its frame was dropped, or why the session cannot go on. */
export type TagResult =
  | undefined
  | { readonly dropped: string }
  | { readonly fatal: string; readonly message: string };

/** What is being coded now. */
type Coding = {
  readonly codec: VideoCodec;
  readonly coder: VideoCoder;
  readonly input: TrackInput;
};

type Frame = Extract<VideoTag, { type: 'frame' }>;

/** An RTMP publisher's video: FLV tags → RTP packets. */
export class VideoTrack {
  readonly #publisher: PublisherInput;
  readonly #ssrc: number;
  readonly #choice = new TrackChoice();
  readonly #bFrames = new BFrameDetector();
  readonly #numbers: RtpNumbers;
  readonly #findings: PublisherFindings;
  readonly #policy: BFramePolicy;
  #coding: Coding | undefined;
  #size: PictureSize | undefined;
  #bFramesReported = false;
  /** From decoding time to the time that we say: see #time. */
  #delayMs: number | undefined;
  #lastTicks: number | undefined;

  constructor(
    publisher: PublisherInput,
    findings: PublisherFindings,
    ssrc: number,
    bFrames: BFramePolicy,
  ) {
    this.#findings = findings;
    this.#policy = bFrames;
    this.#publisher = publisher;
    this.#ssrc = ssrc;
    this.#numbers = new RtpNumbers(PAYLOAD_TYPE, ssrc, CLOCK_RATE);
  }

  get isThere(): boolean {
    return this.#coding !== undefined;
  }

  /** How much later than it is decoded a picture is to be shown, as its timestamp will say. */
  aheadMs(body: Uint8Array): number {
    if (!this.#isInOrder) return 0;
    const tag = parseVideoTag(body);
    return typeof tag !== 'string' && tag.type === 'frame' ? bounded(tag.compositionMs) : 0;
  }

  /** Without its B-frames a stream is shown in the order in which it is sent. */
  get #isInOrder(): boolean {
    return this.#policy === 'drop' && (this.#coding?.coder.tellsBFrames ?? false);
  }

  /** @param decodingMs the tag's place on the publisher's time line */
  push(body: Uint8Array, decodingMs: number, nowMs: number): TagResult {
    const tag = parseVideoTag(body);
    if (typeof tag === 'string') return { dropped: tag };
    switch (tag.type) {
      case 'sequence-header':
        return this.#choice.takes(tag.trackId) ? this.#configure(tag.codec, tag.data) : undefined;
      case 'frame':
        return this.#choice.takes(tag.trackId) ? this.#frame(tag, decodingMs, nowMs) : undefined;
      case 'unsupported':
        return { fatal: 'video-codec', message: unsupported(tag.codec) };
      case 'nothing':
        return undefined;
      default:
        return tag satisfies never;
    }
  }

  /** Also in mid-stream: what it says goes ahead of the next keyframe. */
  #configure(codec: VideoCodec, data: Uint8Array): TagResult {
    const known = this.#coding?.codec === codec ? this.#coding : undefined;
    const coder = known?.coder ?? videoCoders[codec](this.#ssrc);
    const format = coder.configure(data);
    // A sequence header that cannot be read leaves nothing to decode; a broken frame is one frame.
    if (typeof format === 'string') return unreadable(codec, format);
    this.#bFrames.onSequenceHeader(format.reorderFrames);
    const { video } = this.#findings;
    video.reorderFrames = format.reorderFrames;
    video.coded = format.coded;
    video.tellsBFrames = codec === 'h264' || codec === 'h265';
    if (!known) this.#begin(codec, coder);
    this.#tellSize(format.size);
    return undefined;
  }

  #begin(codec: VideoCodec, coder: VideoCoder): Coding {
    const input = this.#publisher.setTrack({ kind: 'video', codec, clockRate: CLOCK_RATE });
    this.#size = undefined;
    this.#coding = { codec, coder, input };
    return this.#coding;
  }

  #tellSize(size: PictureSize | undefined): void {
    if (!size) return;
    const { width, height } = size;
    if (this.#size?.width === width && this.#size.height === height) return;
    this.#size = size;
    this.#publisher.setVideoSize(width, height);
  }

  #frame(tag: Frame, decodingMs: number, nowMs: number): TagResult {
    const coding = this.#codingFor(tag.codec);
    if (!coding) return { dropped: 'video-before-sequence-header' };
    const frame = coding.coder.code(tag.data, tag.isKeyframe);
    if (typeof frame === 'string') return { dropped: frame };
    const { isKeyframe, fillerBytes } = frame;
    this.#findings.video.picture(
      { timeMs: decodingMs, isKeyframe, bytes: tag.data.length, fillerBytes },
      nowMs,
    );
    if (!this.#bFramesReported && this.#bFrames.sees(frame, tag.compositionMs)) {
      this.#bFramesReported = true;
      this.#findings.bFrames();
      if (this.#policy === 'refuse') return { fatal: 'b-frames', message: B_FRAMES };
    }
    if (frame.isBFrame && this.#policy === 'drop') return undefined;
    this.#tellSize(frame.size);
    const { payloads } = frame;
    const timestamp = this.#time(tag.compositionMs, decodingMs, isKeyframe);
    this.#numbers.tieClock(coding.input, timestamp.timeMs);
    for (let index = 0; index < payloads.length; index++) {
      const isLast = index === payloads.length - 1;
      const packet = this.#numbers.packet(payloads[index]!, timestamp.ticks, isLast);
      coding.input.push(packet, nowMs);
    }
    return undefined;
  }

  /** VP8, VP9 and AV1 may begin without a sequence header. */
  #codingFor(codec: VideoCodec): Coding | undefined {
    if (this.#coding?.codec === codec) return this.#coding;
    const coder = videoCoders[codec](this.#ssrc);
    return coder.needsSequenceHeader ? undefined : this.#begin(codec, coder);
  }

  /**
   * Where no picture is shown ahead of one that came before it, RTP timestamps are presentation times. Where B-frames
   * go on, those would go back, which a browser takes for a broken clock: timestamps then follow the decoding time, with
   * the first keyframe's composition time added throughout. Presentation runs that much behind decoding on average, and
   * lip-sync goes by presentation.
   */
  #time(
    compositionMs: number,
    decodingMs: number,
    keyframe: boolean,
  ): { readonly timeMs: number; readonly ticks: number } {
    if (keyframe) this.#delayMs ??= bounded(compositionMs);
    const timeMs = decodingMs + (this.#isInOrder ? bounded(compositionMs) : (this.#delayMs ?? 0));
    let ticks = this.#numbers.ticks(timeMs);
    // Two frames under one timestamp would be one frame to a receiver.
    if (this.#lastTicks !== undefined && ticksDelta(this.#lastTicks, ticks) <= 0) {
      ticks = (this.#lastTicks + 1) >>> 0;
    }
    this.#lastTicks = ticks;
    return { timeMs, ticks };
  }
}

function bounded(compositionMs: number): number {
  return Math.min(Math.max(compositionMs, 0), COMPOSITION_MS_MAX);
}

const LABELS: Readonly<Record<VideoCodec, string>> = {
  h264: 'H.264',
  h265: 'H.265',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
};

function unreadable(codec: VideoCodec, reason: string): TagResult {
  return {
    fatal: reason,
    message: `The encoder's ${LABELS[codec]} sequence header cannot be read (${reason}).`,
  };
}

function unsupported(codec: string): string {
  return (
    `This encoder sends ${codec}. ${ACCEPTED}: ` +
    'choose an H.264 encoder (in OBS: Settings > Output > Streaming > Video Encoder).'
  );
}
