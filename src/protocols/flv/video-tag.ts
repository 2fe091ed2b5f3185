import type { VideoCodec } from '../../base/session.ts';
import { ENHANCED_PACKET, type EnhancedReject, parseEnhanced } from './enhanced.ts';

/** What a video tag's body holds (FLV 10.1, E.4.3, and Enhanced RTMP v2). */
export type VideoTag =
  | {
      readonly type: 'sequence-header';
      readonly codec: VideoCodec;
      readonly trackId: number;
      /** The codec's configuration record; a view on the body. */
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'frame';
      readonly codec: VideoCodec;
      readonly trackId: number;
      /** As the encoder says it; an IDR picture as a rule, a recovery point with open GOPs. */
      readonly isKeyframe: boolean;
      /** What is to be added to the tag's time to get when the picture is shown, in ms; 0 without B-frames. */
      readonly compositionMs: number;
      /** As the codec is carried in MP4: length-prefixed NAL units, OBUs, a frame; a view on the body. */
      readonly data: Uint8Array;
    }
  /** End of sequence, metadata, and commands to players: nothing to show. */
  | { readonly type: 'nothing' }
  /** Some other codec; `codec` is its name for people. */
  | { readonly type: 'unsupported'; readonly codec: string };

/** Why a tag cannot be read. */
export type VideoTagReject = 'video-tag-truncated' | 'video-tag-unknown-type' | EnhancedReject;

const FRAME_TYPE = { key: 1, command: 5 } as const;
const AVC_PACKET = { sequenceHeader: 0, units: 1, endOfSequence: 2 } as const;
/** The rest of the first byte means something else, and a FourCC follows. */
const ENHANCED = 0x80;
/** Packet types of Enhanced RTMP that only video has. */
const ENHANCED_VIDEO = {
  ...ENHANCED_PACKET,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
} as const;

/** By CodecID. H.265 was never in the specification under 12, but encoders have sent it so for years. */
const CODECS: Readonly<Record<number, VideoCodec>> = { 7: 'h264', 12: 'h265' };
const FOURCC_CODECS: Readonly<Record<string, VideoCodec>> = {
  avc1: 'h264',
  hvc1: 'h265',
  av01: 'av1',
  vp09: 'vp9',
  vp08: 'vp8',
};
/** Codecs whose coded frames tell a composition time. */
const COMPOSED: readonly VideoCodec[] = ['h264', 'h265'];

const CODEC_NAMES: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen video 2',
};
const FOURCC_NAMES: Readonly<Record<string, string>> = { vvc1: 'H.266' };

/** Reads a video tag's body. The result's data are views on it. */
export function parseVideoTag(body: Uint8Array): VideoTag | VideoTagReject {
  const first = body[0];
  if (first === undefined) return 'video-tag-truncated';
  if ((first & ENHANCED) !== 0) return enhanced(body);
  const frameType = first >> 4;
  if (frameType === FRAME_TYPE.command) return { type: 'nothing' };
  const codecId = first & 0x0f;
  const codec = CODECS[codecId];
  if (!codec) {
    return { type: 'unsupported', codec: CODEC_NAMES[codecId] ?? `video codec ${codecId}` };
  }
  if (body.length < 5) return 'video-tag-truncated';
  const data = body.subarray(5);
  switch (body[1]) {
    case AVC_PACKET.sequenceHeader:
      return { type: 'sequence-header', codec, trackId: 0, data };
    case AVC_PACKET.units: {
      const compositionMs = readInt24(body, 2);
      const isKeyframe = frameType === FRAME_TYPE.key;
      return { type: 'frame', codec, trackId: 0, isKeyframe, compositionMs, data };
    }
    case AVC_PACKET.endOfSequence:
      return { type: 'nothing' };
    default:
      return 'video-tag-unknown-type';
  }
}

function enhanced(body: Uint8Array): VideoTag | VideoTagReject {
  const frameType = (body[0]! >> 4) & 7;
  if ((body[0]! & 0x0f) !== ENHANCED_VIDEO.metadata && frameType === FRAME_TYPE.command) {
    return { type: 'nothing' };
  }
  const part = parseEnhanced(body, ENHANCED_VIDEO.multitrack);
  if (typeof part === 'string') return part;
  const { packetType, fourCc, trackId, data } = part;
  if (packetType === ENHANCED_VIDEO.metadata) return { type: 'nothing' };
  const codec = FOURCC_CODECS[fourCc];
  if (!codec) {
    return { type: 'unsupported', codec: FOURCC_NAMES[fourCc] ?? `video codec "${fourCc}"` };
  }
  const isKeyframe = frameType === FRAME_TYPE.key;
  switch (packetType) {
    case ENHANCED_VIDEO.sequenceStart:
      return { type: 'sequence-header', codec, trackId, data };
    case ENHANCED_VIDEO.codedFramesX:
      return { type: 'frame', codec, trackId, isKeyframe, compositionMs: 0, data };
    case ENHANCED_VIDEO.codedFrames: {
      if (!COMPOSED.includes(codec)) {
        return { type: 'frame', codec, trackId, isKeyframe, compositionMs: 0, data };
      }
      if (data.length < 3) return 'video-tag-truncated';
      const compositionMs = readInt24(data, 0);
      return { type: 'frame', codec, trackId, isKeyframe, compositionMs, data: data.subarray(3) };
    }
    case ENHANCED_VIDEO.sequenceEnd:
    case ENHANCED_VIDEO.mpeg2TsSequenceStart: // AV1's descriptor; its sequence headers are in the stream
      return { type: 'nothing' };
    default:
      return 'video-tag-unknown-type';
  }
}

/** Signed, 24 bits. */
function readInt24(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8)) >> 8;
}
