import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveStream } from './receive-stream.ts';

const PAYLOAD_BYTES = 100;

const cases: readonly {
  name: string;
  sequence: readonly number[];
  want: { packets: number; lost: number; duplicates: number };
}[] = [
  { name: 'in order', sequence: [5, 6, 7], want: { packets: 3, lost: 0, duplicates: 0 } },
  { name: 'one lost', sequence: [5, 7], want: { packets: 2, lost: 1, duplicates: 0 } },
  { name: 'one late', sequence: [5, 7, 6, 8], want: { packets: 4, lost: 0, duplicates: 0 } },
  { name: 'one twice', sequence: [5, 6, 6, 7], want: { packets: 3, lost: 0, duplicates: 1 } },
  {
    name: 'an old one twice',
    sequence: [5, 6, 7, 5],
    want: { packets: 3, lost: 0, duplicates: 1 },
  },
  {
    name: 'late, then again',
    sequence: [5, 7, 6, 6],
    want: { packets: 3, lost: 0, duplicates: 1 },
  },
  {
    name: 'across the wrap',
    sequence: [65534, 65535, 1, 0],
    want: { packets: 4, lost: 0, duplicates: 0 },
  },
  { name: 'lost at the wrap', sequence: [65535, 2], want: { packets: 2, lost: 2, duplicates: 0 } },
  {
    name: 'from before the first',
    sequence: [0, 65535, 1],
    want: { packets: 3, lost: 0, duplicates: 0 },
  },
];

for (const { name, sequence, want } of cases) {
  test(name, () => {
    const stream = new ReceiveStream(1);
    for (const number of sequence) stream.count(number, PAYLOAD_BYTES);
    const { packets, lost, duplicates } = stream;
    assert.deepEqual({ packets, lost, duplicates }, want);
    assert.equal(stream.payloadBytes, want.packets * PAYLOAD_BYTES);
  });
}

test('the rollover counter follows 200 000 packets, with one in ten lost', () => {
  const stream = new ReceiveStream(1);
  let sent = 0;
  for (let index = 65_000; index < 265_000; index++) {
    if (index % 10 === 3) continue;
    sent++;
    assert.equal(stream.count(index & 0xffff, 0), index >> 16);
  }
  assert.equal(stream.packets, sent);
  assert.equal(stream.lost, 20_000);
});

test('a report block says what was lost since the last one', () => {
  const stream = new ReceiveStream(0x01020304);
  for (const number of [65535, 0, 2, 3]) stream.count(number, PAYLOAD_BYTES);
  stream.lastSenderReport = 0xaabbccdd;
  stream.lastSenderReportMs = 1000;
  const block = Buffer.alloc(24);
  stream.writeReportBlock(block, 0, 1500);
  assert.equal(block.toString('hex'), '01020304330000010001000300000000aabbccdd00008000');
  stream.count(4, PAYLOAD_BYTES);
  stream.writeReportBlock(block, 0, 1500);
  assert.equal(block.readUInt8(4), 0);
});
