import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { amfObject, readAmf0 } from './amf0.ts';
import { readAmf3 } from './amf3.ts';
import type { AmfValue } from './value.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const vectors: readonly { name: string; bytes: string; want: AmfValue }[] = [
  { name: 'undefined', bytes: '00', want: undefined },
  { name: 'null', bytes: '01', want: null },
  { name: 'false', bytes: '02', want: false },
  { name: 'true', bytes: '03', want: true },
  { name: 'integer of one byte', bytes: '04 1e', want: 30 },
  { name: 'integer of two bytes', bytes: '04 8100', want: 128 },
  { name: 'integer of four bytes', bytes: '04 80c08000', want: 0x200000 },
  { name: 'integer below zero', bytes: '04 ffffffff', want: -1 },
  { name: 'double', bytes: '05 3ff8000000000000', want: 1.5 },
  { name: 'string', bytes: '06 09 6c697665', want: 'live' },
  { name: 'empty string', bytes: '06 01', want: '' },
  { name: 'date', bytes: '08 01 4059000000000000', want: 100 },
  { name: 'byte array', bytes: '0c 05 6869', want: 'hi' },
  { name: 'dense array', bytes: '09 05 01 04 01 04 02', want: [1, 2] },
  {
    name: 'array with names too',
    bytes: '09 03 03 61 03 01 04 07',
    want: amfObject({ a: true, '0': 7 }),
  },
  { name: 'dynamic object', bytes: '0a 0b 01 03 61 04 01 01', want: amfObject({ a: 1 }) },
  {
    name: 'object of a class, and another of the same',
    bytes: '09 05 01 0a 13 03 43 03 61 04 01 0a 01 04 02',
    want: [amfObject({ a: 1 }), amfObject({ a: 2 })],
  },
  {
    name: 'strings and objects by reference',
    bytes: '09 09 01 06 03 61 06 00 0a 0b 01 00 03 01 0a 02',
    want: ['a', 'a', amfObject({ a: true }), amfObject({ a: true })],
  },
];

for (const { name, bytes, want } of vectors) {
  test(`reads: ${name}`, () => {
    const input = hex(bytes);
    assert.deepEqual(readAmf3(input, 0), { value: want, end: input.length });
    assert.deepEqual(readAmf0(hex(`11 ${bytes} 02 0002 6f6b`)), [want, 'ok'], 'behind the switch');
  });
}

test('refuses what it does not read, and what means harm', () => {
  const cases: readonly [reason: string, bytes: string][] = [
    ['amf-unsupported-type', '0d 03 00'],
    ['amf-unsupported-type', '0a 07 03 43'],
    ['amf-bad-reference', '06 02'],
    ['amf-bad-reference', '0a 02'],
    ['amf-bad-reference', '0a 05'],
    ['amf-bad-reference', '0a 0b 01 03 61 0a 00 01'],
    ['amf-bad-reference', '09 03 01 09 00'],
    ['amf-truncated', '06 09 6c69'],
    ['amf-truncated', '09 ffffffff 01'],
    ['amf-truncated', '0a fffffff3 01'],
    ['amf-too-deep', '09 03 01 '.repeat(20)],
    ['amf-too-many-values', `09 a001 01 ${'01'.repeat(4096)}`],
  ];
  for (const [reason, bytes] of cases)
    assert.equal(readAmf3(hex(bytes), 0), reason, bytes.slice(0, 20));
});

test('survives truncation and mutation', () => {
  const inputs = vectors.map(({ bytes }) => hex(bytes));
  for (const input of inputs) for (const part of truncations(input)) readAmf3(part, 0);
  fuzz(inputs, (input) => void readAmf3(input, 0));
});
