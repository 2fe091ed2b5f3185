import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDatabase } from '../../../test/doubles/memory-database.ts';
import { parseStreamName } from '../../base/names.ts';
import { eventAt } from './event.ts';
import { EVENTS_KEPT_MAX, EventTable } from './event-table.ts';
import type { Period } from './live-periods.ts';
import { PeriodTable } from './period-table.ts';

const STREAM = parseStreamName('show/slot-1')!;
const START_MS = Date.UTC(2026, 0, 1);

function replaced(stream: string, atMs: number) {
  return eventAt('stream.replaced', { stream, protocol: 'whip', period: 'p1' }, atMs);
}

test('events are numbered, and found by number, stream and type', () => {
  const table = new EventTable(memoryDatabase());
  assert.deepEqual(table.span, { oldest: 0, newest: 0 });
  for (let index = 0; index < 10; index++) table.add(replaced(`show/${index % 2}`, START_MS));
  const data = { freeBytes: 1, totalBytes: 2, isOver: false, message: 'low' };
  assert.equal(table.add(eventAt('disk.low', data, START_MS)), 11);
  assert.deepEqual(table.span, { oldest: 1, newest: 11 });
  const ids = (events: readonly { id: number }[]) => events.map(({ id }) => id);
  assert.deepEqual(ids(table.after(8, 2)), [9, 10]);
  assert.deepEqual(ids(table.list({ limit: 3 })), [11, 10, 9]);
  assert.deepEqual(ids(table.list({ limit: 3, before: 9, stream: 'show/1' })), [8, 6, 4]);
  assert.deepEqual(table.list({ limit: 9, type: 'disk.low' }), [
    { id: 11, type: 'disk.low', timestamp: '2026-01-01T00:00:00.000Z', data },
  ]);
});

test('the log keeps the newest ten thousand, and no number comes twice', () => {
  const database = memoryDatabase();
  const table = new EventTable(database);
  database.transaction(() => {
    for (let index = 0; index < EVENTS_KEPT_MAX + 5000; index++)
      table.add(replaced(STREAM, START_MS));
  });
  assert.deepEqual(table.span, { oldest: 5001, newest: EVENTS_KEPT_MAX + 5000 });
  database.exec('DELETE FROM event');
  assert.equal(table.add(replaced(STREAM, START_MS)), EVENTS_KEPT_MAX + 5001);
});

test('after a crash a period ended when the server was last seen alive', () => {
  const database = memoryDatabase();
  const period: Period = {
    ...{ stream: STREAM, id: 'p1', protocol: 'whip', sinceMs: START_MS, peakViewers: 7 },
    away: undefined,
  };
  const before = new PeriodTable(database);
  before.save(period, START_MS + 1000);
  before.seen(START_MS + 60_000);
  const after = new PeriodTable(database);
  const away = { sinceMs: START_MS + 60_000, reason: 'server-stopping' };
  assert.deepEqual(after.left(), [{ ...period, away }]);
  const gone = { sinceMs: START_MS + 2000, reason: 'timed-out' } as const;
  after.save({ ...period, away: gone }, START_MS + 2000);
  after.seen(START_MS + 90_000);
  assert.deepEqual(after.left(), [{ ...period, away: gone }]);
  after.remove(STREAM);
  assert.deepEqual(after.left(), []);
});
