import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { type TestContext, test } from 'node:test';
import { memoryDatabase } from '../../../test/doubles/memory-database.ts';
import type { ServerEvent } from '../../api/events.ts';
import { parseStreamName } from '../../base/names.ts';
import type { MediaEvent } from '../../channel/messages.ts';
import { createLog } from '../log.ts';
import type { Database } from '../store/database.ts';
import { Events } from './events.ts';

const STREAM = parseStreamName('show/slot-1')!;
const LIVE: MediaEvent = {
  ...{ type: 'stream-live', stream: STREAM, session: 's', protocol: 'whip' },
};
const ENDED: MediaEvent = { type: 'stream-ended', stream: STREAM, reason: 'left' };

function setup(t: TestContext, database: Database = memoryDatabase()) {
  const lines: string[] = [];
  const told: (readonly [type: string, id: number | undefined])[] = [];
  const events = new Events({
    database,
    stateFolder: tmpdir(),
    endedAfterMs: 30,
    watchUrl: (stream) => `https://live.example.net/${stream}`,
    log: createLog({ level: 'info', readable: false, write: (line) => lines.push(line) }),
  });
  events.onEvent((event: ServerEvent, id) => told.push([event.type, id]));
  t.after(() => events.stop());
  return { events, database, lines, told };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 400, 'it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('the end is told by the clock, kept and logged; what counts viewers is not kept', async (t) => {
  const { events, told, lines } = setup(t);
  events.hear(LIVE);
  const transport = 'tcp';
  const viewer = { role: 'viewer', stream: STREAM, session: 'v', transport } as const;
  events.hear({ type: 'session-connected', ...viewer });
  events.hear(ENDED);
  await until(() => told.length === 3);
  assert.deepEqual(told, [
    ['stream.live', 1],
    ['viewers.changed', undefined],
    ['stream.ended', 2],
  ]);
  assert.deepEqual(
    events.list({ limit: 10 }).map(({ type }) => type),
    ['stream.ended', 'stream.live'],
  );
  assert.ok(lines.some((line) => line.includes('show/slot-1 ended after 0 s, peak 1 viewer')));
});

test('one that listens no more hears no more, and after the stop nobody does', (t) => {
  const { events, told } = setup(t);
  const more: string[] = [];
  const leave = events.onEvent(({ type }) => more.push(type));
  events.hear(LIVE);
  leave();
  events.stop();
  events.hear({ ...LIVE, stream: parseStreamName('show/slot-2')! });
  assert.deepEqual([more, told.length], [['stream.live'], 1]);
});

test('what could not be kept is kept afterwards, in its order', async (t) => {
  const { events, database, told, lines } = setup(t);
  await new Promise((resolve) => setTimeout(resolve, 20)); // past the look at the start
  database.exec('ALTER TABLE event RENAME TO elsewhere');
  events.hear(LIVE);
  for (const name of ['a', 'b']) events.hear({ ...LIVE, stream: parseStreamName(`show/${name}`)! });
  database.exec('ALTER TABLE elsewhere RENAME TO event');
  const { now } = performance;
  t.mock.method(performance, 'now', () => now.call(performance) + 60_000);
  events.hear({ ...LIVE, stream: parseStreamName('show/c')! });
  assert.deepEqual(
    told.map(([, id]) => id),
    [undefined, undefined, undefined, 4],
  );
  assert.equal(lines.filter((line) => line.includes('the database failed')).length, 1);
});

test('a database that fails keeps nobody from being told, and is complained of once', async (t) => {
  const { events, database, told, lines } = setup(t);
  database.exec('DROP TABLE event; DROP TABLE live_period');
  events.hear(LIVE);
  events.hear(ENDED);
  await until(() => told.length === 2);
  assert.deepEqual(told, [
    ['stream.live', undefined],
    ['stream.ended', undefined],
  ]);
  assert.equal(lines.filter((line) => line.includes('the database failed')).length, 1);
});

test('what was live at the stop goes on after the start', async (t) => {
  const { events, database, told } = setup(t);
  events.hear(LIVE);
  events.stop();
  const after = setup(t, database);
  after.events.hear(LIVE);
  after.events.hear(ENDED);
  await until(() => after.told.length === 1);
  assert.deepEqual([told, after.told], [[['stream.live', 1]], [['stream.ended', 2]]]);
});
