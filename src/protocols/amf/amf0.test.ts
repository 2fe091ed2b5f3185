import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { type AmfValue, amfObject, readAmf0, writeAmf0 } from './amf0.ts';

const vectors: readonly { name: string; bytes: string; want: AmfValue[] }[] = [
  { name: 'number', bytes: '00 3ff8000000000000', want: [1.5] },
  { name: 'boolean', bytes: '01 01 01 00', want: [true, false] },
  { name: 'string', bytes: '02 0004 6c697665', want: ['live'] },
  { name: 'string in UTF-8', bytes: '02 0003 e282ac', want: ['€'] },
  { name: 'null and undefined', bytes: '05 06', want: [null, undefined] },
  { name: 'empty object', bytes: '03 0000 09', want: [amfObject({})] },
  {
    name: 'object in an object',
    bytes: '03 0001 61 03 0001 62 01 01 0000 09 0000 09',
    want: [amfObject({ a: amfObject({ b: true }) })],
  },
  {
    name: 'ECMA array with a count that lies',
    bytes: '08 00000000 0003 667073 00 403e000000000000 0000 09',
    want: [amfObject({ fps: 30 })],
  },
  { name: 'strict array', bytes: '0a 00000002 05 01 00', want: [[null, false]] },
  { name: 'date', bytes: '0b 4059000000000000 0000', want: [100] },
  { name: 'long string', bytes: '0c 00000002 6f6b', want: ['ok'] },
  { name: 'typed object', bytes: '10 0001 43 0001 61 05 0000 09', want: [amfObject({ a: null })] },
  {
    name: 'a key that means something in JavaScript',
    bytes: '03 0009 5f5f70726f746f5f5f 01 01 0000 09',
    want: [new Map([['__proto__', true]])],
  },
];

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

for (const { name, bytes, want } of vectors) {
  test(`reads: ${name}`, () => assert.deepEqual(readAmf0(bytesOf(bytes)), want));
}

test('what is written is read again', () => {
  const values: AmfValue[] = [
    '_result',
    1,
    null,
    undefined,
    amfObject({ level: 'status', list: [1, 'two', false], inner: amfObject({}) }),
    'x'.repeat(70_000),
  ];
  assert.deepEqual(readAmf0(writeAmf0(values)), values);
});

test('survives every truncation of every vector', () => {
  for (const { bytes } of vectors) {
    for (const part of truncations(bytesOf(bytes))) readAmf0(part);
  }
});

test('a truncated value is no value', () => {
  assert.equal(readAmf0(bytesOf('02 0004 6c6976')), 'amf-truncated');
  assert.equal(readAmf0(bytesOf('03 0001 61 05')), 'amf-truncated');
});

test('refuses nesting that serves nobody', () => {
  const bomb = new Uint8Array(60_000);
  for (let offset = 0; offset < bomb.length; offset += 4) bomb.set([0x03, 0, 1, 0x61], offset);
  assert.equal(readAmf0(bomb), 'amf-too-deep');
});

test('refuses more values than a message has use for', () => {
  assert.equal(readAmf0(new Uint8Array(5000).fill(0x05)), 'amf-too-many-values');
  assert.equal(readAmf0(bytesOf(`0a ffffffff ${'05'.repeat(2000)}`)), 'amf-too-many-values');
});

test('refuses references', () => {
  assert.equal(readAmf0(bytesOf('07 0000')), 'amf-unsupported-type');
});

test('survives mutation', () => {
  fuzz(
    vectors.map(({ bytes }) => bytesOf(bytes)),
    (input) => {
      const values = readAmf0(input);
      if (typeof values !== 'string') writeAmf0(values);
    },
  );
});
