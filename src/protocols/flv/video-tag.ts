import { type AvcConfiguration, type H264Reject, parseAvcConfiguration } from '../codecs/h264.ts';

/** What a video tag's body holds (FLV 10.1, E.4.3). */
export type VideoTag =
  | { readonly type: 'sequence-header'; readonly configuration: AvcConfiguration }
  | {
      readonly type: 'frame';
      /** As the encoder says it; an IDR picture as a rule, a recovery point with open GOPs. */
      readonly isKeyframe: boolean;
      /** What is to be added to the tag's time to get when the picture is shown, in ms; 0 without B-frames. */
      readonly compositionMs: number;
      /** Length-prefixed NAL units; a view on the body. */
      readonly data: Uint8Array;
    }
  /** End of sequence, and commands to players: nothing to show. */
  | { readonly type: 'nothing' }
  /** Some other codec; `codec` is its name for people. */
  | { readonly type: 'unsupported'; readonly codec: string };

/** Why a video tag’s body is dropped. */
export type VideoTagReject = 'video-tag-truncated' | 'video-tag-unknown-type' | H264Reject;

const CODEC_AVC = 7;
const FRAME_TYPE = { key: 1, command: 5 } as const;
const AVC_PACKET = { sequenceHeader: 0, units: 1, endOfSequence: 2 } as const;
/** Enhanced RTMP: the rest of the first byte means something else, and a FourCC follows. */
const ENHANCED = 0x80;

const CODEC_NAMES: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen video 2',
  12: 'H.265', // never in the specification, but sent by encoders for years
};
const FOURCC_NAMES: Readonly<Record<string, string>> = {
  avc1: 'H.264 in Enhanced RTMP framing',
  hvc1: 'H.265',
  av01: 'AV1',
  vp09: 'VP9',
  vp08: 'VP8',
};

/** Reads a video tag's body. The result's data are views on it. */
export function parseVideoTag(body: Uint8Array): VideoTag | VideoTagReject {
  const first = body[0];
  if (first === undefined) return 'video-tag-truncated';
  if ((first & ENHANCED) !== 0) return enhanced(body);
  const frameType = first >> 4;
  if (frameType === FRAME_TYPE.command) return { type: 'nothing' };
  const codec = first & 0x0f;
  if (codec !== CODEC_AVC) {
    return { type: 'unsupported', codec: CODEC_NAMES[codec] ?? `video codec ${codec}` };
  }
  if (body.length < 5) return 'video-tag-truncated';
  switch (body[1]) {
    case AVC_PACKET.sequenceHeader: {
      const configuration = parseAvcConfiguration(body.subarray(5));
      if (typeof configuration === 'string') return configuration;
      return { type: 'sequence-header', configuration };
    }
    case AVC_PACKET.units:
      return {
        type: 'frame',
        isKeyframe: frameType === FRAME_TYPE.key,
        compositionMs: ((body[2]! << 24) | (body[3]! << 16) | (body[4]! << 8)) >> 8, // signed, 24 bits
        data: body.subarray(5),
      };
    case AVC_PACKET.endOfSequence:
      return { type: 'nothing' };
    default:
      return 'video-tag-unknown-type';
  }
}

function enhanced(body: Uint8Array): VideoTag | VideoTagReject {
  if (body.length < 5) return 'video-tag-truncated';
  const fourCc = String.fromCharCode(...body.subarray(1, 5)).replace(/[^\x21-\x7e]/g, '?');
  return { type: 'unsupported', codec: FOURCC_NAMES[fourCc] ?? `video codec "${fourCc}"` };
}
