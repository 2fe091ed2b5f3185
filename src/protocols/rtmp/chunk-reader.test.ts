import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { ByteQueue } from './byte-queue.ts';
import { ChunkReader, type ChunkReject } from './chunk-reader.ts';
import type { RtmpMessage } from './message.ts';

const MESSAGE_BYTES_MAX = 100_000;

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const filled = (length: number, byte: string) => byte.repeat(length);

/** Reads all messages; `pieceBytes` at a time. */
function readAll(
  bytes: Uint8Array,
  pieceBytes: number,
  prepare: (reader: ChunkReader) => void,
): (RtmpMessage | ChunkReject)[] {
  const queue = new ByteQueue();
  const reader = new ChunkReader(queue, MESSAGE_BYTES_MAX);
  prepare(reader);
  const results: (RtmpMessage | ChunkReject)[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    queue.push(bytes.subarray(offset, offset + pieceBytes));
    for (;;) {
      const message = reader.read();
      if (message === undefined) break;
      results.push(message);
      if (typeof message === 'string') return results;
    }
  }
  return results;
}

/** type streamId timestamp body, in short. */
function brief(message: RtmpMessage | ChunkReject): string {
  if (typeof message === 'string') return message;
  const { type, streamId, timestampMs, body } = message;
  return `${type} ${streamId} ${timestampMs} ${Buffer.from(body).toString('hex')}`;
}

type Vector = {
  readonly name: string;
  readonly bytes: string;
  readonly want: readonly string[];
  readonly prepare?: (reader: ChunkReader) => void;
};

const vectors: readonly Vector[] = [
  {
    name: 'all four header types: 3 repeats the delta',
    bytes: `04 000064 000002 08 01000000 af01
            44 000017 000001 08 af
            84 000015 aa
            c4 bb`,
    want: ['8 1 100 af01', '8 1 123 af', '8 1 144 aa', '8 1 165 bb'],
  },
  {
    name: 'type 3 after type 0 adds the timestamp itself',
    bytes: '04 000021 000001 08 01000000 aa c4 bb',
    want: ['8 1 33 aa', '8 1 66 bb'],
  },
  {
    name: 'chunk stream ids of two and three bytes',
    bytes:
      '00 00 000000 000001 08 01000000 aa 01 0001 000000 000001 09 01000000 bb 01 ffff 000000 000000 09 01000000',
    want: ['8 1 0 aa', '9 1 0 bb', '9 1 0 '],
  },
  {
    name: 'a two-byte and a three-byte id may name the same chunk stream',
    bytes: '00 10 000000 000001 08 01000000 aa c1 1000 bb',
    want: ['8 1 0 aa', '8 1 0 bb'],
  },
  {
    name: 'a message in chunks, and another one in between',
    bytes: `05 000000 000082 09 01000000 ${filled(128, '11')}
            04 000000 000001 08 01000000 aa
            c5 2222`,
    want: ['8 1 0 aa', `9 1 0 ${filled(128, '11')}2222`],
  },
  {
    name: 'extended timestamp, repeated in every chunk',
    bytes: `05 ffffff 000082 09 01000000 01000000 ${filled(128, '11')} c5 01000000 2222`,
    want: [`9 1 16777216 ${filled(128, '11')}2222`],
  },
  {
    name: 'extended timestamp, not repeated',
    bytes: `05 ffffff 000086 09 01000000 01000000 ${filled(128, '11')} c5 222222222222`,
    want: [`9 1 16777216 ${filled(128, '11')}222222222222`],
  },
  {
    name: 'extended delta, and the next one short again',
    bytes: `04 000001 000001 08 01000000 aa 84 ffffff 01000000 bb 84 000002 cc c4 dd`,
    want: ['8 1 1 aa', '8 1 16777217 bb', '8 1 16777219 cc', '8 1 16777221 dd'],
  },
  {
    name: 'the 32-bit clock wraps',
    bytes: '04 ffffff 000001 08 01000000 fffffff0 aa 84 000020 bb',
    want: ['8 1 4294967280 aa', '8 1 16 bb'],
  },
  {
    name: 'a chunk stream that begins with type 1, as of librtmp',
    bytes: '42 000000 000004 05 002625a0',
    want: ['5 0 0 002625a0'],
  },
  {
    name: 'one that begins with type 3',
    bytes: 'c4 00',
    want: ['chunk-without-header'],
  },
  {
    name: 'a new header inside a message',
    bytes: `05 000000 000082 09 01000000 ${filled(128, '11')} 45 000000 000001 09 aa`,
    want: ['chunk-inside-message'],
  },
  {
    name: 'a message that is too large',
    bytes: '05 000000 ffffff 09 01000000',
    want: ['message-too-large'],
  },
  {
    name: 'a chunk size set',
    bytes: `05 000000 000082 09 01000000 ${filled(130, '11')}`,
    want: [`9 1 0 ${filled(130, '11')}`],
    prepare: (reader) => assert.equal(reader.setChunkSize(4096), undefined),
  },
];

