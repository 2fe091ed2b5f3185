import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deframer } from './path.ts';

test('cuts a stream into the same datagrams, however it arrives', () => {
  const datagrams = [[1], [], [2, 3, 4], new Array<number>(300).fill(7), [5, 6]];
  const stream = Buffer.from(datagrams.flatMap((d) => [d.length >> 8, d.length & 0xff, ...d]));
  for (let size = 1; size <= stream.length; size++) {
    const seen: number[][] = [];
    const deframer = new Deframer((bytes, start, end) =>
      seen.push([...bytes.subarray(start, end)]),
    );
    for (let at = 0; at < stream.length; at += size) {
      const chunk = Buffer.from(stream.subarray(at, at + size));
      deframer.receive(chunk, chunk.length);
      chunk.fill(0xee); // as the next read would
    }
    assert.deepEqual(seen, datagrams, `in reads of ${size} bytes`);
  }
});
