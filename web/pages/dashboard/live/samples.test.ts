import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHistory, GRAPH_MS, linesOf, spanOf, wasAway, withSample } from './samples.ts';

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
  const early = [{ atMs: 1_000, bps: 5 }];
  assert.deepEqual(
    fromHistory(history, early).map(({ bps }) => bps),
    [5, 1, 2],
    'a server that has restarted knows less than the page',
  );
});

test('a line has a gap where a stream was not there', () => {
  const samples = [0, 5_000, 95_000, 100_000].map((atMs) => ({ atMs, bps: 7 }));
  assert.deepEqual(linesOf(samples), {
    times: [0, 5_000, 50_000, 95_000, 100_000],
    values: [7, 7, null, 7, 7],
  });
  assert.deepEqual(linesOf([]), { times: [], values: [] });
  assert.equal(wasAway(samples, 105_000), false);
  assert.equal(wasAway(samples, 160_000), true, 'a tab in the background');
  assert.equal(wasAway([], 160_000), false);
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
