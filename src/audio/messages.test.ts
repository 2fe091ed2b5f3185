import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FromTranscoder, MessageReader, type ToTranscoder, writeMessage } from './messages.ts';

const messages: readonly (ToTranscoder | FromTranscoder)[] = [
  {
    kind: 'open',
    stream: 1,
    sampleRate: 44100,
    channels: 2,
    opusBitrateBps: 128_000,
    bytes: Uint8Array.of(0x12, 0x10),
  },
  {
    kind: 'frame',
    stream: 4_294_967_295,
    timestampMs: -21.333,
    bytes: new Uint8Array(8191).fill(7),
  },
  { kind: 'frame', stream: 1, timestampMs: 0, bytes: new Uint8Array(0) },
  { kind: 'close', stream: 1 },
  { kind: 'ready', stream: 0 },
  {
    kind: 'packet',
    stream: 2,
    timestampMs: 3_600_000.0625,
    below: 20,
    isClipped: true,
    bytes: Uint8Array.of(0xfc, 1, 2, 3),
  },
  { kind: 'decoded', stream: 2 },
  { kind: 'undecodable', stream: 3 },
  { kind: 'fault', stream: 3, bytes: new TextEncoder().encode('no sound') },
];
const wire = Buffer.concat(messages.map(writeMessage));

/** Payloads as plain arrays: a Buffer is not deeply equal to a Uint8Array. */
function plain(list: readonly (ToTranscoder | FromTranscoder)[]): unknown[] {
  return list.map((message) =>
    'bytes' in message ? { ...message, bytes: [...message.bytes] } : message,
  );
}

test('every message comes out as it went in, however the pipe cuts it', () => {
  for (const size of [1, 2, 3, 7, 100, 4096, wire.length]) {
    const reader = new MessageReader();
    const read: (ToTranscoder | FromTranscoder)[] = [];
    for (let at = 0; at < wire.length; at += size) {
      read.push(...(reader.read(wire.subarray(at, at + size)) ?? assert.fail('refused')));
    }
    assert.deepEqual(plain(read), plain(messages), `in pieces of ${size}`);
  }
});

test('refuses what no peer of ours writes', () => {
  const refused = [
    'ffffffff',
    '00000000',
    '0400000000000000',
    '050000000800000000',
    '050000000000000000',
  ];
  for (const hex of refused) {
    assert.equal(new MessageReader().read(Buffer.from(hex, 'hex')), undefined, hex);
  }
});
