import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchInfo } from '../../../src/api/watch.ts';
import { LiveTiles } from './app-poll.ts';

const info = (stream: string): WatchInfo => ({
  ...{ stream, label: '', live: true, viewers: null, snapshot: null, poster: null },
});
const names = (tiles: readonly WatchInfo[]) =>
  tiles.map(({ stream, live }) => (live ? stream : `(${stream})`));

test('tiles come at the end, stay in their place over a drop, and go when it lasts', () => {
  const tiles = new LiveTiles();
  assert.deepEqual(names(tiles.update([info('a'), info('b')], 0)), ['a', 'b']);
  assert.deepEqual(names(tiles.update([info('0'), info('b')], 4_000)), ['(a)', 'b', '0']);
  assert.deepEqual(names(tiles.update([info('a'), info('0')], 8_000)), ['a', '(b)', '0']);
  assert.deepEqual(names(tiles.update([info('a'), info('0')], 23_999)), ['a', '(b)', '0']);
  assert.deepEqual(names(tiles.update([info('a'), info('0')], 24_000)), ['a', '0']);
  assert.deepEqual(names(tiles.update([info('b')], 30_000)), ['(a)', '(0)', 'b']);
});
