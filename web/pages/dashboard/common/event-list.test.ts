import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptEvent } from '../../../../src/api/events.ts';
import { EVENTS_SHOWN_MAX, merged, withEvent } from './event-list.ts';

const told = {
  type: 'target.test',
  timestamp: '2026-05-01T19:00:00.000Z',
  data: { target: 'x' },
} as const;
const kept = (id: number): KeptEvent => ({ ...told, id });
const ids = (list: readonly KeptEvent[]) => list.map(({ id }) => id);

test('the newest first, each once, however they come', () => {
  assert.deepEqual(ids(merged([kept(2), kept(5)], [kept(3), kept(2)])), [5, 3, 2]);
  assert.deepEqual(ids(withEvent([kept(3), kept(2)], kept(4))), [4, 3, 2]);
  assert.deepEqual(ids(withEvent([kept(3)], kept(3))), [3]);
});

test('what is not kept is not in the list, and the list ends', () => {
  assert.deepEqual(ids(withEvent([kept(3)], told)), [3]);
  const many = Array.from({ length: EVENTS_SHOWN_MAX }, (_, at) => kept(at));
  const more = withEvent(many, kept(EVENTS_SHOWN_MAX));
  assert.equal(more.length, EVENTS_SHOWN_MAX);
  assert.equal(more[0]?.id, EVENTS_SHOWN_MAX);
});
