import { ticksDelta } from '../../base/circle.ts';
import type { PublisherInput, TrackInput } from '../../engine/publishing.ts';
import { type AvcConfiguration, isKeyframe, splitAvcc } from '../../protocols/codecs/h264.ts';
import { parseSps } from '../../protocols/codecs/h264-sps.ts';
import { parseVideoTag, type VideoTag } from '../../protocols/flv/video-tag.ts';
import { H264Packetizer } from '../../protocols/rtp/payload/h264.ts';
import { B_FRAMES_MESSAGE, BFrameDetector } from './b-frames.ts';
import { RtpNumbers } from './rtp-numbers.ts';

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

/** An RTMP publisher's video: FLV tags → RTP packets of H.264. */
export class VideoTrack {
  readonly #publisher: PublisherInput;
  readonly #packetizer = new H264Packetizer();
  readonly #bFrames = new BFrameDetector();
  readonly #numbers: RtpNumbers;
  #input: TrackInput | undefined;
  #lengthSize: 1 | 2 | 4 | undefined;
  #bFramesReported = false;
  /** From decoding time to the time that we say: see #time. */
  #delayMs: number | undefined;
  #lastTicks: number | undefined;

  constructor(publisher: PublisherInput, ssrc: number) {
    this.#publisher = publisher;
    this.#numbers = new RtpNumbers(PAYLOAD_TYPE, ssrc, CLOCK_RATE);
  }

  get isThere(): boolean {
    return this.#input !== undefined;
  }

  /** @param decodingMs the tag's place on the publisher's time line */
  push(body: Uint8Array, decodingMs: number, nowMs: number): TagResult {
    const tag = parseVideoTag(body);
    // A sequence header that cannot be read leaves nothing to decode; a broken frame is one frame.
    if (typeof tag === 'string') return body[1] === 0 ? unreadable(tag) : { dropped: tag };
    switch (tag.type) {
      case 'sequence-header':
        return this.#configure(tag.configuration);
      case 'frame':
        return this.#frame(tag, decodingMs, nowMs);
      case 'unsupported':
        return { fatal: 'video-codec', message: unsupported(tag.codec) };
      case 'nothing':
        return undefined;
      default:
        return tag satisfies never;
    }
  }

  /** Also in mid-stream: the new sets go ahead of the next keyframe. */
  #configure(configuration: AvcConfiguration): TagResult {
    const sps = parseSps(configuration.sps[0]!);
    if (typeof sps === 'string') return unreadable(sps);
    this.#lengthSize = configuration.lengthSize;
    this.#packetizer.setParameterSets(configuration.sps, configuration.pps);
    this.#bFrames.onSequenceHeader(sps.reorderFrames);
    this.#input ??= this.#publisher.setTrack({
      kind: 'video',
      codec: 'h264',
      clockRate: CLOCK_RATE,
    });
    this.#publisher.setVideoSize(sps.width, sps.height);
    return undefined;
  }

  #frame(tag: Extract<VideoTag, { type: 'frame' }>, decodingMs: number, nowMs: number): TagResult {
    if (!this.#input || !this.#lengthSize) return { dropped: 'video-before-sequence-header' };
    const units = splitAvcc(tag.data, this.#lengthSize);
    if (typeof units === 'string') return { dropped: units };
    if (!this.#bFramesReported && this.#bFrames.sees(units, tag.compositionMs)) {
      this.#bFramesReported = true;
      this.#publisher.report('b-frames', B_FRAMES_MESSAGE);
    }
    const keyframe = tag.isKeyframe || isKeyframe(units);
    const timestamp = this.#time(tag.compositionMs, decodingMs, keyframe);
    const payloads = this.#packetizer.packetize(units, keyframe);
    this.#numbers.tieClock(this.#input, timestamp.timeMs);
    for (let index = 0; index < payloads.length; index++) {
      const isLast = index === payloads.length - 1;
      const packet = this.#numbers.packet(payloads[index]!, timestamp.ticks, isLast);
      this.#input.push(packet, nowMs);
    }
    return undefined;
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

function unreadable(reason: string): TagResult {
  return {
    fatal: reason,
    message: `The encoder's H.264 sequence header cannot be read (${reason}).`,
  };
}

function unsupported(codec: string): string {
  return (
    `This encoder sends ${codec}. Over RTMP this server accepts H.264 video and AAC audio: ` +
    'choose an H.264 encoder (in OBS: Settings > Output > Streaming > Video Encoder).'
  );
}
