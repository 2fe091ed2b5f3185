import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame } from '../../protocols/ice/framing.ts';
import { writeStunMessage } from '../../protocols/stun/message.ts';
import { classify, OPENING_BYTES_MAX } from './classify.ts';

/** A connectivity check as browsers send it; its user name has `letters` letters. */
function check(letters: number): Uint8Array {
  const transactionId = new Uint8Array(12).fill(7);
  const username = 'x'.repeat(letters);
  return frame(writeStunMessage({ class: 'request', transactionId, username }, 'password'));
}

const rtmp = (c1: string) => Buffer.from(`03${c1}`.padEnd(2 * 1537, '0'), 'hex');
const text = (line: string) => Buffer.from(`${line}\r\n`);

const openings: readonly {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly want: ReturnType<typeof classify>;
  /** Of how many bytes on it is clear. */
  readonly from: number;
}[] = [
  {
    name: 'a ClientHello of TLS 1.3',
    bytes: Buffer.from('16030100f1010000ed0303', 'hex'),
    want: 'tls',
    from: 2,
  },
  {
    name: 'a ClientHello in a record of TLS 1.2',
    bytes: Buffer.from('1603030100010000fc0303', 'hex'),
    want: 'tls',
    from: 2,
  },
  { name: 'a check', bytes: check(9), want: 'ice-tcp', from: 10 },
  { name: 'a check whose length begins like RTMP', bytes: check(800), want: 'ice-tcp', from: 10 },
  { name: 'RTMP', bytes: rtmp('0000000000000000'), want: 'rtmp', from: 4 },
  {
    name: 'RTMP, the time not a length of a check',
    bytes: rtmp('01000000'),
    want: 'rtmp',
    from: 2,
  },
  {
    name: 'RTMP, the time like a request',
    bytes: rtmp('0000010280000702'),
    want: 'rtmp',
    from: 6,
  },
  {
    name: 'RTMP that is a check up to the third byte of the cookie',
    bytes: rtmp('00000102ec2112a500'),
    want: 'rtmp',
    from: 9,
  },
  { name: 'a page', bytes: text('GET / HTTP/1.1'), want: 'http', from: 1 },
  { name: 'WHIP', bytes: text('POST /live/stage/whip HTTP/1.1'), want: 'http', from: 1 },
  { name: 'SSH', bytes: text('sSH-2.0-x'), want: 'unknown', from: 1 },
  { name: 'SSL 2', bytes: Buffer.from('802e0100', 'hex'), want: 'unknown', from: 1 },
  { name: 'an alert', bytes: Buffer.from('15030100020228', 'hex'), want: 'unknown', from: 1 },
  { name: 'a record of TLS 4', bytes: Buffer.from('1604', 'hex'), want: 'unknown', from: 2 },
  { name: 'RTMPE', bytes: Buffer.from('0600', 'hex'), want: 'unknown', from: 1 },
  {
    name: 'a frame too short for STUN',
    bytes: Buffer.from('0010', 'hex'),
    want: 'unknown',
    from: 2,
  },
  { name: 'a frame of half words', bytes: Buffer.from('001e', 'hex'), want: 'unknown', from: 2 },
  {
    name: 'a STUN answer',
    bytes: Buffer.from('00140101000021', 'hex'),
    want: 'unknown',
    from: 3,
  },
  { name: 'an empty line', bytes: text(''), want: 'unknown', from: 1 },
];

for (const { name, bytes, want, from } of openings) {
  test(`${name}: ${want} after ${from} bytes, and ever after`, () => {
    for (let length = 0; length <= Math.min(bytes.length, 64); length++) {
      const opening = classify(bytes.subarray(0, length));
      assert.equal(opening, length < from ? 'more' : want, `${length} bytes`);
    }
    assert.equal(classify(bytes), want);
  });
}

test('every pair of first bytes is decided by ten bytes, whatever follows', () => {
  const head = new Uint8Array(OPENING_BYTES_MAX);
  for (let first = 0; first < 0x10000; first++) {
    head[0] = first >> 8;
    head[1] = first & 0xff;
    for (const fill of [0, 1, 0x21, 0xff]) {
      head.fill(fill, 2);
      assert.notEqual(classify(head), 'more');
    }
  }
});
