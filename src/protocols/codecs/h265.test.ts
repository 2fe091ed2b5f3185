import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import {
  H265_NAL,
  h265NalType,
  h265ParameterSetId,
  h265StartsKeyframe,
  h265UnitsInPayload,
  isH265Keyframe,
  parseHevcConfiguration,
} from './h265.ts';
import { parseH265Sps } from './h265-sps.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const VPS = '40010c01ffff01600000030090000003000003001e928090';
const SPS = '42010101600000030090000003000003001ea0152061c926592a4932bc05a02000000300200000030321';
const PPS = '4401c172b46240';
/** As x265 and ffmpeg 5.1 write it. */
const HVCC = hex(`01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f 03
  a0 0001 0018 ${VPS} a1 0001 002a ${SPS} a2 0001 0007 ${PPS}`);

test('reads a sequence header', () => {
  assert.deepEqual(parseHevcConfiguration(HVCC), {
    lengthSize: 4,
    vps: [hex(VPS)],
    sps: [hex(SPS)],
    pps: [hex(PPS)],
  });
});

test('refuses sequence headers that are none', () => {
  assert.equal(parseHevcConfiguration(HVCC.subarray(0, 60)), 'hvcc-truncated');
  const threeBytes = HVCC.slice();
  threeBytes[21] = 0x0e;
  assert.equal(parseHevcConfiguration(threeBytes), 'hvcc-bad-length-size');
  const noArrays = HVCC.slice(0, 23);
  noArrays[22] = 0;
  assert.equal(parseHevcConfiguration(noArrays), 'hvcc-no-parameter-sets');
});

test('size and reordering from the SPS', () => {
  assert.deepEqual(parseH265Sps(hex(SPS)), {
    ...{ width: 162, height: 90, reorderFrames: 0 },
    ...{ orderBits: 8, hasColourPlanes: false, profileIdc: 1, levelIdc: 30 },
  });
  const [sps] = clips.x265WithBFrames()[0]!.filter((unit) => h265NalType(unit) === H265_NAL.sps);
  assert.deepEqual(parseH265Sps(sps!), {
    ...{ width: 162, height: 90, reorderFrames: 2 },
    ...{ orderBits: 8, hasColourPlanes: false, profileIdc: 1, levelIdc: 30 },
  });
  assert.equal(parseH265Sps(hex(PPS)), 'hevc-sps-not-one');
  assert.equal(parseH265Sps(hex(SPS).subarray(0, 20)), 'hevc-sps-truncated');
});

test('parameter set ids', () => {
  assert.deepEqual([VPS, SPS, PPS].map(hex).map(h265ParameterSetId), [0, 0, 0]);
  assert.equal(h265ParameterSetId(hex('4401')), undefined);
});

test('keyframes of real clips', () => {
  for (const clip of [clips.x265(), clips.x265WithBFrames()]) {
    const keys = clip.flatMap((units, index) => (isH265Keyframe(units) ? [index] : []));
    assert.equal(keys[0], 0);
    assert.equal(keys.length, 2);
  }
});

const payloads: readonly [name: string, starts: boolean, payload: string][] = [
  ['VPS', true, VPS],
  ['SPS', true, SPS],
  ['PPS', false, PPS],
  ['delimiter', false, '460110'],
  ['IDR, first slice', true, '2801af'],
  ['IDR, later slice', false, '28012f'],
  ['CRA, first slice', true, '2a01af'],
  ['trailing picture', false, '0201d0'],
  ['aggregation of VPS, SPS, PPS', true, `6001 0018 ${VPS} 002a ${SPS} 0007 ${PPS}`],
  ['aggregation of two slices', false, '6001 0003 0201d0 0003 020150'],
  ['aggregation of SEI and IDR', true, '6001 0003 4e0101 0003 2801af'],
  ['fragment, start of an IDR', true, '6201 93 af'],
  ['fragment, start of a later slice of it', false, '6201 93 2f'],
  ['fragment, middle of an IDR', false, '6201 13 af'],
  ['fragment, start of a trailing picture', false, '6201 81 d0'],
  ['nothing', false, ''],
];
for (const [name, starts, payload] of payloads) {
  test(`${starts ? 'starts' : 'does not start'} a keyframe: ${name}`, () => {
    assert.equal(h265StartsKeyframe(hex(payload)), starts);
  });
}

test('survives truncation and mutation', () => {
  const inputs = [HVCC, ...[VPS, SPS, PPS].map(hex), ...payloads.map(([, , bytes]) => hex(bytes))];
  const all = (input: Uint8Array) => {
    parseHevcConfiguration(input);
    parseH265Sps(input);
    h265ParameterSetId(input);
    h265StartsKeyframe(input);
    h265UnitsInPayload(input);
  };
  for (const input of inputs) for (const part of truncations(input)) all(part);
  fuzz(inputs, all);
});
