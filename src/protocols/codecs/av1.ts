/** Facts about AV1: OBUs (AV1 specification §5.3), and what an RTP payload of them begins with (AV1 RTP, §4). */
import { BitReader } from './bit-reader.ts';
import { isSanePictureSize, type PictureSize } from './picture-size.ts';

/** obu_type (§6.2.2) */
export const OBU = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

/** Why AV1 data cannot be read. */
export type Av1Reject = 'obu-truncated' | 'obu-too-many' | 'av1c-truncated' | 'av1c-bad-version';

/** One OBU as RTP wants it: its header without obu_size, then its payload; views on what was read. */
export type Obu = {
  readonly type: number;
  /** One byte, or two with an extension; has_size_field is 0. */
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
};

/** A temporal unit of 8K video in the smallest tiles has some hundred. */
const OBUS_MAX = 1024;
/** leb128() has at most eight bytes (§4.10.5), and no OBU that we hold needs more than four. */
const LEB128_BYTES_MAX = 8;
const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;

/** obu_type of an OBU's first byte; 0 (reserved) for no byte at all. */
export function obuType(first: number | undefined): number {
  return ((first ?? 0) >> 3) & 0x0f;
}

/** A number and how many bytes it took; undefined when it is cut short or too large. */
export function readLeb128(
  bytes: Uint8Array,
  offset: number,
): { readonly value: number; readonly length: number } | undefined {
  let value = 0;
  for (let index = 0; index < LEB128_BYTES_MAX; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) !== 0) continue;
    return value <= 0xffff_ffff ? { value, length: index + 1 } : undefined;
  }
  return undefined;
}

/** Splits a temporal unit in the low overhead format (§5.2) into its OBUs. The last may have no size. */
export function splitObus(data: Uint8Array): Obu[] | Av1Reject {
  const obus: Obu[] = [];
  let offset = 0;
  while (offset < data.length) {
    const first = data[offset]!;
    const headerBytes = (first & HAS_EXTENSION) !== 0 ? 2 : 1;
    if (offset + headerBytes > data.length) return 'obu-truncated';
    // A copy: a Buffer's own slice() would be a view.
    const header = new Uint8Array(data.subarray(offset, offset + headerBytes));
    header[0] = first & ~HAS_SIZE;
    offset += headerBytes;
    let length = data.length - offset;
    if ((first & HAS_SIZE) !== 0) {
      const size = readLeb128(data, offset);
      if (!size) return 'obu-truncated';
      offset += size.length;
      length = size.value;
    }
    if (length > data.length - offset) return 'obu-truncated';
    obus.push({ type: obuType(first), header, payload: data.subarray(offset, offset + length) });
    if (obus.length > OBUS_MAX) return 'obu-too-many';
    offset += length;
  }
  return obus;
}

/** av1C (AV1-ISOBMFF §2.3.3): an RTMP publisher's sequence header. What it configures are OBUs. */
export function parseAv1Configuration(bytes: Uint8Array): Obu[] | Av1Reject {
  if (bytes.length < 4) return 'av1c-truncated';
  if (bytes[0] !== 0x81) return 'av1c-bad-version';
  return splitObus(bytes.subarray(4));
}

/** Whether a frame or frame header OBU begins a shown key frame (§5.9.2), under a sequence header that is no still. */
export function isKeyFrameObu(type: number, payload: Uint8Array): boolean {
  if (type !== OBU.frame && type !== OBU.frameHeader) return false;
  // show_existing_frame 0, frame_type 0 (KEY_FRAME), show_frame 1.
  return ((payload[0] ?? 0xff) & 0xf0) === 0x10;
}

/** Whether these OBUs are a temporal unit to start from. */
export function isAv1Keyframe(obus: readonly Obu[]): boolean {
  return obus.some(({ type, payload }) => isKeyFrameObu(type, payload));
}

/** One element of an RTP payload: an OBU, or a part of one. */
export type ObuElement = {
  readonly bytes: Uint8Array;
  /** Goes on from the packet before. */
  readonly isContinued: boolean;
  /** Goes on in the next packet. */
  readonly continues: boolean;
};

