import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stream } from '../../../test/fakes/streams.ts';
import { Traffic } from './traffic.ts';

const STEP_MS = 5_000;

/** A stream after so many bytes. */
function at(bytesReceived: number, bytesSent: number, name = 'show/a') {
  return { ...stream, name, bytesReceived, bytesSent };
}

test('samples are means from one look to the next', () => {
  const traffic = new Traffic();
  assert.equal(traffic.take([at(0, 0)], 0), 0);
  assert.equal(traffic.take([at(1_000_000, 3_000_000)], STEP_MS), 3_000_000);
  assert.equal(traffic.take([at(3_000_000, 3_000_000)], 2 * STEP_MS), 0);
  assert.deepEqual(traffic.history('show/a'), [
    { at: '1970-01-01T00:00:05.000Z', receivedBps: 1_600_000, sentBps: 4_800_000, viewers: 1 },
    { at: '1970-01-01T00:00:10.000Z', receivedBps: 3_200_000, sentBps: 0, viewers: 1 },
  ]);
  assert.deepEqual(traffic.history('show/other'), []);
});

test('looks that are closer than samples lose nothing of the sum', () => {
  const traffic = new Traffic();
  let sent = 0;
  for (let ms = 0; ms <= 10_000; ms += 2_000) sent += traffic.take([at(ms, ms)], ms);
  assert.equal(sent, 10_000);
  assert.deepEqual(
    traffic.history('show/a').map(({ receivedBps }) => receivedBps),
    [8_000],
  );
});

test('a stream that was forgotten and returned is counted from nothing', () => {
  const traffic = new Traffic();
  assert.equal(traffic.take([at(500, 500)], 0), 500);
  traffic.take([], STEP_MS);
  assert.equal(traffic.take([at(100, 200)], 2 * STEP_MS), 200);
  assert.deepEqual(
    traffic.history('show/a').map(({ receivedBps, sentBps }) => [receivedBps, sentBps]),
    [[80, 160]],
  );
});

test('what is gone for longer than a graph is forgotten, and a graph is ten minutes', () => {
  const traffic = new Traffic();
  for (let ms = 0; ms <= 3_600_000; ms += STEP_MS) traffic.take([at(ms, ms)], ms);
  assert.equal(traffic.history('show/a').length, 121);
  traffic.take([], 3_600_000 + 600_000);
  assert.equal(traffic.history('show/a').length, 121);
  traffic.take([], 3_600_000 + 600_001);
  assert.deepEqual(traffic.history('show/a'), []);
});
