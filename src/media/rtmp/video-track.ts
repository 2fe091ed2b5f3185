import { ticksDelta } from '../../base/circle.ts';
import type { VideoCodec } from '../../base/session.ts';
import type { PublisherInput, TrackInput } from '../../engine/publishing.ts';
import type { PictureSize } from '../../protocols/codecs/picture-size.ts';
import { parseVideoTag, type VideoTag } from '../../protocols/flv/video-tag.ts';
import { ACCEPTED } from './accepted.ts';
import { B_FRAMES_MESSAGE, BFrameDetector } from './b-frames.ts';
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
  #coding: Coding | undefined;
  #size: PictureSize | undefined;
  #bFramesReported = false;
  /** From decoding time to the time that we say: see #time. */
  #delayMs: number | undefined;
  #lastTicks: number | undefined;

  constructor(publisher: PublisherInput, ssrc: number) {
    this.#publisher = publisher;
    this.#ssrc = ssrc;
    this.#numbers = new RtpNumbers(PAYLOAD_TYPE, ssrc, CLOCK_RATE);
  }

  get isThere(): boolean {
    return this.#coding !== undefined;
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
    if (!this.#bFramesReported && this.#bFrames.sees(frame, tag.compositionMs)) {
      this.#bFramesReported = true;
      this.#publisher.report('b-frames', B_FRAMES_MESSAGE);
    }
    this.#tellSize(frame.size);
    const { payloads, isKeyframe } = frame;
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
   * RTP timestamps follow the decoding time, so that they never go back: with B-frames, presentation times would, and
   * a browser takes that for a broken clock. The first keyframe's composition time is added throughout: presentation
   * runs that much behind decoding on average, and lip-sync goes by presentation.
   */
  #time(
    compositionMs: number,
    decodingMs: number,
    keyframe: boolean,
  ): { readonly timeMs: number; readonly ticks: number } {
    if (keyframe) this.#delayMs ??= Math.min(Math.max(compositionMs, 0), COMPOSITION_MS_MAX);
    const timeMs = decodingMs + (this.#delayMs ?? 0);
    let ticks = this.#numbers.ticks(timeMs);
    // Two frames under one timestamp would be one frame to a receiver.
    if (this.#lastTicks !== undefined && ticksDelta(this.#lastTicks, ticks) <= 0) {
      ticks = (this.#lastTicks + 1) >>> 0;
    }
    this.#lastTicks = ticks;
    return { timeMs, ticks };
  }
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
