/** Facts about H.265 bitstreams: NAL units, HEVCDecoderConfigurationRecord, and what an RTP payload begins with. */
import { BitReader } from './bit-reader.ts';

/** nal_unit_type (H.265 table 7-1), and the RTP payload structures that share its numbers (RFC 7798 §4.4). */
export const H265_NAL = {
  /** IRAP pictures, where decoding can begin: 16 to 23. */
  irapFirst: 16,
  irapLast: 23,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  filler: 38,
  aggregation: 48,
  fragmentation: 49,
} as const;

/** Of a NAL unit: forbidden bit, type, layer and temporal id (§7.3.1.2). */
export const H265_HEADER_BYTES = 2;

/** Why a sequence header cannot be read. */
export type H265Reject = 'hvcc-truncated' | 'hvcc-bad-length-size' | 'hvcc-no-parameter-sets';

/** HEVCDecoderConfigurationRecord (ISO 14496-15 §8.3.3.1): an RTMP publisher's sequence header. */
export type HevcConfiguration = {
  /** Bytes of the length ahead of each NAL unit. */
  readonly lengthSize: 1 | 2 | 4;
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
};

/** nal_unit_type of a unit or an RTP payload; 63 (unspecified) for no bytes at all. */
export function h265NalType(unit: Uint8Array): number {
  return ((unit[0] ?? 0x7e) >> 1) & 0x3f;
}

function isIrap(type: number): boolean {
  return type >= H265_NAL.irapFirst && type <= H265_NAL.irapLast;
}

/** Whether these NAL units hold a picture to start from. */
export function isH265Keyframe(units: readonly Uint8Array[]): boolean {
  return units.some((unit) => isIrap(h265NalType(unit)));
}

/** Where the arrays of parameter sets begin. */
const ARRAYS_AT = 22;

/** Reads a sequence header. The result's sets are views on `bytes`. */
export function parseHevcConfiguration(bytes: Uint8Array): HevcConfiguration | H265Reject {
  if (bytes.length <= ARRAYS_AT) return 'hvcc-truncated';
  const lengthSize = (bytes[21]! & 3) + 1;
  if (lengthSize === 3) return 'hvcc-bad-length-size';
  const sets: Uint8Array[] = [];
  let offset = ARRAYS_AT + 1;
  for (let array = 0; array < bytes[ARRAYS_AT]!; array++) {
    if (offset + 3 > bytes.length) return 'hvcc-truncated';
    const count = (bytes[offset + 1]! << 8) | bytes[offset + 2]!;
    offset += 3;
    for (let index = 0; index < count; index++) {
      if (offset + 2 > bytes.length) return 'hvcc-truncated';
      const length = (bytes[offset]! << 8) | bytes[offset + 1]!;
      offset += 2;
      if (offset + length > bytes.length) return 'hvcc-truncated';
      sets.push(bytes.subarray(offset, offset + length));
      offset += length;
    }
  }
  const [vps = [], sps = [], pps = []] = [H265_NAL.vps, H265_NAL.sps, H265_NAL.pps].map((type) =>
    sets.filter((set) => h265NalType(set) === type),
  );
  if (vps.length === 0 || sps.length === 0 || pps.length === 0) return 'hvcc-no-parameter-sets';
  return { lengthSize: lengthSize as 1 | 2 | 4, vps, sps, pps };
}

/** The id of a VPS, SPS or PPS: sets of one kind and id replace each other. */
export function h265ParameterSetId(unit: Uint8Array): number | undefined {
  const reader = new BitReader(unit, H265_HEADER_BYTES, 'nal');
  const type = h265NalType(unit);
  if (type === H265_NAL.vps) return reader.bits(4);
  if (type === H265_NAL.sps) {
    reader.skip(4); // sps_video_parameter_set_id
    const subLayers = reader.bits(3); // sps_max_sub_layers_minus1
    reader.bit(); // sps_temporal_id_nesting_flag
    readProfileTierLevel(reader, subLayers);
  }
  const id = reader.unsignedExpGolomb();
  return reader.overrun ? undefined : id;
}

/** What profile_tier_level says of the whole stream. */
export type H265Profile = { readonly profileIdc: number; readonly levelIdc: number };

/** profile_tier_level (§7.3.3) with the profile present. */
export function readProfileTierLevel(reader: BitReader, subLayers: number): H265Profile {
  reader.skip(3); // general_profile_space, general_tier_flag
  const profileIdc = reader.bits(5);
  reader.skip(80); // compatibility and constraint flags
  const levelIdc = reader.bits(8);
  const present = Array.from({ length: subLayers }, () => ({
    profile: reader.flag(),
    level: reader.flag(),
  }));
  if (subLayers > 0) reader.skip(2 * (8 - subLayers)); // reserved_zero_2bits
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
  return { profileIdc, levelIdc };
}

/** By general_profile_idc (annex A.3). */
const PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'Main 10', 4: 'Main 4:4:4' };
/** general_level_idc counts in thirtieths (§A.4.1). */
const LEVEL_PARTS = 30;

/** Profile and level as people call them. */
export function h265Profile({ profileIdc, levelIdc }: H265Profile): {
  readonly profile: string | undefined;
  readonly level: string;
} {
  const level = (levelIdc / LEVEL_PARTS).toFixed(1).replace('.0', '');
  return { profile: PROFILES[profileIdc], level };
}

/**
 * Whether an RTP payload (RFC 7798) begins an access unit that a decoder can start from: parameter sets, or the first
 * slice of an IRAP picture. Of packets with one timestamp only the first counts.
 */
export function h265StartsKeyframe(payload: Uint8Array): boolean {
  const type = h265NalType(payload);
  if (type === H265_NAL.aggregation) {
    return h265UnitsInPayload(payload).some((unit) => unitStartsKeyframe(unit));
  }
  if (type !== H265_NAL.fragmentation) return unitStartsKeyframe(payload);
  const header = payload[2] ?? 0;
  if ((header & 0x80) === 0) return false;
  return starts(header & 0x3f, payload[3]);
}

function unitStartsKeyframe(unit: Uint8Array): boolean {
  return starts(h265NalType(unit), unit[H265_HEADER_BYTES]);
}

/** @param first byte after the NAL header; a slice begins with first_slice_segment_in_pic_flag */
function starts(type: number, first: number | undefined): boolean {
  if (type === H265_NAL.vps || type === H265_NAL.sps) return first !== undefined;
  return isIrap(type) && ((first ?? 0) & 0x80) !== 0;
}

/**
 * The NAL units that lie whole in one RTP payload (views): one for a single NAL unit packet, several for an aggregation
 * packet, none for a fragment. DONs are not expected: our answers do not agree to them (RFC 7798 §7.1).
 */
export function h265UnitsInPayload(payload: Uint8Array): Uint8Array[] {
  const type = h265NalType(payload);
  if (type < H265_NAL.aggregation) return [payload];
  if (type !== H265_NAL.aggregation) return [];
  const units: Uint8Array[] = [];
  let offset = H265_HEADER_BYTES;
  while (offset + 2 < payload.length) {
    const length = (payload[offset]! << 8) | payload[offset + 1]!;
    offset += 2;
    if (offset + length > payload.length) break;
    if (length > 0) units.push(payload.subarray(offset, offset + length));
    offset += length;
  }
  return units;
}
