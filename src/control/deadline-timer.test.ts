import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DeadlineTimer } from './deadline-timer.ts';

const START_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** A timer whose clock and waiting are two things, as they are in a machine whose clock is set. */
function setup({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = START_MS;
  mock.method(Date, 'now', () => nowMs);
  const runs: number[] = [];
  const timer = new DeadlineTimer((ms) => runs.push(ms - START_MS));
  const wait = (ms: number) => {
    nowMs += ms;
    mock.timers.tick(ms);
  };
  const setClock = (ms: number) => {
    nowMs = ms;
  };
  return { timer, runs, wait, setClock };
}

test('runs once at its deadline, and at none that was taken back', (t) => {
  const { timer, runs, wait } = setup(t);
  timer.set(START_MS + 5000);
  timer.set(START_MS + 3000);
  wait(2999);
  assert.deepEqual(runs, []);
  wait(1);
  wait(5000);
  assert.deepEqual(runs, [3000]);
  timer.set(START_MS + 12_000);
  timer.set(Number.POSITIVE_INFINITY);
  wait(10_000);
  assert.deepEqual(runs, [3000]);
  timer.set(START_MS); // long past
  wait(1);
  assert.equal(runs.length, 2);
});

test('a clock that is set back keeps nothing waiting', (t) => {
  const { timer, runs, wait, setClock } = setup(t);
  timer.set(START_MS + 5000);
  setClock(START_MS - DAY_MS);
  wait(5000);
  assert.deepEqual(runs, [5000]);
});

test('looks again in time where it is to wait for longer than a timer can', (t) => {
  const { timer, runs, wait } = setup(t);
  timer.set(START_MS + 40 * DAY_MS);
  wait(TIMEOUT_MS_MAX);
  assert.deepEqual(runs, [TIMEOUT_MS_MAX]);
});
