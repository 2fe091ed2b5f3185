/** AVIF (AV1 Image File Format, over HEIF, ISO 23008-12): one AV1 key frame as a picture. */
import { OBU, type Obu } from '../codecs/av1.ts';
import { type Av1Sequence, parseAv1Sequence } from '../codecs/av1-sequence.ts';
import { concat } from './access-unit.ts';
import { box, fullBox, uint16, uint32 } from './box.ts';
import type { Still } from './still.ts';

const ITEM = 1;
const HAS_SIZE = 0x02;
/** Not for picture items (AV1-AVIF §2.1), or of no use in them. */
const LEFT_OUT: readonly number[] = [OBU.temporalDelimiter, OBU.tileList, OBU.padding];
/** av1C: marker and version. */
const CONFIGURATION_VERSION = 0x81;
/** ipma: the decoder must know the property. */
const ESSENTIAL = 0x80;

/** Undefined where the temporal unit has no sequence header that can be read. */
export function avifOf(obus: readonly Obu[]): Still | undefined {
  const header = obus.find(({ type }) => type === OBU.sequenceHeader);
  const sequence = header && parseAv1Sequence(header.payload);
  if (header === undefined || sequence === undefined) return undefined;
  const sent = obus.filter(({ type }) => !LEFT_OUT.includes(type));
  const data = concat(sent.map(withSize));
  const start = concat([
    box('ftyp', 'avif', uint32(0), 'avif', 'mif1', 'miaf'),
    // Where the data are does not change how long this is.
    metaOf(sequence, header, { at: 0, length: data.length }),
  ]);
  const meta = metaOf(sequence, header, { at: start.length + 8, length: data.length });
  const bytes = concat([start.subarray(0, start.length - meta.length), meta, box('mdat', data)]);
  return { type: 'image/avif', bytes, width: sequence.width, height: sequence.height };
}

function metaOf(
  sequence: Av1Sequence,
  header: Obu,
  data: { readonly at: number; readonly length: number },
): Uint8Array {
  const { width, height, isMonochrome } = sequence;
  const channels = isMonochrome ? 1 : 3;
  const properties = box(
    'ipco',
    fullBox('ispe', 0, uint32(width, height)),
    fullBox('pixi', 0, [channels, ...Array<number>(channels).fill(bitDepthOf(sequence))]),
    box('av1C', configurationOf(sequence), withSize(header)),
  );
  return fullBox(
    'meta',
    0,
    fullBox('hdlr', 0, uint32(0), 'pict', uint32(0, 0, 0), [0]),
    fullBox('pitm', 0, uint16(ITEM)),
    // One extent, offset and length of four bytes each, no base.
    fullBox('iloc', 0, [0x44, 0x00], uint16(1, ITEM, 0, 1), uint32(data.at, data.length)),
    fullBox('iinf', 0, uint16(1), box('infe', uint32(2 << 24), uint16(ITEM, 0), 'av01', [0])),
    box('iprp', properties, fullBox('ipma', 0, uint32(1), uint16(ITEM), [3, 1, 2, ESSENTIAL | 3])),
  );
}

/** AV1CodecConfigurationRecord (AV1-ISOBMFF §2.3.3) */
function configurationOf(sequence: Av1Sequence): number[] {
  const { profile, level, tier, subsampling } = sequence;
  return [
    CONFIGURATION_VERSION,
    (profile << 5) | level,
    (tier << 7) |
      (Number(sequence.isHighBitDepth) << 6) |
      (Number(sequence.isTwelveBit) << 5) |
      (Number(sequence.isMonochrome) << 4) |
      (Number(subsampling.x) << 3) |
      (Number(subsampling.y) << 2),
    0,
  ];
}

function bitDepthOf({ isHighBitDepth, isTwelveBit }: Av1Sequence): number {
  if (!isHighBitDepth) return 8;
  return isTwelveBit ? 12 : 10;
}

/** In the low overhead format (AV1 §5.2), as files have it. */
function withSize({ header, payload }: Obu): Uint8Array {
  const first = (header[0] ?? 0) | HAS_SIZE;
  return concat([Uint8Array.of(first, ...header.subarray(1)), leb128(payload.length), payload]);
}

function leb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
