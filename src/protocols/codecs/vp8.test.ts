import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import {
  isVp8Keyframe,
  vp8DataOffset,
  vp8PictureSize,
  vp8StartsKeyframe,
  withoutVp8Extension,
} from './vp8.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

test('keyframes and sizes of a real clip', () => {
  const frames = clips.vp8();
  const keys = frames.flatMap((frame, index) => (isVp8Keyframe(frame) ? [index] : []));
  assert.deepEqual(keys, [0, 10]);
  assert.deepEqual(vp8PictureSize(frames[0]!), { width: 162, height: 90 });
  assert.equal(vp8PictureSize(frames[1]!), undefined);
});

const KEY = '50 42 00 9d012a a200 5a00';
const payloads: readonly [
  name: string,
  starts: boolean,
  offset: number | undefined,
  bytes: string,
][] = [
  ['plain descriptor', true, 1, `10 ${KEY}`],
  ['7-bit picture id', true, 3, `90 80 11 ${KEY}`],
  ['15-bit picture id', true, 4, `90 80 9234 ${KEY}`],
  ['Chromium with layers', true, 6, `90 e0 9234 07 20 ${KEY}`],
  ['an inter frame', false, 4, '90 80 9234 51 42 00'],
  ['a later packet of the frame', false, 4, `80 80 9234 ${KEY}`],
  ['a later partition', false, 4, `91 80 9234 ${KEY}`],
  ['nothing behind the descriptor', false, undefined, '90 80 9234'],
  ['nothing', false, undefined, ''],
];
for (const [name, starts, offset, bytes] of payloads) {
  test(`${starts ? 'starts' : 'does not start'} a keyframe: ${name}`, () => {
    assert.equal(vp8StartsKeyframe(hex(bytes)), starts);
    assert.equal(vp8DataOffset(hex(bytes)), offset);
  });
}

test('a descriptor without its extension says the same of the frame, and the data stay', () => {
  for (const [name, starts, offset, bytes] of payloads) {
    const payload = hex(bytes);
    const data = offset === undefined ? payload : payload.slice(offset);
    const plain = withoutVp8Extension(payload);
    assert.equal(vp8StartsKeyframe(plain), starts, name);
    if (offset === undefined) continue;
    assert.equal(vp8DataOffset(plain), 1, name);
    assert.deepEqual(plain.slice(1), data, name);
  }
  assert.deepEqual(withoutVp8Extension(hex('b1 80 9234 01')), hex('31 01'), 'N, S, PID');
});

test('survives truncation and mutation', () => {
  const inputs = [...payloads.map(([, , , bytes]) => hex(bytes)), hex(KEY)];
  const all = (input: Uint8Array) => {
    vp8StartsKeyframe(input);
    vp8PictureSize(input);
    withoutVp8Extension(input.slice());
  };
  for (const input of inputs) for (const part of truncations(input)) all(part);
  fuzz(inputs, all);
});
