import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findExtension,
  parseRtpPacket,
  readTextExtension,
  rtpHeaderLength,
  writeRtpPacket,
} from './packet.ts';

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

const PLAIN = '80e0 1234 00000010 deadbeef 010203';

const vectors: { name: string; hex: string; payload: string; headerLength: number }[] = [
  { name: 'plain', hex: PLAIN, payload: '010203', headerLength: 12 },
  { name: 'no payload', hex: '8060 0001 00000000 00000001', payload: '', headerLength: 12 },
  {
    name: 'two CSRCs',
    hex: '8260 0001 00000000 00000001 aaaaaaaa bbbbbbbb 07',
    payload: '07',
    headerLength: 20,
  },
  {
    name: 'one-byte extensions',
    hex: '9060 0001 00000000 00000001 bede 0002 10 31 00 21 6869 0000 09',
    payload: '09',
    headerLength: 24,
  },
  {
    name: 'an empty extension block',
    hex: '9060 0001 00000000 00000001 bede 0000 09',
    payload: '09',
    headerLength: 16,
  },
  {
    name: 'padding',
    hex: 'a060 0001 00000000 00000001 09 000003',
    payload: '09',
    headerLength: 12,
  },
  { name: 'padding only', hex: 'a060 0001 00000000 00000001 02 02', payload: '', headerLength: 12 },
];

const malformed = [
  { name: 'nothing', hex: '', want: 'too-short' },
  { name: 'version 1', hex: '4060 0001 00000000 00000001', want: 'bad-version' },
  { name: 'CSRCs past the end', hex: '8260 0001 00000000 00000001 aaaaaaaa', want: 'too-short' },
  {
    name: 'extension header past the end',
    hex: '9060 0001 00000000 00000001 bede 00',
    want: 'bad-extension',
  },
  {
    name: 'extensions past the end',
    hex: '9060 0001 00000000 00000001 bede 0001 00',
    want: 'bad-extension',
  },
  {
    name: 'padding longer than the payload',
    hex: 'a060 0001 00000000 00000001 ff',
    want: 'bad-padding',
  },
  { name: 'padding of 0', hex: 'a060 0001 00000000 00000001 00', want: 'bad-padding' },
  { name: 'padding without a byte', hex: 'a060 0001 00000000 00000001', want: 'bad-padding' },
];

test('reads header, payload and padding', () => {
  for (const { name, hex, payload, headerLength } of vectors) {
    const packet = parseRtpPacket(bytesOf(hex));
    assert.ok(typeof packet === 'object', `${name}: ${packet}`);
    assert.equal(Buffer.from(packet.payload).toString('hex'), payload, name);
    assert.equal(rtpHeaderLength(bytesOf(hex)), headerLength, name);
  }
});

test('reads the fixed fields and writes them back', () => {
  const packet = parseRtpPacket(bytesOf(PLAIN));
  assert.ok(typeof packet === 'object');
  const { payload: _, ...header } = packet;
  assert.deepEqual(header, {
    payloadType: 96,
    marker: true,
    sequenceNumber: 0x1234,
    timestamp: 16,
    ssrc: 0xdeadbeef,
  });
  assert.deepEqual(Buffer.from(writeRtpPacket(packet)), bytesOf(PLAIN));
});

test('names what is wrong with a packet', () => {
  for (const { name, hex, want } of malformed) {
    assert.equal(parseRtpPacket(bytesOf(hex)), want, name);
  }
});

const extensions: { name: string; hex: string; id: number; want: string | undefined }[] = [
  { name: 'first', hex: 'bede 0002 10 31 00 21 6869 0000', id: 1, want: '1' },
  { name: 'after padding', hex: 'bede 0002 10 31 00 21 6869 0000', id: 2, want: 'hi' },
  { name: 'absent', hex: 'bede 0002 10 31 00 21 6869 0000', id: 3, want: undefined },
  { name: 'after the stop id', hex: 'bede 0001 f0 31 10 31', id: 1, want: undefined },
  { name: 'past the end', hex: 'bede 0001 00 00 00 1f', id: 1, want: undefined },
  { name: 'two-byte', hex: '1000 0002 00 05 00 10 02 6869 00', id: 16, want: 'hi' },
  { name: 'two-byte, empty', hex: '100f 0002 00 05 00 10 02 6869 00', id: 5, want: '' },
  { name: 'two-byte, past the end', hex: '1000 0001 00 00 05 09', id: 5, want: undefined },
  { name: 'two-byte, no length', hex: '1000 0001 00 00 00 05', id: 5, want: undefined },
  { name: 'another profile', hex: '1234 0001 10 31 00 00', id: 1, want: undefined },
];

test('finds header extensions in both forms', () => {
  for (const { name, hex, id, want } of extensions) {
    const bytes = bytesOf(`9060 0001 00000000 00000001 ${hex} 09`);
    assert.equal(typeof parseRtpPacket(bytes), 'object', name);
    assert.equal(readTextExtension(bytes, id), want, name);
  }
  assert.equal(findExtension(bytesOf(PLAIN), 1), undefined);
});
