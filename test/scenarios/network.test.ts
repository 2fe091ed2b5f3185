import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Link, type LinkOptions, PERFECT_LINK, runUntil } from './network.ts';

/** Sends 1000 numbered packets of 100 bytes, one each 10 ms; tells which came when. */
function send(options: Partial<LinkOptions>): { number: number; atMs: number }[] {
  const arrived: { number: number; atMs: number }[] = [];
  const link = new Link({ ...PERFECT_LINK, ...options }, (bytes, atMs) => {
    arrived.push({ number: (bytes[0]! << 8) | bytes[1]!, atMs });
  });
  for (let number = 0; number < 1000; number++) {
    runUntil([link], 0, number * 10);
    const bytes = new Uint8Array(100);
    bytes.set([number >> 8, number]);
    link.send(bytes, number * 10);
  }
  runUntil([link], 10_000, 100_000);
  return arrived;
}

const isSorted = (numbers: readonly number[]) =>
  numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);

test('the same seed gives the same network', () => {
  const weather = { loss: 0.1, jitterMs: 50, duplicate: 0.1, reorder: 0.1, reorderMs: 30 };
  assert.deepEqual(send({ ...weather, seed: 3 }), send({ ...weather, seed: 3 }));
  assert.notDeepEqual(send({ ...weather, seed: 3 }), send({ ...weather, seed: 4 }));
});

test('delays, loses, doubles and reorders as told', () => {
  const plain = send({ delayMs: 40 });
  assert.equal(plain.length, 1000);
  assert.ok(plain.every(({ number, atMs }) => atMs === number * 10 + 40));
  const lossy = send({ loss: 0.2 }).length;
  assert.ok(lossy > 750 && lossy < 850, `${lossy}`);
  const doubled = send({ duplicate: 0.2 }).length;
  assert.ok(doubled > 1150 && doubled < 1250, `${doubled}`);
  assert.ok(!isSorted(send({ jitterMs: 50 }).map(({ number }) => number)));
});

test('TCP is late where UDP loses', () => {
  const arrived = send({ isReliable: true, loss: 0.2, jitterMs: 50, delayMs: 40, duplicate: 0.5 });
  assert.equal(arrived.length, 1000);
  assert.ok(isSorted(arrived.map(({ number }) => number)));
});

test('a bottleneck queues, then refuses', () => {
  // 100 bytes each 10 ms are 80 kbit/s.
  const enough = send({ rateBps: 100_000 });
  assert.equal(enough.length, 1000);
  const half = send({ rateBps: 40_000, queueBytesMax: 1000 });
  assert.ok(half.length > 490 && half.length < 520, `${half.length}`);
  const longest = Math.max(...half.map(({ number, atMs }) => atMs - number * 10));
  assert.ok(longest > 150 && longest < 202, `${longest}`); // 1000 bytes at 40 kbit/s are 200 ms
});
