/** Facts about VP8: its RTP payload descriptor (RFC 7741 §4.2) and its key frame header (RFC 6386 §9.1). */
import { isSanePictureSize, type PictureSize } from './picture-size.ts';

/** Frame tag, start code, width and height of a key frame. */
const KEY_HEADER_BYTES = 10;

/** Where the VP8 data begin in an RTP payload; undefined where the descriptor is cut short. */
export function vp8DataOffset(payload: Uint8Array): number | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  let offset = 1;
  if ((first & 0x80) !== 0) {
    const extension = payload[offset++] ?? 0;
    // I: the picture id has 7 or 15 bits, as its own first bit says.
    if ((extension & 0x80) !== 0) offset += ((payload[offset] ?? 0) & 0x80) !== 0 ? 2 : 1;
    if ((extension & 0x40) !== 0) offset++; // L: TL0PICIDX
    if ((extension & 0x30) !== 0) offset++; // T or K: TID, Y, KEYIDX
  }
  return offset < payload.length ? offset : undefined;
}

/** N, S and the partition index: what is left of a descriptor without its extension. */
const PLAIN_DESCRIPTOR = 0x37;

/**
 * The payload without picture ids and layer indexes, which are an encoder's own and go astray where a viewer goes over
 * to another one. Writes to the payload's bytes.
 */
export function withoutVp8Extension(payload: Uint8Array): Uint8Array {
  const offset = vp8DataOffset(payload);
  if (offset === undefined || offset === 1) return payload;
  const plain = payload.subarray(offset - 1);
  plain[0] = (payload[0] as number) & PLAIN_DESCRIPTOR;
  return plain;
}

/** Whether an RTP payload begins a key frame. */
export function vp8StartsKeyframe(payload: Uint8Array): boolean {
  // S, and partition index 0: the frame's first packet.
  if (((payload[0] ?? 0) & 0x17) !== 0x10) return false;
  const offset = vp8DataOffset(payload);
  return offset !== undefined && isVp8Keyframe(payload.subarray(offset));
}

/** Whether a frame, or its first bytes, is a key frame: the inverse bit of the frame tag. */
export function isVp8Keyframe(frame: Uint8Array): boolean {
  return frame[0] !== undefined && (frame[0] & 1) === 0;
}

/** The picture size of a key frame; undefined for anything else. */
export function vp8PictureSize(frame: Uint8Array): PictureSize | undefined {
  if (frame.length < KEY_HEADER_BYTES || !isVp8Keyframe(frame)) return undefined;
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined;
  // The two bits above are for scaling, which browsers leave to the page.
  const width = frame[6]! | ((frame[7]! & 0x3f) << 8);
  const height = frame[8]! | ((frame[9]! & 0x3f) << 8);
  return isSanePictureSize({ width, height }) ? { width, height } : undefined;
}
