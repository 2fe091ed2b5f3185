/** From what RTMP carries of each codec to RTP payloads: one coder per codec, and the table of them. */
import type { VideoCodec } from '../../base/session.ts';
import type { CodedProfile } from '../../engine/publishing.ts';
import {
  av1PictureSize,
  isAv1Keyframe,
  OBU,
  type Obu,
  parseAv1Configuration,
  splitObus,
} from '../../protocols/codecs/av1.ts';
import {
  isKeyframe as isH264Keyframe,
  NAL,
  nalType,
  parseAvcConfiguration,
  sliceTypeOf,
  splitAvcc,
} from '../../protocols/codecs/h264.ts';
import { h264Profile, parseSps } from '../../protocols/codecs/h264-sps.ts';
import {
  h265Profile,
  isH265Keyframe,
  parseHevcConfiguration,
} from '../../protocols/codecs/h265.ts';
import { parseH265Sps } from '../../protocols/codecs/h265-sps.ts';
import type { PictureSize } from '../../protocols/codecs/picture-size.ts';
import { isVp8Keyframe, vp8PictureSize } from '../../protocols/codecs/vp8.ts';
import { isVp9Keyframe, vp9PictureSize } from '../../protocols/codecs/vp9.ts';
import { Av1Packetizer } from '../../protocols/rtp/payload/av1.ts';
import { H264Packetizer } from '../../protocols/rtp/payload/h264.ts';
import { H265Packetizer } from '../../protocols/rtp/payload/h265.ts';
import { Vp8Packetizer } from '../../protocols/rtp/payload/vp8.ts';
import { Vp9Packetizer } from '../../protocols/rtp/payload/vp9.ts';

/** What a sequence header tells. */
export type CodedFormat = {
  readonly size: PictureSize | undefined;
  /** How many pictures may come ahead of one that is shown before them, where the encoder says. */
  readonly reorderFrames: number | undefined;
  readonly coded: CodedProfile | undefined;
};

export type CodedFrame = {
  /** RTP payloads, in order; valid until the next frame. */
  readonly payloads: readonly Uint8Array[];
  readonly isKeyframe: boolean;
  /** One of its slices is a B slice, in a codec where that means another order. */
  readonly isBFrame: boolean;
  /** Padding in it, which was left out. */
  readonly fillerBytes: number;
  /** Where the frame itself tells it. */
  readonly size: PictureSize | undefined;
};

export interface VideoCoder {
  /** False for codecs whose keyframes say all that there is to know. */
  readonly needsSequenceHeader: boolean;
  /** Whether `isBFrame` can be relied on: without those, pictures are shown in the order in which they come. */
  readonly tellsBFrames: boolean;
  /** A sequence header; why it cannot be read, else. */
  configure(data: Uint8Array): CodedFormat | string;
  /** One frame, by the encoder's word a keyframe or not; why it cannot be sent, else. */
  code(data: Uint8Array, isKeyframe: boolean): CodedFrame | string;
}

/** @param random a number that nobody can guess: where picture ids begin */
export const videoCoders: Readonly<Record<VideoCodec, (random: number) => VideoCoder>> = {
  h264: () => new H264Coder(),
  h265: () => new H265Coder(),
  av1: () => new Av1Coder(),
  vp8: (random) => new FrameCoder(new Vp8Packetizer(random), isVp8Keyframe, vp8PictureSize),
  vp9: (random) => new FrameCoder(new Vp9Packetizer(random), isVp9Keyframe, vp9PictureSize),
};

const NOTHING_KNOWN: CodedFormat = {
  size: undefined,
  reorderFrames: undefined,
  coded: undefined,
};

class H264Coder implements VideoCoder {
  readonly needsSequenceHeader = true;
  readonly tellsBFrames = true;
  readonly #packetizer = new H264Packetizer();
  #lengthSize: 1 | 2 | 4 = 4;

  configure(data: Uint8Array): CodedFormat | string {
    const configuration = parseAvcConfiguration(data);
    if (typeof configuration === 'string') return configuration;
    const sps = parseSps(configuration.sps[0]!);
    if (typeof sps === 'string') return sps;
    this.#lengthSize = configuration.lengthSize;
    this.#packetizer.setParameterSets(configuration.sps, configuration.pps);
    const coded = { ...h264Profile(sps), fps: sps.fps };
    return { size: sps, reorderFrames: sps.reorderFrames, coded };
  }

