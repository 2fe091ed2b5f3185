/** The sequence header of AV1 (§5.5), as far as a picture file has to repeat it. */
import { skipOperatingPoints } from './av1.ts';
import { BitReader } from './bit-reader.ts';
import { isSanePictureSize, type PictureSize } from './picture-size.ts';

/** How a sequence is coded. */
export type Av1Sequence = PictureSize & {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  readonly isHighBitDepth: boolean;
  readonly isTwelveBit: boolean;
  readonly isMonochrome: boolean;
  /** By two, along each side. */
  readonly subsampling: { readonly x: boolean; readonly y: boolean };
};

const PROFILE_HIGH = 1;
const PROFILE_PROFESSIONAL = 2;
/** color_primaries, transfer_characteristics, matrix_coefficients of sRGB, which is never subsampled (§5.5.2). */
const SRGB = [1, 13, 0];
/** SELECT_SCREEN_CONTENT_TOOLS and SELECT_INTEGER_MV: the frames say it themselves. */
const SELECT = 2;

/** Reads the payload of a sequence header OBU; undefined when it cannot be read. */
export function parseAv1Sequence(sequenceHeader: Uint8Array): Av1Sequence | undefined {
  const reader = new BitReader(sequenceHeader, 0, 'plain');
  const profile = reader.bits(3);
  reader.bit(); // still_picture
  const isReduced = reader.flag(); // reduced_still_picture_header
  const point = isReduced ? { level: reader.bits(5), tier: 0 } : skipOperatingPoints(reader);
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  skipTools(reader, isReduced);
  const colour = readColour(reader, profile);
  if (reader.overrun || profile > PROFILE_PROFESSIONAL) return undefined;
  if (!isSanePictureSize({ width, height })) return undefined;
  return { profile, ...point, width, height, ...colour };
}

/** §5.5.1, from frame_id_numbers_present_flag to enable_restoration. */
function skipTools(reader: BitReader, isReduced: boolean): void {
  if (!isReduced && reader.flag()) reader.skip(4 + 3); // lengths of frame ids
  reader.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!isReduced) {
    reader.skip(4); // enable_interintra_compound, _masked_compound, _warped_motion, _dual_filter
    const hasOrder = reader.flag();
    if (hasOrder) reader.skip(2); // enable_jnt_comp, enable_ref_frame_mvs
    const screenContent = reader.flag() ? SELECT : reader.bit();
    if (screenContent > 0 && !reader.flag()) reader.bit(); // seq_force_integer_mv
    if (hasOrder) reader.skip(3); // order_hint_bits_minus_1
  }
  reader.skip(3); // enable_superres, enable_cdef, enable_restoration
}

/** color_config (§5.5.2) */
function readColour(
  reader: BitReader,
  profile: number,
): Pick<Av1Sequence, 'isHighBitDepth' | 'isTwelveBit' | 'isMonochrome' | 'subsampling'> {
  const isHighBitDepth = reader.flag();
  const isTwelveBit = profile === PROFILE_PROFESSIONAL && isHighBitDepth && reader.flag();
  const isMonochrome = profile !== PROFILE_HIGH && reader.flag();
  const description = reader.flag() ? [reader.bits(8), reader.bits(8), reader.bits(8)] : [2, 2, 2];
  const depth = { isHighBitDepth, isTwelveBit, isMonochrome };
  if (isMonochrome) return { ...depth, subsampling: { x: true, y: true } };
  if (description.every((code, index) => code === SRGB[index])) {
    return { ...depth, subsampling: { x: false, y: false } };
  }
  reader.bit(); // color_range
  if (profile === 0) return { ...depth, subsampling: { x: true, y: true } };
  if (profile === PROFILE_HIGH) return { ...depth, subsampling: { x: false, y: false } };
  if (!isTwelveBit) return { ...depth, subsampling: { x: true, y: false } };
  const x = reader.flag();
  return { ...depth, subsampling: { x, y: x && reader.flag() } };
}
