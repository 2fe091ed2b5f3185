/** The sequence parameter set of H.265 (§7.3.2.2.1), as far as picture size and reordering. */
import { BitReader } from './bit-reader.ts';
import {
  H265_HEADER_BYTES,
  H265_NAL,
  type H265Profile,
  h265NalType,
  readProfileTierLevel,
} from './h265.ts';
import type { PictureSize } from './picture-size.ts';
import { isSanePictureSize } from './picture-size.ts';

/** What we use of an SPS. */
export type H265Sps = PictureSize &
  H265Profile & {
    /** Of the highest sub-layer: how many pictures may come ahead of one that is shown before them. */
    readonly reorderFrames: number;
    /** Of slice_pic_order_cnt_lsb. */
    readonly orderBits: number;
    /** separate_colour_plane_flag: slices say which plane they are of. */
    readonly hasColourPlanes: boolean;
  };

/** §7.4.3.2.1: log2_max_pic_order_cnt_lsb_minus4. */
const ORDER_BITS_MAX = 16;

/** Why an SPS cannot be read. */
export type H265SpsReject = 'hevc-sps-not-one' | 'hevc-sps-truncated' | 'hevc-sps-bad-value';

/** Reads an SPS NAL unit, header bytes included. */
export function parseH265Sps(unit: Uint8Array): H265Sps | H265SpsReject {
  if (h265NalType(unit) !== H265_NAL.sps) return 'hevc-sps-not-one';
  const reader = new BitReader(unit, H265_HEADER_BYTES, 'nal');
  reader.skip(4); // sps_video_parameter_set_id
  const subLayers = reader.bits(3); // sps_max_sub_layers_minus1
  reader.bit(); // sps_temporal_id_nesting_flag
  const profile = readProfileTierLevel(reader, subLayers);
  reader.unsignedExpGolomb(); // sps_seq_parameter_set_id
  const chromaFormat = reader.unsignedExpGolomb();
  const hasColourPlanes = chromaFormat === 3 && reader.flag();
  const size = readSize(reader, chromaFormat);
  reader.unsignedExpGolomb(); // bit_depth_luma_minus8
  reader.unsignedExpGolomb(); // bit_depth_chroma_minus8
  const orderBits = reader.unsignedExpGolomb() + 4; // log2_max_pic_order_cnt_lsb_minus4
  // Without the flag only the highest sub-layer is told; with it the highest is the last.
  const told = reader.flag() ? subLayers + 1 : 1;
  let reorderFrames = 0;
  for (let index = 0; index < told; index++) {
    reader.unsignedExpGolomb(); // sps_max_dec_pic_buffering_minus1
    reorderFrames = reader.unsignedExpGolomb(); // sps_max_num_reorder_pics
    reader.unsignedExpGolomb(); // sps_max_latency_increase_plus1
  }
  if (reader.overrun) return 'hevc-sps-truncated';
  if (!isSanePictureSize(size) || orderBits > ORDER_BITS_MAX) return 'hevc-sps-bad-value';
  return { ...size, ...profile, reorderFrames, orderBits, hasColourPlanes };
}

function readSize(reader: BitReader, chromaFormat: number): PictureSize {
  let width = reader.unsignedExpGolomb();
  let height = reader.unsignedExpGolomb();
  if (reader.flag()) {
    // The conformance window counts in chroma samples (table 6-1).
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    width -= unitX * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb());
    height -= unitY * (reader.unsignedExpGolomb() + reader.unsignedExpGolomb());
  }
  return { width, height };
}