  code(data: Uint8Array, saysKeyframe: boolean): CodedFrame | string {
    const units = splitAvcc(data, this.#lengthSize);
    if (typeof units === 'string') return units;
    const isKeyframe = saysKeyframe || isH264Keyframe(units);
    const isBFrame = units.some((unit) => sliceTypeOf(unit) === 'B');
    const payloads = this.#packetizer.packetize(units, isKeyframe);
    let fillerBytes = 0;
    for (const unit of units) if (nalType(unit) === NAL.filler) fillerBytes += unit.length;
    return { payloads, isKeyframe, isBFrame, fillerBytes, size: undefined };
  }
}

class H265Coder implements VideoCoder {
  readonly needsSequenceHeader = true;
  readonly tellsBFrames = false;
  readonly #packetizer = new H265Packetizer();
  #lengthSize: 1 | 2 | 4 = 4;

  configure(data: Uint8Array): CodedFormat | string {
    const configuration = parseHevcConfiguration(data);
    if (typeof configuration === 'string') return configuration;
    const sps = parseH265Sps(configuration.sps[0]!);
    if (typeof sps === 'string') return sps;
    this.#lengthSize = configuration.lengthSize;
    const { vps, pps } = configuration;
    this.#packetizer.setParameterSets(vps, configuration.sps, pps);
    const coded = { ...h265Profile(sps), fps: undefined };
    return { size: sps, reorderFrames: sps.reorderFrames, coded };
  }

  code(data: Uint8Array, saysKeyframe: boolean): CodedFrame | string {
    const units = splitAvcc(data, this.#lengthSize);
    if (typeof units === 'string') return units;
    const isKeyframe = saysKeyframe || isH265Keyframe(units);
    const payloads = this.#packetizer.packetize(units, isKeyframe);
    // A B slice of H.265 may refer to the past alone, and encoders without reordering use them.
    return {
      payloads,
      isKeyframe,
      isBFrame: false,

      fillerBytes: 0,
      size: undefined,
    };
  }
}

class Av1Coder implements VideoCoder {
  readonly needsSequenceHeader = false;
  readonly tellsBFrames = false;
  readonly #packetizer = new Av1Packetizer();

  configure(data: Uint8Array): CodedFormat | string {
    const obus = parseAv1Configuration(data);
    if (typeof obus === 'string') return obus;
    this.#packetizer.setSequenceHeader(obus);
    return { ...NOTHING_KNOWN, size: sizeIn(obus) };
  }

  code(data: Uint8Array): CodedFrame | string {
    const obus = splitObus(data);
    if (typeof obus === 'string') return obus;
    const isKeyframe = isAv1Keyframe(obus);
    const payloads = this.#packetizer.packetize(obus);
    // AV1 hides the frames that come early: what a temporal unit shows is always next.
    return {
      payloads,
      isKeyframe,
      isBFrame: false,

      fillerBytes: 0,
      size: sizeIn(obus),
    };
  }
}

function sizeIn(obus: readonly Obu[]): PictureSize | undefined {
  const header = obus.find(({ type }) => type === OBU.sequenceHeader);
  return header && av1PictureSize(header.payload);
}

/** VP8 and VP9: a frame is a frame. */
class FrameCoder implements VideoCoder {
  readonly needsSequenceHeader = false;
  readonly tellsBFrames = false;
  readonly #packetizer: { packetize(frame: Uint8Array): Uint8Array[] };
  readonly #isKeyframe: (frame: Uint8Array) => boolean;
  readonly #sizeOf: (frame: Uint8Array) => PictureSize | undefined;

  constructor(
    packetizer: { packetize(frame: Uint8Array): Uint8Array[] },
    isKeyframe: (frame: Uint8Array) => boolean,
    sizeOf: (frame: Uint8Array) => PictureSize | undefined,
  ) {
    this.#packetizer = packetizer;
    this.#isKeyframe = isKeyframe;
    this.#sizeOf = sizeOf;
  }

  /** VPCodecConfigurationRecord tells profile and colours, which each keyframe tells again. */
  configure(): CodedFormat {
    return NOTHING_KNOWN;
  }

  code(data: Uint8Array): CodedFrame {
    const payloads = this.#packetizer.packetize(data);
    return {
      payloads,
      isKeyframe: this.#isKeyframe(data),
      isBFrame: false,

      fillerBytes: 0,
      size: this.#sizeOf(data),
    };
  }
}
