import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_BYTES_MAX, FrameReader, type FrameReject, frame } from './framing.ts';

function readAll(chunks: readonly Uint8Array[]): (string | FrameReject)[] {
  const reader = new FrameReader();
  const out: (string | FrameReject)[] = [];
  for (const chunk of chunks) {
    reader.receive(chunk);
    for (let packet = reader.poll(); packet !== undefined; packet = reader.poll()) {
      if (typeof packet === 'string') return [...out, packet];
      out.push(Buffer.from(packet).toString());
    }
  }
  return out;
}

const packets = ['one', '', 'three', 'x'.repeat(FRAME_BYTES_MAX)];
const stream = Buffer.concat(packets.map((packet) => frame(Buffer.from(packet))));

test('cuts a stream into packets, however it is chunked', () => {
  for (const size of [1, 2, 3, 4, 5, 7, 64, 1000, stream.length]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    assert.deepEqual(readAll(chunks), packets, `chunks of ${size}`);
  }
});

test('a length that came alone leaves nothing behind', () => {
  const [short, long] = [frame(Buffer.from('abc')), frame(Buffer.from('defghi'))];
  const chunks = [short.subarray(0, 2), short.subarray(2), long.subarray(0, 3), long.subarray(3)];
  assert.deepEqual(readAll(chunks), ['abc', 'defghi']);
});

test('waits for the rest, wherever the stream stops', () => {
  for (let length = 0; length < stream.length; length++) {
    const want: string[] = [];
    let end = 0;
    for (const packet of packets) {
      end += 2 + packet.length;
      if (end <= length) want.push(packet);
    }
    assert.deepEqual(readAll([stream.subarray(0, length)]), want, `${length} bytes`);
  }
});

test('refuses a frame that no agent would send, and stays refused', () => {
  const reader = new FrameReader();
  reader.receive(Uint8Array.of(0x16, 0x03, 1, 2, 3)); // the beginning of a TLS connection
  assert.equal(reader.poll(), 'frame-too-long');
  reader.receive(Uint8Array.of(0, 1, 1));
  assert.equal(reader.poll(), 'frame-too-long');
});

test('a packet within one chunk is not copied', () => {
  const chunk = frame(Uint8Array.of(1, 2, 3));
  const reader = new FrameReader();
  reader.receive(chunk);
  const packet = reader.poll();
  assert.ok(packet instanceof Uint8Array);
  assert.equal(packet.buffer, chunk.buffer);
});
