/** Facts about H.264 bitstreams: NAL units, AVCC framing (ISO 14496-15), and what an RTP payload begins with. */
import { BitReader } from './bit-reader.ts';

/** nal_unit_type (H.264 table 7-1), and the RTP payload structures that share its numbers (RFC 6184 §5.2). */
export const NAL = {
  slice: 1,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
  stapA: 24,
  fuA: 28,
} as const;

/** Why a sequence header or a frame in AVCC framing is dropped. */
export type H264Reject =
  | 'avcc-truncated'
  | 'avcc-bad-version'
  | 'avcc-bad-length-size'
  | 'avcc-no-parameter-sets'
  | 'avcc-overrun'
  | 'avcc-too-many-units';

/** AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1): an RTMP publisher's sequence header. */
export type AvcConfiguration = {
  readonly profileIdc: number;
  readonly levelIdc: number;
  /** Bytes of the length ahead of each NAL unit. */
  readonly lengthSize: 1 | 2 | 4;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
};

/** A frame of 8K video in the smallest slices that encoders make has a few hundred. */
const UNITS_PER_FRAME_MAX = 1024;

/** nal_unit_type of a unit or an RTP payload; 0 (unspecified) for no bytes at all. */
export function nalType(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 0x1f;
}

/** Whether a NAL unit carries picture data (H.264 table 7-1, VCL). */
export function isSlice(unit: Uint8Array): boolean {
  const type = nalType(unit);
  return type >= NAL.slice && type <= NAL.idr;
}

/** Whether these NAL units hold an IDR picture. */
export function isKeyframe(units: readonly Uint8Array[]): boolean {
  return units.some((unit) => nalType(unit) === NAL.idr);
}

/** Reads a sequence header. The result's sets are views on `bytes`. */
export function parseAvcConfiguration(bytes: Uint8Array): AvcConfiguration | H264Reject {
  if (bytes.length < 7) return 'avcc-truncated';
  if (bytes[0] !== 1) return 'avcc-bad-version';
  const lengthSize = (bytes[4]! & 3) + 1;
  if (lengthSize === 3) return 'avcc-bad-length-size';
  const sps = readSets(bytes, 6, bytes[5]! & 0x1f, NAL.sps);
  if (typeof sps === 'string') return sps;
  const ppsCount = bytes[sps.end];
  if (ppsCount === undefined) return 'avcc-truncated';
  // What follows for the high profiles (chroma format, SPS extensions) repeats the SPS or is not for browsers.
  const pps = readSets(bytes, sps.end + 1, ppsCount, NAL.pps);
  if (typeof pps === 'string') return pps;
  if (sps.sets.length === 0 || pps.sets.length === 0) return 'avcc-no-parameter-sets';
  return {
    profileIdc: bytes[1]!,
    levelIdc: bytes[3]!,
    lengthSize: lengthSize as 1 | 2 | 4,
    sps: sps.sets,
    pps: pps.sets,
  };
}

function readSets(
  bytes: Uint8Array,
  start: number,
  count: number,
  type: number,
): { readonly sets: Uint8Array[]; readonly end: number } | H264Reject {
  const sets: Uint8Array[] = [];
  let offset = start;
  for (let index = 0; index < count; index++) {
    if (offset + 2 > bytes.length) return 'avcc-truncated';
    const length = (bytes[offset]! << 8) | bytes[offset + 1]!;
    offset += 2;
    if (offset + length > bytes.length) return 'avcc-truncated';
    const set = bytes.subarray(offset, offset + length);
    if (nalType(set) === type) sets.push(set);
    offset += length;
  }
  return { sets, end: offset };
}

/** Splits length-prefixed data into NAL units (views on `data`); empty units are left out. */
export function splitAvcc(data: Uint8Array, lengthSize: 1 | 2 | 4): Uint8Array[] | H264Reject {
  const units: Uint8Array[] = [];
  let offset = 0;
  while (offset < data.length) {
    if (offset + lengthSize > data.length) return 'avcc-overrun';
    let length = 0;
    for (let index = 0; index < lengthSize; index++) length = length * 256 + data[offset + index]!;
    offset += lengthSize;
    if (length > data.length - offset) return 'avcc-overrun';
    if (length > 0) units.push(data.subarray(offset, offset + length));
    if (units.length > UNITS_PER_FRAME_MAX) return 'avcc-too-many-units';
    offset += length;
  }
  return units;
}

/** slice_type modulo 5 (H.264 table 7-6). */
export type SliceType = 'P' | 'B' | 'I' | 'SP' | 'SI';
const sliceTypes: readonly SliceType[] = ['P', 'B', 'I', 'SP', 'SI'];

