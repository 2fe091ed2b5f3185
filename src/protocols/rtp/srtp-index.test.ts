import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateIndex, ReplayWindow, rocOf } from './srtp-index.ts';

function windowAt(index: number): ReplayWindow {
  const window = new ReplayWindow();
  window.accept(index);
  return window;
}

test('counts the rollovers of sequence numbers for a very long stream', () => {
  const window = windowAt(65_000);
  for (let index = 65_001; index < 65_001 + 200_000; index++) {
    const estimate = estimateIndex(window, index & 0xffff);
    assert.equal(estimate, index);
    window.accept(estimate);
  }
  assert.equal(rocOf(window.highest), 4);
});

const estimates = [
  { name: 'late, across the wrap', highest: 65_536 + 2, sequenceNumber: 65_535, want: 65_535 },
  { name: 'ahead, across the wrap', highest: 65_535, sequenceNumber: 1, want: 65_537 },
  { name: 'before the first round', highest: 2, sequenceNumber: 65_535, want: -1 },
  { name: 'far ahead', highest: 10, sequenceNumber: 32_777, want: 32_777 },
  {
    name: 'rounds beyond 31 bits',
    highest: 2 ** 40 + 5,
    sequenceNumber: 6,
    want: 2 ** 40 + 6,
  },
];

test('takes the index nearest to the highest', () => {
  for (const { name, highest, sequenceNumber, want } of estimates) {
    assert.equal(estimateIndex(windowAt(highest), sequenceNumber), want, name);
  }
});

test('takes each index once, within the window and not before it', () => {
  const window = windowAt(5000);
  assert.ok(!window.isNew(5000));
  assert.ok(window.isNew(5001));
  assert.ok(window.isNew(4999));
  window.accept(4999);
  assert.ok(!window.isNew(4999));
  assert.ok(window.isNew(5000 - 1023));
  assert.ok(!window.isNew(5000 - 1024));
  assert.ok(!window.isNew(-1));
});

test('a jump forgets what fell out of the window, and only that', () => {
  const window = windowAt(5000);
  window.accept(5100);
  assert.ok(!window.isNew(5000));
  assert.ok(window.isNew(5050));
  window.accept(5000 + 1024);
  assert.ok(!window.isNew(5000), 'too old now');
  assert.ok(!window.isNew(5100));
  window.accept(1_000_000);
  assert.ok(window.isNew(999_999));
});

test('agrees with a set of all indices seen', () => {
  const window = new ReplayWindow();
  const seen = new Set<number>();
  let highest = -1;
  let state = 1;
  for (let round = 0; round < 20_000; round++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const index = Math.max(0, highest + ((state >>> 8) % 1600) - 1500);
    const expected = index > highest || (index > highest - 1024 && !seen.has(index));
    assert.equal(window.isNew(index), expected, `round ${round}`);
    if (!expected) continue;
    window.accept(index);
    seen.add(index);
    highest = Math.max(highest, index);
  }
});
