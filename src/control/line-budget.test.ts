import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineBudget } from './line-budget.ts';

test('some lines in a row, then as many as come back, and what was left out is counted', () => {
  let nowMs = 0;
  const budget = new LineBudget(() => nowMs);
  const first = Array.from({ length: 100 }, () => budget.take());
  assert.equal(first.filter((line) => line !== undefined).length, 30);
  assert.deepEqual(first[0], {});
  nowMs = 1999;
  assert.equal(budget.take(), undefined);
  nowMs = 2001;
  assert.deepEqual(budget.take(), { unsaid: 71 });
  nowMs = 3_600_000;
  assert.equal(Array.from({ length: 100 }, () => budget.take()).filter(Boolean).length, 30);
});