/** slice_type of a slice NAL unit (H.264 §7.3.3); undefined for anything else, and for nonsense. */
export function sliceTypeOf(unit: Uint8Array): SliceType | undefined {
  const type = nalType(unit);
  // Partitions B and C (3, 4) begin otherwise; no live encoder makes them.
  if (type !== NAL.slice && type !== NAL.idr) return undefined;
  const reader = new BitReader(unit, 1, 'nal');
  reader.unsignedExpGolomb(); // first_mb_in_slice
  const code = reader.unsignedExpGolomb();
  return reader.overrun || code > 9 ? undefined : sliceTypes[code % 5];
}

/** seq_parameter_set_id or pic_parameter_set_id of an SPS or PPS: sets of one id replace each other. */
export function parameterSetId(unit: Uint8Array): number | undefined {
  // An SPS has profile_idc, constraint flags and level_idc ahead of its id (H.264 §7.3.2.1.1).
  const reader = new BitReader(unit, nalType(unit) === NAL.sps ? 4 : 1, 'nal');
  const id = reader.unsignedExpGolomb();
  return reader.overrun ? undefined : id;
}

/**
 * Whether an RTP payload (RFC 6184) begins an access unit that a decoder can start from: an SPS, or the first slice of
 * an IDR picture. Both come true within one access unit when the SPS travels in its own packet: of packets with one
 * timestamp only the first counts.
 */
export function startsKeyframe(payload: Uint8Array): boolean {
  switch (nalType(payload)) {
    case NAL.sps:
      return payload.length > 1;
    case NAL.idr:
      return beginsPicture(payload, 1);
    case NAL.stapA:
      return stapStartsKeyframe(payload);
    case NAL.fuA: {
      const header = payload[1] ?? 0;
      if ((header & 0x80) === 0) return false;
      const type = header & 0x1f;
      return type === NAL.sps || (type === NAL.idr && beginsPicture(payload, 2));
    }
    default:
      return false;
  }
}

/** first_mb_in_slice is 0, written as a single 1 bit: no later slice of a picture looks like that. */
function beginsPicture(payload: Uint8Array, sliceHeaderAt: number): boolean {
  return ((payload[sliceHeaderAt] ?? 0) & 0x80) !== 0;
}

function stapStartsKeyframe(payload: Uint8Array): boolean {
  let offset = 1;
  while (offset + 2 < payload.length) {
    const length = (payload[offset]! << 8) | payload[offset + 1]!;
    const type = payload[offset + 2]! & 0x1f;
    if (length > 0 && type === NAL.sps) return true;
    if (length > 1 && type === NAL.idr && beginsPicture(payload, offset + 3)) return true;
    offset += 2 + length;
  }
  return false;
}

/**
 * The NAL units that lie whole in one RTP payload (views): one for a single NAL unit packet, several for a STAP-A, none
 * for a fragment. A STAP-A cut short gives what is whole.
 */
export function unitsInPayload(payload: Uint8Array): Uint8Array[] {
  const type = nalType(payload);
  if (type >= NAL.slice && type < NAL.stapA) return [payload];
  if (type !== NAL.stapA) return [];
  const units: Uint8Array[] = [];
  let offset = 1;
  while (offset + 2 < payload.length) {
    const length = (payload[offset]! << 8) | payload[offset + 1]!;
    offset += 2;
    if (offset + length > payload.length) break;
    if (length > 0) units.push(payload.subarray(offset, offset + length));
    offset += length;
  }
  return units;
}

/** The SPS in an RTP payload, if it has one: where the picture size of a WebRTC publisher is to be found. */
export function findSps(payload: Uint8Array): Uint8Array | undefined {
  return unitsInPayload(payload).find((unit) => nalType(unit) === NAL.sps);
}

/** The PPS in an RTP payload, if it has one. */
export function findPps(payload: Uint8Array): Uint8Array | undefined {
  return unitsInPayload(payload).find((unit) => nalType(unit) === NAL.pps);
}

/**
 * slice_type of the slice that an RTP payload begins with: also of a first fragment, which has the slice header. For
 * finding B-frames of WebRTC publishers.
 */
export function sliceTypeInPayload(payload: Uint8Array): SliceType | undefined {
  if (nalType(payload) !== NAL.fuA) {
    const slice = unitsInPayload(payload).find(isSlice);
    return slice && sliceTypeOf(slice);
  }
  const header = payload[1] ?? 0;
  if ((header & 0x80) === 0) return undefined;
  // The FU header takes the NAL header's place: same type, and sliceTypeOf looks at nothing else in it.
  return sliceTypeOf(payload.subarray(1, 1 + SLICE_HEADER_BYTES));
}

/** Two Exp-Golomb codes of at most 33 bits each, with room for emulation prevention. */
const SLICE_HEADER_BYTES = 16;
