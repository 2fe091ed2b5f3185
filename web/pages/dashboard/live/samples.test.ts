import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHistory, GRAPH_MS, spanOf, withSample } from './samples.ts';

test('what the server has noted comes before what the page has seen', () => {
  const history = [
    { at: '1970-01-01T00:00:05.000Z', receivedBps: 1, sentBps: 0, viewers: 0 },
    { at: '1970-01-01T00:00:10.000Z', receivedBps: 2, sentBps: 0, viewers: 0 },
  ];
  const seen = [
    { atMs: 9_000, bps: 3 },
    { atMs: 12_000, bps: 4 },
  ];
  assert.deepEqual(
    fromHistory(history, seen).map(({ bps }) => bps),
    [1, 2, 4],
  );
  assert.deepEqual(fromHistory([], seen), seen);
});

test('a graph grows by steps, and forgets', () => {
  const first = withSample([], { atMs: 0, bps: 1 });
  assert.equal(withSample(first, { atMs: 1_000, bps: 2 }), first);
  assert.deepEqual(withSample(first, { atMs: 5_000, bps: 2 }), [
    { atMs: 0, bps: 1 },
    { atMs: 5_000, bps: 2 },
  ]);
  assert.equal(withSample(first, { atMs: GRAPH_MS + 1, bps: 2 }).length, 1);
});

test('a young stream fills its graph, an old one has ten minutes', () => {
  const at = (...times: number[]) => times.map((atMs) => ({ atMs, bps: 1 }));
  assert.equal(spanOf([]), 120_000);
  assert.equal(spanOf(at(0, 60_000)), 120_000);
  assert.equal(spanOf(at(0, 300_000)), 300_000);
  assert.equal(spanOf(at(0, 601_000)), GRAPH_MS);
});
