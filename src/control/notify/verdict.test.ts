import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, retryAfterMs } from './verdict.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

test('waits double from two seconds to ten minutes, and half of each is by chance', () => {
  const longest = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, 1));
  assert.deepEqual(longest.slice(0, 4), [2000, 4000, 8000, 16_000]);
  assert.equal(longest.at(-1), 600_000);
  assert.equal(backoffMs(3, 0), 4000);
  assert.equal(backoffMs(100_000, 1), 600_000);
});

const headers = [
  { header: undefined, want: undefined },
  { header: '7', want: 7000 },
  { header: '0.25', want: 250 },
  { header: 'Thu, 01 Jan 2026 00:00:30 GMT', want: 30_000 },
  { header: 'Wed, 31 Dec 2025 23:59:00 GMT', want: 0 },
  { header: 'soon', want: undefined },
  { header: '-5x', want: undefined },
];

for (const { header, want } of headers) {
  test(`Retry-After: ${header}`, () => assert.equal(retryAfterMs(header, NOW_MS), want));
}
