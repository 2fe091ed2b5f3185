/** The sequence parameter set (H.264 §7.3.2.1.1 and annex E): picture size, profile, and how far pictures are reordered. */
import { BitReader } from './bit-reader.ts';
import { NAL, nalType } from './h264.ts';
import { isSanePictureSize, type PictureSize } from './picture-size.ts';

/** What we read of a sequence parameter set. */
export type H264Sps = {
  readonly profileIdc: number;
  /** constraint_set0_flag is the most significant bit. */
  readonly constraints: number;
  readonly levelIdc: number;
  readonly id: number;
  /** Of the picture as shown: cropping taken off. */
  readonly width: number;
  readonly height: number;
  /**
   * max_num_reorder_frames: how many pictures may come ahead of one that is shown before them. Undefined where the
   * encoder does not say.
   */
  readonly reorderFrames: number | undefined;
  /** Frames a second, where the encoder says so. */
  readonly fps: number | undefined;
};

/** Why a unit is no SPS that we take. */
export type SpsReject = 'sps-not-one' | 'sps-truncated' | 'sps-bad-value';

/** §7.4.2.1.1: num_ref_frames_in_pic_order_cnt_cycle. */
const ORDER_CYCLE_MAX = 255;
/** §E.2.2: cpb_cnt_minus1. */
const HRD_SCHEDULES_MAX = 32;

/** Profiles whose SPS tells the chroma format (§7.3.2.1.1). */
const HIGH_PROFILES: readonly number[] = [
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
];
const EXTENDED_SAR = 255;

/** Reads an SPS NAL unit, header byte included. */
export function parseSps(unit: Uint8Array): H264Sps | SpsReject {
  if (nalType(unit) !== NAL.sps) return 'sps-not-one';
  if (unit.length < 5) return 'sps-truncated';
  const reader = new BitReader(unit, 1, 'nal');
  const profileIdc = reader.bits(8);
  const constraints = reader.bits(8);
  const levelIdc = reader.bits(8);
  const id = reader.unsignedExpGolomb();
  const chromaFormat = HIGH_PROFILES.includes(profileIdc) ? readChroma(reader) : 1;
  reader.unsignedExpGolomb(); // log2_max_frame_num_minus4
  if (!skipPictureOrder(reader)) return 'sps-bad-value';
  reader.unsignedExpGolomb(); // max_num_ref_frames
  reader.bit(); // gaps_in_frame_num_value_allowed_flag
  const size = readSize(reader, chromaFormat);
  if (reader.overrun) return 'sps-truncated';
  if (id > 31 || !size) return 'sps-bad-value';
  const { reorderFrames, fps } = reader.flag() ? readVui(reader) : NO_VUI;
  return { profileIdc, constraints, levelIdc, id, ...size, reorderFrames, fps };
}

/** constraint_set1_flag: of Baseline, the part that everybody decodes (§A.2.1.1). */
const CONSTRAINT_SET1 = 0x40;
/** constraint_set3_flag: of level 1.1 in the older profiles, level 1b (§A.3.1). */
const CONSTRAINT_SET3 = 0x10;
const LEVEL_1_1 = 11;

const PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4',
};

/** Profile and level as people call them. */
export function h264Profile({ profileIdc, constraints, levelIdc }: H264Sps): {
  readonly profile: string | undefined;
  readonly level: string;
} {
  const isConstrained = profileIdc === 66 && (constraints & CONSTRAINT_SET1) !== 0;
  const is1b = levelIdc === LEVEL_1_1 && profileIdc < 100 && (constraints & CONSTRAINT_SET3) !== 0;
  const profile = PROFILES[profileIdc];
  return {
    profile: isConstrained ? 'Constrained Baseline' : profile,
    level: is1b || levelIdc === 9 ? '1b' : (levelIdc / 10).toFixed(1).replace('.0', ''),
  };
}

/** @returns chroma_format_idc */
function readChroma(reader: BitReader): number {
  const chromaFormat = reader.unsignedExpGolomb();
  if (chromaFormat === 3) reader.bit(); // separate_colour_plane_flag
  reader.unsignedExpGolomb(); // bit_depth_luma_minus8
  reader.unsignedExpGolomb(); // bit_depth_chroma_minus8
  reader.bit(); // qpprime_y_zero_transform_bypass_flag
  if (!reader.flag()) return chromaFormat; // seq_scaling_matrix_present_flag
  const lists = chromaFormat === 3 ? 12 : 8;
  for (let index = 0; index < lists; index++) {
    if (reader.flag()) skipScalingList(reader, index < 6 ? 16 : 64);
  }
  return chromaFormat;
}

