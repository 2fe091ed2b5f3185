import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf, lastMonthBytes, toneOf } from './egress.ts';

const NOW = '2026-05-02T12:00:00.000Z';
const days = [
  { day: '2026-04-01', bytes: 7 },
  { day: '2026-04-30', bytes: 10 },
  { day: '2026-05-02', bytes: 5 },
];

test('thirty days, quiet ones included', () => {
  const bars = barsOf(days, NOW);
  assert.equal(bars.length, 30);
  assert.deepEqual(bars[0], { day: '2026-04-03', bytes: 0 });
  assert.deepEqual(bars.slice(-3), [
    { day: '2026-04-30', bytes: 10 },
    { day: '2026-05-01', bytes: 0 },
    { day: '2026-05-02', bytes: 5 },
  ]);
});

test('the month before this one', () => {
  assert.equal(lastMonthBytes(days, NOW), 17);
});

test('the nearer the end, the louder', () => {
  assert.deepEqual(
    [0, 79, 80, 99, 100, 500].map((value) => toneOf(value, 100)),
    ['accent', 'accent', 'warning', 'warning', 'error', 'error'],
  );
});
