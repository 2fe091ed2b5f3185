import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamName } from '../../base/names.ts';
import { Takeovers } from './takeovers.ts';

const STAGE = 'show/stage' as StreamName;

test('some takeovers are fine, and two encoders that take turns are stopped', () => {
  const takeovers = new Takeovers();
  const verdicts = [0, 2, 4, 6, 8, 10].map((s) => takeovers.isTooMany(STAGE, s * 1000));
  assert.deepEqual(verdicts, [false, false, false, false, true, true]);
});

test('who lost and goes on trying does not get through; who comes back after a pause does', () => {
  const takeovers = new Takeovers();
  const tries = Array.from({ length: 40 }, (_, round) =>
    takeovers.isTooMany(STAGE, round * 10_000),
  );
  assert.deepEqual(new Set(tries.slice(4)), new Set([true]));
  assert.equal(takeovers.isTooMany(STAGE, 39 * 10_000 + 60_001), false);
});

test('streams do not count for each other, and do not pile up', () => {
  const takeovers = new Takeovers();
  for (let round = 0; round < 5000; round++) {
    assert.equal(takeovers.isTooMany(`show/${round}` as StreamName, round), false);
  }
});