/** §7.3.2.1.1.1 */
function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size && !reader.overrun; index++) {
    if (next !== 0) next = (last + reader.signedExpGolomb() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(reader: BitReader): boolean {
  const type = reader.unsignedExpGolomb(); // pic_order_cnt_type
  if (type > 2) return false;
  if (type === 0) reader.unsignedExpGolomb(); // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return true;
  reader.bit(); // delta_pic_order_always_zero_flag
  reader.signedExpGolomb(); // offset_for_non_ref_pic
  reader.signedExpGolomb(); // offset_for_top_to_bottom_field
  const cycle = reader.unsignedExpGolomb();
  if (cycle > ORDER_CYCLE_MAX) return false;
  for (let index = 0; index < cycle; index++) reader.signedExpGolomb();
  return true;
}

function readSize(reader: BitReader, chromaFormat: number): PictureSize | undefined {
  const widthMbs = reader.unsignedExpGolomb() + 1;
  const heightUnits = reader.unsignedExpGolomb() + 1;
  const frameMbsOnly = reader.flag();
  if (!frameMbsOnly) reader.bit(); // mb_adaptive_frame_field_flag
  reader.bit(); // direct_8x8_inference_flag
  let width = widthMbs * 16;
  let height = heightUnits * 16 * (frameMbsOnly ? 1 : 2);
  if (reader.flag()) {
    // Cropping counts in chroma samples, and in lines of a field where fields are coded (equations 7-19 to 7-22).
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = (chromaFormat === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2);
    width -= unitX * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb());
    height -= unitY * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb());
  }
  return isSanePictureSize({ width, height }) ? { width, height } : undefined;
}

type Vui = Pick<H264Sps, 'reorderFrames' | 'fps'>;
const NO_VUI: Vui = { reorderFrames: undefined, fps: undefined };

/** Annex E.1.1, to max_num_reorder_frames near its end. A VUI cut short says nothing, and costs nothing else. */
function readVui(reader: BitReader): Vui {
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32); // aspect_ratio_idc
  if (reader.flag()) reader.bit(); // overscan
  if (reader.flag()) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // colour_description
  }
  if (reader.flag()) {
    reader.unsignedExpGolomb(); // chroma_sample_loc_type_top_field
    reader.unsignedExpGolomb(); // …_bottom_field
  }
  const fps = reader.flag() ? readTiming(reader) : undefined;
  return { fps, reorderFrames: readReorderFrames(reader) };
}

/** Faster than any camera: the number means something else. */
const FPS_MAX = 1000;

/** A tick is the time of a field: two make a frame (§E.2.1). */
function readTiming(reader: BitReader): number | undefined {
  const units = reader.bits(32); // num_units_in_tick
  const scale = reader.bits(32); // time_scale
  reader.bit(); // fixed_frame_rate_flag
  const fps = scale / (2 * units);
  return !reader.overrun && fps > 0 && fps <= FPS_MAX ? fps : undefined;
}

function readReorderFrames(reader: BitReader): number | undefined {
  const nalHrd = reader.flag();
  if (nalHrd) skipHrd(reader);
  const vclHrd = reader.flag();
  if (vclHrd) skipHrd(reader);
  if (nalHrd || vclHrd) reader.bit(); // low_delay_hrd_flag
  reader.bit(); // pic_struct_present_flag
  if (!reader.flag()) return undefined; // bitstream_restriction_flag
  reader.bit(); // motion_vectors_over_pic_boundaries_flag
  for (let index = 0; index < 4; index++) reader.unsignedExpGolomb(); // denominators and vector lengths
  const reorderFrames = reader.unsignedExpGolomb();
  return reader.overrun ? undefined : reorderFrames;
}

/** Annex E.1.2 */
function skipHrd(reader: BitReader): void {
  const schedules = Math.min(reader.unsignedExpGolomb() + 1, HRD_SCHEDULES_MAX);
  reader.skip(8); // scales
  for (let index = 0; index < schedules; index++) {
    reader.unsignedExpGolomb(); // bit_rate_value_minus1
    reader.unsignedExpGolomb(); // cpb_size_value_minus1
    reader.bit(); // cbr_flag
  }
  reader.skip(20); // lengths of delays and of the time offset
}
