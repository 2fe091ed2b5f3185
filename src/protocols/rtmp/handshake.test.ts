import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { rtmpCaptures } from '../../../test/vectors/rtmp/read.ts';
import { answerHandshake, checkVersion, HANDSHAKE_BYTES } from './handshake.ts';

const RANDOM = Uint8Array.from({ length: 2 * HANDSHAKE_BYTES }, (_, index) => (index * 37) & 0xff);
const SHARED_SECRET = Buffer.from(
  'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae',
  'hex',
);

function c1Of(capture: Uint8Array): Uint8Array {
  return capture.subarray(1, 1 + HANDSHAKE_BYTES);
}

function split(reply: Uint8Array): { s1: Uint8Array; s2: Uint8Array } {
  assert.equal(reply.length, 1 + 2 * HANDSHAKE_BYTES);
  assert.equal(reply[0], 3);
  return { s1: reply.subarray(1, 1 + HANDSHAKE_BYTES), s2: reply.subarray(1 + HANDSHAKE_BYTES) };
}

/** The client's side of the check: the digest's place in a block, and what it must be. */
function digestOf(block: Uint8Array, schemeOffset: number, key: string) {
  const sum = block.subarray(schemeOffset, schemeOffset + 4).reduce((all, byte) => all + byte, 0);
  const place = (sum % 728) + schemeOffset + 4;
  const others = Buffer.concat([block.subarray(0, place), block.subarray(place + 32)]);
  return {
    place,
    found: Buffer.from(block.subarray(place, place + 32)),
    right: createHmac('sha256', key).update(others).digest(),
  };
}

function assertSigned(c1: Uint8Array, reply: Uint8Array, schemeOffset: number): void {
  const { s1, s2 } = split(reply);
  const server = digestOf(s1, schemeOffset, 'Genuine Adobe Flash Media Server 001');
  assert.deepEqual(server.found, server.right);
  const clientDigest = digestOf(c1, schemeOffset, 'Genuine Adobe Flash Player 001').found;
  const secret = Buffer.concat([
    Buffer.from('Genuine Adobe Flash Media Server 001'),
    SHARED_SECRET,
  ]);
  const key = createHmac('sha256', secret).update(clientDigest).digest();
  const signature = createHmac('sha256', key).update(s2.subarray(0, -32)).digest();
  assert.deepEqual(Buffer.from(s2.subarray(-32)), signature);
}

test('simple handshake, as of librtmp: S2 repeats C1', () => {
  const c1 = c1Of(rtmpCaptures.librtmp);
  const { s1, s2 } = split(answerHandshake(c1, RANDOM));
  assert.deepEqual(Buffer.from(s2), Buffer.from(c1));
  assert.deepEqual([...s1.subarray(0, 8)], [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(Buffer.from(s1.subarray(8)), Buffer.from(RANDOM.subarray(8, HANDSHAKE_BYTES)));
});

test('digest handshake, as of ffmpeg: answered with digest and signature', () => {
  const c1 = c1Of(rtmpCaptures.ffmpeg);
  assertSigned(c1, answerHandshake(c1, RANDOM), 8);
});

test('digest handshake, second scheme', () => {
  const c1 = Uint8Array.from(RANDOM.subarray(0, HANDSHAKE_BYTES));
  const { place, right } = digestOf(c1, 772, 'Genuine Adobe Flash Player 001');
  c1.set(right, place);
  assertSigned(c1, answerHandshake(c1, RANDOM), 772);
});

test('a version but no digest: the simple handshake', () => {
  const c1 = RANDOM.subarray(0, HANDSHAKE_BYTES);
  assert.deepEqual(Buffer.from(split(answerHandshake(c1, RANDOM)).s2), Buffer.from(c1));
});

test('C0 tells what is no RTMP', () => {
  assert.equal(checkVersion(3), undefined);
  assert.equal(checkVersion(6), 'handshake-encrypted');
  assert.equal(checkVersion(2), 'handshake-bad-version');
  assert.equal(checkVersion(0x16), 'handshake-not-rtmp', 'a TLS record: RTMPS');
  assert.equal(checkVersion('G'.charCodeAt(0)), 'handshake-not-rtmp', 'HTTP');
});
