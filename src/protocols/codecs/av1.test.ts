import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import {
  av1PictureSize,
  av1StartsKeyframe,
  isAv1Keyframe,
  OBU,
  type Obu,
  obuElements,
  parseAv1Configuration,
  readLeb128,
  splitObus,
} from './av1.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const SEQUENCE_HEADER = '00000003b50d936be401';
/** As libaom and ffmpeg 5.1 write it. */
const AV1C = hex(`81 00 0c 00 0a 0a ${SEQUENCE_HEADER}`);

function split(data: Uint8Array): Obu[] {
  const obus = splitObus(data);
  assert(typeof obus !== 'string', String(obus));
  return obus;
}

test('keyframes and sizes of real clips', () => {
  for (const units of [clips.aomAv1(), clips.svtAv1()].map((clip) => clip.map(split))) {
    const keys = units.flatMap((obus, index) => (isAv1Keyframe(obus) ? [index] : []));
    assert.deepEqual(keys, [0, 10]);
    const header = units[0]!.find(({ type }) => type === OBU.sequenceHeader);
    assert.deepEqual(av1PictureSize(header!.payload), { width: 162, height: 90 });
  }
});

test('reads a configuration record', () => {
  const obus = parseAv1Configuration(AV1C);
  assert.deepEqual(obus, [
    { type: OBU.sequenceHeader, header: hex('08'), payload: hex(SEQUENCE_HEADER) },
  ]);
  assert.equal(parseAv1Configuration(AV1C.subarray(0, 3)), 'av1c-truncated');
  assert.equal(parseAv1Configuration(AV1C.subarray(0, 9)), 'obu-truncated');
  assert.equal(parseAv1Configuration(hex('01000c00')), 'av1c-bad-version');
  assert.deepEqual(parseAv1Configuration(hex('81000c00')), []);
});

test('leaves what it reads as it was, also where that is a Buffer', () => {
  const unit = Buffer.from(clips.aomAv1()[0]!);
  const before = Buffer.from(unit);
  split(unit);
  assert.deepEqual(unit, before);
});

test('OBUs with and without sizes, and with an extension', () => {
  assert.deepEqual(split(hex('1200 36 08 02 aabb 30 10ff')), [
    { type: 2, header: hex('10'), payload: hex('') },
    { type: 6, header: hex('34 08'), payload: hex('aabb') },
    { type: 6, header: hex('30'), payload: hex('10ff') },
  ]);
  assert.equal(splitObus(hex('32 05 00')), 'obu-truncated');
  assert.equal(splitObus(hex('32')), 'obu-truncated');
  assert.equal(splitObus(hex('36')), 'obu-truncated');
  assert.equal(
    splitObus(new Uint8Array(4096).fill(0x12).map((v, i) => (i % 2 ? 0 : v))),
    'obu-too-many',
  );
});

test('numbers of variable length', () => {
  assert.deepEqual(readLeb128(hex('e58e26'), 0), { value: 624485, length: 3 });
  assert.deepEqual(readLeb128(hex('ff 00'), 1), { value: 0, length: 1 });
  assert.equal(readLeb128(hex('8080'), 0), undefined);
  assert.equal(readLeb128(hex('ffffffffffffff7f'), 0), undefined);
  assert.equal(readLeb128(hex('ffffffffffffffff'), 0), undefined);
});

test('elements of a payload', () => {
  const read = (payload: string) =>
    obuElements(hex(payload)).map(({ bytes, isContinued, continues }) =>
      [Buffer.from(bytes).toString('hex'), isContinued, continues].join(),
    );
  assert.deepEqual(read('10 30aabb'), ['30aabb,false,false']);
  assert.deepEqual(read('20 02 08aa 30bb'), ['08aa,false,false', '30bb,false,false']);
  assert.deepEqual(read('00 02 08aa 01 30'), ['08aa,false,false', '30,false,false']);
  assert.deepEqual(read('e0 02 08aa 30bb'), ['08aa,true,false', '30bb,false,true']);
  assert.deepEqual(read('20 09 08aa'), [], 'a length beyond the end');
  assert.deepEqual(read(''), []);
});

const payloads: readonly [name: string, starts: boolean, bytes: string][] = [
  ['N', true, `28 0b 08${SEQUENCE_HEADER} 3010ff`],
  ['a sequence header without N', true, `20 0b 08${SEQUENCE_HEADER} 3010ff`],
  ['a key frame without a sequence header', true, '10 3010ff'],
  ['a key frame whose size was left in', true, '10 320210ff'],
  ['a frame header of a key frame', true, '10 1810ff'],
  ['an inter frame', false, '10 3030ff'],
  ['a hidden key frame', false, '10 3000ff'],
  ['shows an existing frame', false, '10 1890'],
  ['a middle part that looks like one', false, '90 3010ff'],
  ['N alone', false, '08'],
  ['nothing', false, ''],
];
for (const [name, starts, bytes] of payloads) {
  test(`${starts ? 'starts' : 'does not start'} a keyframe: ${name}`, () => {
    assert.equal(av1StartsKeyframe(hex(bytes)), starts);
  });
}

test('survives truncation and mutation', () => {
  const inputs: Uint8Array[] = [
    AV1C,
    hex(SEQUENCE_HEADER),
    ...payloads.map(([, , bytes]) => hex(bytes)),
  ];
  inputs.push(clips.svtAv1()[1]!.subarray(0, 200));
  const all = (input: Uint8Array) => {
    parseAv1Configuration(input);
    splitObus(input);
    av1PictureSize(input);
    av1StartsKeyframe(input);
  };
  for (const input of inputs) for (const part of truncations(input)) all(part);
  fuzz(inputs, all);
});
