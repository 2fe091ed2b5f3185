import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import { isVp9Keyframe, parseVp9Descriptor, vp9PictureSize, vp9StartsKeyframe } from './vp9.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

test('keyframes and sizes of real clips', () => {
  for (const frames of [clips.vp9(), clips.vp9AltRef()]) {
    const keys = frames.flatMap((frame, index) => (isVp9Keyframe(frame) ? [index] : []));
    assert.deepEqual(keys, [0, 10]);
    assert.deepEqual(vp9PictureSize(frames[0]!), { width: 162, height: 90 });
    assert.equal(vp9PictureSize(frames[1]!), undefined);
  }
});

const KEY = '82 49 83 42 00 0a 10 05 90';
const INTER = '86 00 40 92';
const payloads: readonly [
  name: string,
  starts: boolean,
  offset: number | undefined,
  bytes: string,
][] = [
  ['no picture id', true, 1, `08 ${KEY}`],
  ['7-bit picture id', true, 2, `88 11 ${KEY}`],
  ['flexible, 15-bit picture id', true, 3, `98 9234 ${KEY}`],
  ['with the picture size', true, 8, `9a 9234 10 00a2005a ${KEY}`],
  [
    'Chromium: layers, two sizes, a picture group',
    true,
    19,
    `aa 9234 00 00 38 014000b4 02800168 02 1401 2401 ${KEY}`,
  ],
  ['upper spatial layer of the same picture', false, 5, `a8 9234 03 00 ${KEY}`],
  ['predicted', false, 4, `d8 9234 02 ${INTER}`],
  ['two references', false, 5, `d8 9234 03 04 ${INTER}`],
  ['intra only: not predicted, but no key frame', false, 3, `98 9234 ${INTER}`],
  ['a later packet of the frame', false, 3, `90 9234 ${KEY}`],
  ['more references than there can be', false, undefined, `d8 9234 03 05 07 09 ${INTER}`],
  ['nothing behind the descriptor', false, undefined, '98 9234'],
  ['nothing', false, undefined, ''],
];
for (const [name, starts, offset, bytes] of payloads) {
  test(`${starts ? 'starts' : 'does not start'} a keyframe: ${name}`, () => {
    assert.equal(vp9StartsKeyframe(hex(bytes)), starts);
    assert.equal(parseVp9Descriptor(hex(bytes))?.dataOffset, offset);
  });
}

test('survives truncation and mutation', () => {
  const inputs = [...payloads.map(([, , , bytes]) => hex(bytes)), hex(KEY)];
  const all = (input: Uint8Array) => {
    vp9StartsKeyframe(input);
    vp9PictureSize(input);
  };
  for (const input of inputs) for (const part of truncations(input)) all(part);
  fuzz(inputs, all);
});
