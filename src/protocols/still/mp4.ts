/** MP4 (ISO 14496-12, -14, -15) with one frame: what a `<video>` shows without playing. */
import { isKeyframe, NAL, nalType } from '../codecs/h264.ts';
import { parseSps } from '../codecs/h264-sps.ts';
import { H265_NAL, h265NalType, isH265Keyframe } from '../codecs/h265.ts';
import { parseH265Sps } from '../codecs/h265-sps.ts';
import type { PictureSize } from '../codecs/picture-size.ts';
import { vp9PictureSize, vp9Profile } from '../codecs/vp9.ts';
import { concat } from './access-unit.ts';
import { box, fullBox, uint16, uint32 } from './box.ts';
import { hevcRecord } from './hevc-record.ts';
import type { Still } from './still.ts';

/** Ticks a second, and for how long the one frame stands: it is never played. */
const TIMESCALE = 1000;
const DURATION = 1000;
/** Pixels an inch, as fixed point 16.16: what every writer puts there. */
const RESOLUTION = 72 << 16;
const UNITY = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);
/** ISO 639-2 `und`, five bits a letter. */
const NO_LANGUAGE = 0x55c4;
const TRACK = 1;
/** tkhd: enabled, and part of the presentation. */
const TRACK_FLAGS = 3;
/** dref: the data are in this file. */
const SELF_CONTAINED = 1;

/** H.264: NAL units of an access unit with its parameter sets. */
export function h264Mp4(units: readonly Uint8Array[]): Still | undefined {
  const sets = (type: number) => units.filter((unit) => nalType(unit) === type);
  const [spsUnits, ppsUnits] = [sets(NAL.sps), sets(NAL.pps)];
  const [sps] = spsUnits;
  if (sps === undefined || ppsUnits.length === 0 || !isKeyframe(units)) return undefined;
  const facts = parseSps(sps);
  if (typeof facts === 'string') return undefined;
  const configuration = concat([
    Uint8Array.of(1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe0 | 1, ...uint16(sps.length)),
    sps,
    Uint8Array.of(1, ...uint16(ppsUnits[0]!.length)),
    ppsUnits[0]!,
  ]);
  return mp4Of(facts, ['avc1', box('avcC', configuration)], lengthPrefixed(units));
}

/** H.265: the same. */
export function h265Mp4(units: readonly Uint8Array[]): Still | undefined {
  const sps = units.find((unit) => h265NalType(unit) === H265_NAL.sps);
  const record = isH265Keyframe(units) ? hevcRecord(units) : undefined;
  const facts = sps && parseH265Sps(sps);
  if (record === undefined || facts === undefined || typeof facts === 'string') return undefined;
  return mp4Of(facts, ['hvc1', box('hvcC', record)], lengthPrefixed(units));
}

/** VP9 of profile 0, the only one that browsers agree on (VP Codec ISO Media File Format Binding). */
export function vp9Mp4(frame: Uint8Array): Still | undefined {
  const size = vp9PictureSize(frame);
  if (size === undefined || vp9Profile(frame) !== 0) return undefined;
  const level = 10; // the lowest: decoders go by the frame itself
  const eightBitColocated = (8 << 4) | (1 << 1);
  const unspecified = 2; // colour primaries, transfer and matrix
  const record = [0, level, eightBitColocated, unspecified, unspecified, unspecified, 0, 0];
  const configuration = box('vpcC', uint32(1 << 24), record);
  return mp4Of(size, ['vp09', configuration], frame);
}

function lengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  return concat(units.flatMap((unit) => [uint32(unit.length), unit]));
}

type Coding = readonly [format: string, configuration: Uint8Array];

function mp4Of({ width, height }: PictureSize, coding: Coding, sample: Uint8Array): Still {
  const size = { width, height };
  const ftyp = box('ftyp', 'isom', uint32(0x200), 'isom', 'iso2', 'mp41');
  // Where the sample is does not change how long this is.
  const at = ftyp.length + movieOf(size, coding, sample.length, 0).length + 8;
  const bytes = concat([ftyp, movieOf(size, coding, sample.length, at), box('mdat', sample)]);
  return { type: 'video/mp4', bytes, ...size };
}

function movieOf(size: PictureSize, coding: Coding, length: number, at: number): Uint8Array {
  const times = uint32(0, 0); // when it was made and changed: nobody asks
  const header = fullBox(
    'mvhd',
    0,
    times,
    uint32(TIMESCALE, DURATION, 0x10000),
    uint16(0x100, 0),
    uint32(0, 0),
    UNITY,
    uint32(0, 0, 0, 0, 0, 0, TRACK + 1),
  );
  const track = box(
    'trak',
    fullBox(
      'tkhd',
      TRACK_FLAGS,
      times,
      uint32(TRACK, 0, DURATION, 0, 0),
      uint16(0, 0, 0, 0),
      UNITY,
      uint32(size.width << 16, size.height << 16),
    ),
    box(
      'mdia',
      fullBox('mdhd', 0, times, uint32(TIMESCALE, DURATION), uint16(NO_LANGUAGE, 0)),
      fullBox('hdlr', 0, uint32(0), 'vide', uint32(0, 0, 0), [0]),
      box(
        'minf',
        fullBox('vmhd', 1, uint16(0, 0, 0, 0)),
        box('dinf', fullBox('dref', 0, uint32(1), fullBox('url ', SELF_CONTAINED))),
        samplesOf(size, coding, length, at),
      ),
    ),
  );
  return box('moov', header, track);
}

function samplesOf(
  { width, height }: PictureSize,
  [format, configuration]: Coding,
  length: number,
  at: number,
): Uint8Array {
  const entry = box(
    format,
    new Uint8Array(6),
    uint16(1),
    new Uint8Array(16),
    uint16(width, height),
    uint32(RESOLUTION, RESOLUTION, 0),
    uint16(1),
    new Uint8Array(32),
    uint16(0x18, 0xffff),
    configuration,
  );
  return box(
    'stbl',
    fullBox('stsd', 0, uint32(1), entry),
    fullBox('stts', 0, uint32(1, 1, DURATION)),
    fullBox('stsc', 0, uint32(1, 1, 1, 1)),
    fullBox('stsz', 0, uint32(length, 1)),
    fullBox('stco', 0, uint32(1, at)),
  );
}
