/** HEVCDecoderConfigurationRecord (ISO 14496-15 §8.3.3.1), made of the parameter sets themselves. */
import { BitReader } from '../codecs/bit-reader.ts';
import { H265_HEADER_BYTES, H265_NAL, h265NalType, readProfileTierLevel } from '../codecs/h265.ts';
import { concat } from './access-unit.ts';
import { uint16 } from './box.ts';

/** general_profile_space to general_level_idc: the record repeats them as they are (§7.3.3). */
const PROFILE_BYTES = 12;
const SETS = [H265_NAL.vps, H265_NAL.sps, H265_NAL.pps] as const;
/** array_completeness: there are no others in the frame. */
const COMPLETE = 0x80;

/** Undefined where one of the three kinds is missing, or the SPS cannot be read. */
export function hevcRecord(units: readonly Uint8Array[]): Uint8Array | undefined {
  const sets = SETS.map((type) => units.find((unit) => h265NalType(unit) === type));
  const [, sps] = sets;
  const facts = sps && readFacts(sps);
  if (facts === undefined) return undefined;
  const arrays = sets.map((set, index) =>
    set === undefined
      ? undefined
      : concat([Uint8Array.of(COMPLETE | SETS[index]!, ...uint16(1, set.length)), set]),
  );
  if (!arrays.every((array) => array !== undefined)) return undefined;
  const { profile, chromaFormat, lumaDepth, chromaDepth, subLayers, isNested } = facts;
  return concat([
    Uint8Array.of(1, ...profile),
    // Segmentation and parallelism unknown, frame rate unspecified, lengths of four bytes.
    Uint8Array.of(0xf0, 0, 0xfc, 0xfc | chromaFormat, 0xf8 | lumaDepth, 0xf8 | chromaDepth, 0, 0),
    Uint8Array.of((subLayers << 3) | (isNested << 2) | 3, arrays.length),
    ...arrays,
  ]);
}

/** The beginning of the SPS (H.265 §7.3.2.2.1). Depths are less eight, as they stand there. */
function readFacts(sps: Uint8Array) {
  const start = new BitReader(sps, H265_HEADER_BYTES, 'nal');
  start.skip(4); // sps_video_parameter_set_id
  const subLayers = start.bits(3) + 1;
  const isNested = start.bit();
  const profile = Array.from({ length: PROFILE_BYTES }, () => start.bits(8));
  const reader = new BitReader(sps, H265_HEADER_BYTES, 'nal');
  reader.skip(8);
  readProfileTierLevel(reader, subLayers - 1);
  reader.unsignedExpGolomb(); // sps_seq_parameter_set_id
  const chromaFormat = reader.unsignedExpGolomb();
  if (chromaFormat === 3) reader.bit(); // separate_colour_plane_flag
  reader.unsignedExpGolomb(); // width
  reader.unsignedExpGolomb(); // height
  if (reader.flag()) for (let side = 0; side < 4; side++) reader.unsignedExpGolomb(); // conformance window
  const lumaDepth = reader.unsignedExpGolomb();
  const chromaDepth = reader.unsignedExpGolomb();
  if (reader.overrun || chromaFormat > 3 || lumaDepth > 7 || chromaDepth > 7) return undefined;
  return { profile, subLayers, isNested, chromaFormat, lumaDepth, chromaDepth };
}
