import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import {
  findPps,
  findSps,
  isKeyframe,
  parameterSetId,
  parseAvcConfiguration,
  sliceTypeInPayload,
  sliceTypeOf,
  splitAvcc,
  startsKeyframe,
  unitsInPayload,
} from './h264.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const SPS = '6742c01fda014016ec0440000003004000000f03c60ca8';
const PPS = '68ce3c80';

/** Payloads of RTP packets, and whether a decoder can start from them. */
const payloads: readonly { name: string; bytes: string; starts: boolean }[] = [
  { name: 'SPS alone', bytes: SPS, starts: true },
  { name: 'PPS alone', bytes: PPS, starts: false },
  { name: 'IDR, first slice', bytes: '65 8884', starts: true },
  { name: 'IDR, a later slice', bytes: '65 4484', starts: false },
  { name: 'P slice', bytes: '41 9a24', starts: false },
  { name: 'SEI', bytes: '06 0501', starts: false },
  { name: 'STAP-A of SPS and PPS', bytes: `78 0017 ${SPS} 0004 ${PPS}`, starts: true },
  {
    name: 'STAP-A of AUD, SPS and PPS',
    bytes: `78 0002 0910 0017 ${SPS} 0004 ${PPS}`,
    starts: true,
  },
  { name: 'STAP-A of two P slices', bytes: '58 0003 419a24 0003 414484', starts: false },
  { name: 'STAP-A of SEI and IDR', bytes: '78 0003 060501 0003 658884', starts: true },
  { name: 'FU-A, start of an IDR', bytes: '7c 85 8884', starts: true },
  { name: "FU-A, start of an IDR picture's second slice", bytes: '7c 85 4484', starts: false },
  { name: 'FU-A, middle of an IDR', bytes: '7c 05 8884', starts: false },
  { name: 'FU-A, start of a P slice', bytes: '5c 81 9a24', starts: false },
  { name: 'nothing', bytes: '', starts: false },
];

for (const { name, bytes, starts } of payloads) {
  test(`${starts ? 'starts' : 'does not start'} a keyframe: ${name}`, () => {
    assert.equal(startsKeyframe(hex(bytes)), starts);
  });
}

test('finds parameter sets in payloads', () => {
  const stap = hex(`78 0002 0910 0017 ${SPS} 0004 ${PPS}`);
  assert.deepEqual(findSps(stap), hex(SPS));
  assert.deepEqual(findPps(stap), hex(PPS));
  assert.deepEqual(findSps(hex(SPS)), hex(SPS));
  assert.equal(findSps(hex('7c 85 8884')), undefined);
  assert.equal(unitsInPayload(hex(`78 0002 0910 0017 6742`)).length, 1, 'the whole ones');
});

test('slice types', () => {
  // first_mb_in_slice 0 is one bit: 1. slice_type as Exp-Golomb: 5 = 00110, 6 = 00111, 7 = 0001000.
  assert.equal(sliceTypeOf(hex('41 98')), 'P'); // 1 00110 00
  assert.equal(sliceTypeOf(hex('01 9c')), 'B'); // 1 00111 00
  assert.equal(sliceTypeOf(hex('65 88')), 'I'); // 1 0001000
  assert.equal(sliceTypeOf(hex('41 a0')), 'B'); // 1 010 0000
  assert.equal(sliceTypeOf(hex('41 e0')), 'P'); // 1 1
  assert.equal(sliceTypeOf(hex('06 9c')), undefined);
  assert.equal(sliceTypeOf(hex('41')), undefined);
  assert.equal(sliceTypeInPayload(hex('5c 81 9c00')), 'B');
  assert.equal(sliceTypeInPayload(hex('5c 01 9c00')), undefined);
  assert.equal(sliceTypeInPayload(hex('58 0002 0910 0003 019c00')), 'B');
});

test('parameter set ids', () => {
  assert.equal(parameterSetId(hex(SPS)), 0);
  assert.equal(parameterSetId(hex(PPS)), 0);
  assert.equal(parameterSetId(hex('68 48')), 1); // 010: 1
  assert.equal(parameterSetId(hex('68')), undefined);
});

const configuration = hex(`01 42c01f ff e1 0017 ${SPS} 01 0004 ${PPS}`);

test('reads a sequence header', () => {
  assert.deepEqual(parseAvcConfiguration(configuration), {
    profileIdc: 0x42,
    levelIdc: 0x1f,
    lengthSize: 4,
    sps: [hex(SPS)],
    pps: [hex(PPS)],
  });
  const withExtension = Buffer.concat([configuration, hex('fd f8 f8 00')]);
  assert.notEqual(typeof parseAvcConfiguration(withExtension), 'string');
});

test('refuses sequence headers that are none', () => {
  for (const part of truncations(configuration)) {
    assert.equal(typeof parseAvcConfiguration(part), 'string');
  }
  assert.equal(parseAvcConfiguration(hex('01 42c01f fe e1 0000 00')), 'avcc-bad-length-size');
  assert.equal(parseAvcConfiguration(hex('01 42c01f ff e0 00')), 'avcc-no-parameter-sets');
  assert.equal(parseAvcConfiguration(hex('00 000000 01 67 00')), 'avcc-bad-version', 'Annex B');
});

test('splits length-prefixed data', () => {
  const units = [hex('06 05'), hex('65 88')];
  assert.deepEqual(splitAvcc(hex('00000002 0605 00000000 00000002 6588'), 4), units);
  assert.deepEqual(splitAvcc(hex('0002 0605 0002 6588'), 2), units);
  assert.deepEqual(splitAvcc(hex('02 0605 02 6588'), 1), units);
  assert(isKeyframe(units));
  assert.equal(splitAvcc(hex('00000003 0605'), 4), 'avcc-overrun');
  assert.equal(splitAvcc(hex('ffffffff 0605'), 4), 'avcc-overrun');
  assert.equal(splitAvcc(hex('0000'), 4), 'avcc-overrun');
  assert.equal(splitAvcc(hex('0106'.repeat(2000)), 1), 'avcc-too-many-units');
});

test('survives truncation and mutation', () => {
  const inputs = [configuration, ...payloads.map(({ bytes }) => hex(bytes))];
  const look = (input: Uint8Array) => {
    parseAvcConfiguration(input);
    splitAvcc(input, 2);
    startsKeyframe(input);
    findSps(input);
    sliceTypeInPayload(input);
    sliceTypeOf(input);
    parameterSetId(input);
  };
  for (const input of inputs) for (const part of truncations(input)) look(part);
  fuzz(inputs, look);
});