for (const { name, bytes, want, prepare } of vectors) {
  test(name, () => {
    const input = bytesOf(bytes.replace(/\s/g, ''));
    for (const pieceBytes of [input.length, 1, 3, 7]) {
      const got = readAll(input, pieceBytes, prepare ?? (() => {})).map(brief);
      assert.deepEqual(got, want, `${pieceBytes} bytes at a time`);
    }
  });
}

test('Abort throws away the half of a message, and the next one begins with its own header', () => {
  const queue = new ByteQueue();
  const reader = new ChunkReader(queue, MESSAGE_BYTES_MAX);
  queue.push(bytesOf(`05 000000 000082 09 01000000 ${filled(128, '11')}`));
  assert.equal(reader.read(), undefined);
  reader.abort(5);
  queue.push(bytesOf('45 000000 000001 09 aa'));
  assert.equal(brief(reader.read()!), '9 1 0 aa');
  reader.abort(63); // never seen: nothing to do
});

test('refuses chunk sizes that only make work, and those with the forbidden bit', () => {
  const reader = new ChunkReader(new ByteQueue(), MESSAGE_BYTES_MAX);
  assert.equal(reader.setChunkSize(1), 'chunk-size-bad');
  assert.equal(reader.setChunkSize(0x80000000), 'chunk-size-bad');
  assert.equal(reader.setChunkSize(0x7fffffff), undefined);
});

test('refuses chunk streams without end', () => {
  const bytes = Array.from({ length: 40 }, (_, id) =>
    bytesOf(`00 ${id.toString(16).padStart(2, '0')} 000000 000001 08 01000000 aa`),
  );
  const got = readAll(Buffer.concat(bytes), 1000, () => {});
  assert.equal(got.length, 33);
  assert.equal(got.at(-1), 'too-many-chunk-streams');
});

test('refuses to hold many unfinished messages', () => {
  const queue = new ByteQueue();
  const reader = new ChunkReader(queue, 8 * 1024 * 1024);
  const got: unknown[] = [];
  for (let id = 3; id < 6; id++) {
    queue.push(bytesOf(`0${id} 000000 7fffff 09 01000000 ${filled(128, '00')}`));
    got.push(reader.read());
  }
  assert.deepEqual(got, [undefined, undefined, 'unfinished-messages-too-large']);
});

test('survives every truncation of every vector', () => {
  for (const { bytes } of vectors) {
    for (const part of truncations(bytesOf(bytes.replace(/\s/g, '')))) readAll(part, 50, () => {});
  }
});

test('survives mutation, and reads the same however the bytes are cut', () => {
  const inputs = vectors.map(({ bytes }) => bytesOf(bytes.replace(/\s/g, '')));
  fuzz(inputs, (input) => {
    const whole = readAll(input, Math.max(1, input.length), () => {}).map(brief);
    assert.deepEqual(readAll(input, 5, () => {}).map(brief), whole);
  });
});
