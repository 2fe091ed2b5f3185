import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import { stream } from '../../../test/fakes/streams.ts';
import { EgressDays } from '../store/egress-days.ts';
import { Store } from '../store/store.ts';
import { Sampler } from './sampler.ts';

/** Lets answers come. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('what went out is summed by days, and outlives a restart', async (context) => {
  mock.timers.enable({ apis: ['setInterval'] });
  context.after(() => mock.timers.reset());
  const store = Store.at(':memory:');
  const days = new EgressDays(store.database);
  let nowMs = Date.parse('2026-04-30T23:59:50Z');
  const faults: unknown[] = [];
  const options = {
    days,
    nowMs: () => nowMs,
    onFault: (error: unknown) => void faults.push(error),
  };
  const media = new FakeMedia();
  const sampler = new Sampler(options);
  sampler.start(media, false);
  const look = async (bytesSent: number) => {
    media.streams = [{ ...stream, bytesSent }];
    nowMs += 5_000;
    mock.timers.tick(5_000);
    await settle();
  };
  await look(1_000);
  assert.equal(sampler.egress().monthBytes, 0, 'nobody is asked while nothing is live');
  media.goLive('show/a');
  await look(1_500);
  assert.equal(sampler.egressBps, 2_600_000);
  await look(4_000);
  media.live.clear();
  await look(5_000);
  await look(9_000);
  assert.deepEqual(sampler.egress(), {
    days: [{ day: '2026-05-01', bytes: 5_000 }],
    monthBytes: 5_000,
  });
  sampler.stop();
  days.add('2026-04-12', 70);
  days.add('2026-03-31', 80);
  assert.deepEqual(new Sampler(options).egress(), {
    days: [
      { day: '2026-04-12', bytes: 70 },
      { day: '2026-05-01', bytes: 5_000 },
    ],
    monthBytes: 5_000,
  });
  assert.deepEqual(faults, []);
  store.close();
});

test('a database that fails costs nothing that was counted', async (context) => {
  mock.timers.enable({ apis: ['setInterval'] });
  context.after(() => mock.timers.reset());
  const written: [string, number][] = [];
  let isBroken = true;
  const faults: unknown[] = [];
  const nowMs = () => Date.parse('2026-05-01T12:00:00Z');
  const sampler = new Sampler({
    nowMs,
    days: {
      add: (day, bytes) => {
        if (isBroken) throw new Error('locked');
        written.push([day, bytes]);
      },
      since: () => [],
    },
    onFault: (error) => void faults.push(error),
  });
  const media = new FakeMedia();
  media.goLive('show/a');
  media.streams = [stream];
  sampler.start(media, true);
  mock.timers.tick(2_000);
  await settle();
  sampler.egress();
  assert.equal(faults.length, 1);
  isBroken = false;
  sampler.stop();
  assert.deepEqual(written, [['2026-05-01', stream.bytesSent]]);
});

test('days of long ago are forgotten', () => {
  const store = Store.at(':memory:');
  const days = new EgressDays(store.database);
  const first = Date.parse('2025-01-01T00:00:00Z');
  for (let at = 0; at < 500; at += 1) {
    days.add(new Date(first + at * 86_400_000).toISOString().slice(0, 10), 1);
  }
  assert.equal(days.since('2020-01-01').length, 400);
  store.close();
});
