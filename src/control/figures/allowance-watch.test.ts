import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import { stream } from '../../../test/fakes/streams.ts';
import { sentenceOf } from '../../api/event-sentences.ts';
import type { EventOf } from '../../api/events.ts';
import { usualEvents } from '../../api/usual-events.ts';
import { EgressDays } from '../store/egress-days.ts';
import { Store } from '../store/store.ts';
import { AllowanceWatch } from './allowance-watch.ts';
import { Sampler } from './sampler.ts';

const MINUTE_MS = 60_000;
const TB = 1e12;

/** A server with an allowance, whose time passes by the hand of a test. */
function world(t: TestContext, startedAt = '2026-05-20T12:00:00Z') {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const store = Store.at(':memory:');
  t.after(() => store.close());
  const told: EventOf<'allowance.used'>[] = [];
  const faults: unknown[] = [];
  const media = new FakeMedia();
  const now = { ms: Date.parse(startedAt), allowedBytes: 20 * TB, bytesSent: 0 };
  let sampler: Sampler | undefined;
  let isBroken = false;
  const restart = () => {
    sampler?.stop();
    // The media plane begins to count anew, too.
    now.bytesSent = 0;
    const watch = new AllowanceWatch({
      allowedBytes: () => now.allowedBytes,
      settings: {
        get: (name) => store.settings.get(name),
        set: (name, value) => {
          if (isBroken) throw new Error('locked');
          store.settings.set(name, value);
        },
      },
      tell: (event) => told.push(event),
    });
    sampler = new Sampler({
      days: new EgressDays(store.database),
      nowMs: () => now.ms,
      onMonth: (...args) => watch.check(...args),
      onFault: (error) => void faults.push(error),
    });
    sampler.start(media, false);
  };
  /** A minute in which so much goes out. */
  const send = async (bytes: number) => {
    media.goLive('show/a');
    now.bytesSent += bytes;
    for (let passedMs = 0; passedMs <= MINUTE_MS; passedMs += 5000) {
      media.streams = [{ ...stream, bytesSent: now.bytesSent }];
      now.ms += 5000;
      t.mock.timers.tick(5000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const breaks = (broken: boolean) => {
    isBroken = broken;
  };
  restart();
  return { told, faults, media, now, restart, send, breaks };
}

const percents = (told: readonly EventOf<'allowance.used'>[]) =>
  told.map(({ data: { month, percent } }) => `${month} ${percent}`);

test('80 % and all of it are told once each in a month, also across restarts', async (t) => {
  const { told, faults, now, restart, send } = world(t);
  await send(15.9 * TB);
  assert.equal(told.length, 0);
  await send(0.3 * TB);
  assert.deepEqual(told[0]?.data, {
    ...{ month: '2026-05', percent: 80, sentBytes: 16.2 * TB, allowedBytes: 20 * TB },
  });
  assert.equal(
    sentenceOf(told[0]!),
    '80 % of the allowance of 2026-05 has gone out to viewers: 16.2 TB of 20 TB. Nobody is turned away for it.',
  );
  restart();
  await send(3 * TB);
  assert.deepEqual(percents(told), ['2026-05 80']);
  await send(TB);
  restart();
  await send(9 * TB);
  assert.deepEqual(percents(told), ['2026-05 80', '2026-05 100']);
  now.ms = Date.parse('2026-06-01T00:01:00Z');
  await send(TB);
  assert.equal(told.length, 2, 'a new month begins with nothing');
  await send(16 * TB);
  assert.deepEqual(percents(told), ['2026-05 80', '2026-05 100', '2026-06 80']);
  assert.deepEqual(faults, []);
});

test('of both at once all of it is told; without an allowance nothing is', async (t) => {
  const { told, now, send } = world(t);
  now.allowedBytes = 0;
  await send(30 * TB);
  assert.deepEqual(told, []);
  now.allowedBytes = 20 * TB;
  await send(1);
  await send(TB);
  assert.deepEqual(percents(told), ['2026-05 100']);
});

test('a changed allowance is told of anew, at once when it is read', async (t) => {
  const { told, now, restart, send } = world(t);
  await send(20 * TB);
  now.allowedBytes = 40 * TB;
  await send(TB);
  assert.deepEqual(percents(told), ['2026-05 100'], 'the half of more');
  now.allowedBytes = 22 * TB;
  restart();
  assert.deepEqual(percents(told), ['2026-05 100', '2026-05 80']);
});

test('the last bytes count when all streams have ended', async (t) => {
  const { told, media, now } = world(t);
  media.goLive('show/a');
  const look = async (bytesSent: number) => {
    media.streams = [{ ...stream, bytesSent }];
    now.ms += 5000;
    t.mock.timers.tick(5000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  await look(15 * TB);
  media.live.clear();
  await look(17 * TB);
  assert.deepEqual(percents(told), ['2026-05 80']);
});

test('while the database fails nothing is told, and once afterwards', async (t) => {
  const { told, faults, send, breaks } = world(t);
  breaks(true);
  await send(17 * TB);
  assert.deepEqual(told, []);
  assert.equal(faults.length, 1);
  breaks(false);
  await send(1);
  await send(1);
  assert.deepEqual(percents(told), ['2026-05 80']);
});

test('programs are told of it unasked', () => {
  assert.ok(usualEvents('webhook').includes('allowance.used'));
});