/** The elements of an RTP payload (AV1 RTP §4.4); what is cut short is left out. */
export function obuElements(payload: Uint8Array): ObuElement[] {
  const first = payload[0] ?? 0;
  const count = (first >> 4) & 3; // W: 0 when every element has its length
  const elements: ObuElement[] = [];
  let offset = 1;
  while (offset < payload.length) {
    let length = payload.length - offset;
    if (count === 0 || elements.length + 1 < count) {
      const size = readLeb128(payload, offset);
      if (!size || size.value > length - size.length) return elements;
      offset += size.length;
      length = size.value;
    }
    const bytes = payload.subarray(offset, offset + length);
    offset += length;
    elements.push({
      bytes,
      isContinued: elements.length === 0 && (first & 0x80) !== 0, // Z
      continues: offset >= payload.length && (first & 0x40) !== 0, // Y
    });
  }
  return elements;
}

/** The N bit: the first packet of a coded video sequence. */
export const NEW_SEQUENCE = 0x08;

/** Whether an RTP payload begins a temporal unit that a decoder can start from. */
export function av1StartsKeyframe(payload: Uint8Array): boolean {
  if (((payload[0] ?? 0) & NEW_SEQUENCE) !== 0) return payload.length > 1;
  for (const { bytes, isContinued } of obuElements(payload)) {
    if (isContinued) continue;
    const type = obuType(bytes[0]);
    if (type === OBU.sequenceHeader || isKeyFrameObu(type, obuPayload(bytes))) return true;
  }
  return false;
}

/** What follows the header of an OBU, as RTP carries it; a size, where a sender left one in, is skipped. */
export function obuPayload(obu: Uint8Array): Uint8Array {
  const first = obu[0] ?? 0;
  const headerBytes = (first & HAS_EXTENSION) !== 0 ? 2 : 1;
  const size = (first & HAS_SIZE) !== 0 ? readLeb128(obu, headerBytes) : undefined;
  return obu.subarray(headerBytes + (size?.length ?? 0));
}

/** The picture size that a sequence header OBU's payload allows (§5.5.1); undefined when it cannot be read. */
export function av1PictureSize(sequenceHeader: Uint8Array): PictureSize | undefined {
  const reader = new BitReader(sequenceHeader, 0, 'plain');
  reader.skip(3 + 1); // seq_profile, still_picture
  const isReduced = reader.flag(); // reduced_still_picture_header
  if (isReduced) reader.skip(5);
  else skipOperatingPoints(reader);
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  return !reader.overrun && isSanePictureSize({ width, height }) ? { width, height } : undefined;
}

/** Timing and operating points of a sequence header (§5.5.1). @returns level and tier of the first point */
export function skipOperatingPoints(reader: BitReader): { level: number; tier: number } {
  let hasDecoderModel = false;
  let delayBits = 0;
  if (reader.flag()) {
    reader.skip(64); // num_units_in_display_tick, time_scale
    if (reader.flag()) reader.unsignedExpGolomb(); // equal_picture_interval: uvlc() is read as ue(v) is
    hasDecoderModel = reader.flag();
    if (hasDecoderModel) {
      delayBits = reader.bits(5) + 1; // buffer_delay_length_minus_1
      reader.skip(32 + 5 + 5); // num_units_in_decoding_tick, the lengths of removal and presentation times
    }
  }
  const hasInitialDelay = reader.flag();
  const points = reader.bits(5) + 1;
  const read = Array.from({ length: points }, () => {
    const point = readLevel(reader);
    if (hasDecoderModel && reader.flag()) reader.skip(2 * delayBits + 1);
    if (hasInitialDelay && reader.flag()) reader.skip(4);
    return point;
  });
  return read[0]!;
}

function readLevel(reader: BitReader): { level: number; tier: number } {
  reader.skip(12); // operating_point_idc
  const level = reader.bits(5); // seq_level_idx
  return { level, tier: level > 7 ? reader.bit() : 0 }; // seq_tier
}
