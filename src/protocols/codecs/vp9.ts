/** Facts about VP9: its RTP payload descriptor (RFC 9628 §4.2) and its uncompressed header (VP9 specification §6.2). */
import { BitReader } from './bit-reader.ts';
import { isSanePictureSize, type PictureSize } from './picture-size.ts';

const SYNC_CODE = 0x498342;
/** color_space: RGB has no subsampling bits in profile 0. */
const COLOR_SPACE_RGB = 7;
/** Reference indexes of one picture in flexible mode (§4.2). */
const REFERENCES_MAX = 3;
const FRAME_MARKER = 2;

/** What we use of a payload descriptor. */
export type Vp9Descriptor = {
  /** B and no upper spatial layer: the picture's first packet. */
  readonly beginsPicture: boolean;
  /** P */
  readonly isPredicted: boolean;
  /** Where the VP9 data begin. */
  readonly dataOffset: number;
};

/** Bits of the descriptor's first byte (§4.2). */
export const VP9_BIT = {
  pictureId: 0x80, // I
  predicted: 0x40, // P
  layers: 0x20, // L
  flexible: 0x10, // F
  begin: 0x08, // B
  end: 0x04, // E
  scalability: 0x02, // V
} as const;

/** Reads the descriptor of an RTP payload; undefined where it is cut short or not possible. */
export function parseVp9Descriptor(payload: Uint8Array): Vp9Descriptor | undefined {
  const first = payload[0] ?? 0;
  const has = (bit: number): boolean => (first & bit) !== 0;
  let offset: number | undefined = 1;
  if (has(VP9_BIT.pictureId)) offset += isLong(payload[offset]) ? 2 : 1;
  let spatialLayer = 0;
  if (has(VP9_BIT.layers)) {
    spatialLayer = ((payload[offset] ?? 0) >> 1) & 7; // TID, U, SID, D
    offset += has(VP9_BIT.flexible) ? 1 : 2; // … and TL0PICIDX
  }
  const isPredicted = has(VP9_BIT.predicted);
  if (has(VP9_BIT.flexible) && isPredicted) offset = skipReferences(payload, offset);
  if (offset === undefined) return undefined;
  if (has(VP9_BIT.scalability)) offset = skipScalability(payload, offset);
  if (offset >= payload.length) return undefined;
  return {
    beginsPicture: has(VP9_BIT.begin) && spatialLayer === 0,
    isPredicted,
    dataOffset: offset,
  };
}

function isLong(pictureId: number | undefined): boolean {
  return ((pictureId ?? 0) & 0x80) !== 0;
}

/** P_DIFF, as long as the N bit says that there is another. */
function skipReferences(payload: Uint8Array, start: number): number | undefined {
  for (let index = 0; index < REFERENCES_MAX; index++) {
    if (((payload[start + index] ?? 0) & 1) === 0) return start + index + 1;
  }
  return undefined;
}

/** The scalability structure (§4.2.1). */
function skipScalability(payload: Uint8Array, start: number): number {
  const header = payload[start] ?? 0;
  let offset = start + 1;
  if ((header & 0x10) !== 0) offset += 4 * ((header >> 5) + 1); // Y: sizes of the spatial layers
  if ((header & 0x08) === 0) return offset;
  const pictures = payload[offset++] ?? 0; // G: a picture group
  for (let index = 0; index < pictures && offset < payload.length; index++) {
    offset += 1 + (((payload[offset] ?? 0) >> 2) & 3);
  }
  return offset;
}

/** Whether an RTP payload begins a picture that a decoder can start from. */
export function vp9StartsKeyframe(payload: Uint8Array): boolean {
  const descriptor = parseVp9Descriptor(payload);
  if (!descriptor?.beginsPicture || descriptor.isPredicted) return false;
  return isVp9Keyframe(payload.subarray(descriptor.dataOffset));
}

/** Whether a frame, or its first bytes, is a key frame: intra-only frames are not predicted either. */
export function isVp9Keyframe(frame: Uint8Array): boolean {
  return readKeyProfile(new BitReader(frame, 0, 'plain')) !== undefined;
}

/** The profile of a key frame; undefined for anything else. */
export function vp9Profile(frame: Uint8Array): number | undefined {
  return readKeyProfile(new BitReader(frame, 0, 'plain'));
}

/** The picture size of a key frame; undefined for anything else. */
export function vp9PictureSize(frame: Uint8Array): PictureSize | undefined {
  const reader = new BitReader(frame, 0, 'plain');
  const profile = readKeyProfile(reader);
  if (profile === undefined) return undefined;
  reader.skip(2); // show_frame, error_resilient_mode
  if (reader.bits(24) !== SYNC_CODE) return undefined;
  skipColorConfig(reader, profile);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  return !reader.overrun && isSanePictureSize({ width, height }) ? { width, height } : undefined;
}

/** The beginning of uncompressed_header: the profile of a key frame, undefined for other frames. */
function readKeyProfile(reader: BitReader): number | undefined {
  const marker = reader.bits(2);
  const low = reader.bit();
  const profile = low + 2 * reader.bit();
  if (profile === 3) reader.bit(); // reserved
  const showsExisting = reader.flag();
  const isInter = reader.flag(); // frame_type: 0 is KEY_FRAME
  const isKey = marker === FRAME_MARKER && !showsExisting && !isInter && !reader.overrun;
  return isKey ? profile : undefined;
}

/** color_config */
function skipColorConfig(reader: BitReader, profile: number): void {
  if (profile >= 2) reader.bit(); // ten_or_twelve_bit
  const isRgb = reader.bits(3) === COLOR_SPACE_RGB;
  if (!isRgb) reader.bit(); // color_range
  if (profile === 1 || profile === 3) reader.skip(isRgb ? 1 : 3); // subsampling, reserved
}
