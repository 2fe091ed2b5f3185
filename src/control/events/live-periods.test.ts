import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStreamName } from '../../base/names.ts';
import { type LiveEvent, LivePeriods, type Period } from './live-periods.ts';

const STREAM = parseStreamName('show/slot-1')!;
const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

class World {
  readonly kept = new Map<string, Period>();
  readonly told: string[] = [];
  readonly events: LiveEvent[] = [];
  readonly periods: LivePeriods;
  #ids = 0;

  constructor() {
    this.periods = new LivePeriods({
      endedAfterMs: 10_000,
      store: {
        save: (period) => this.kept.set(period.stream, period),
        remove: (stream) => this.kept.delete(stream),
      },
      newId: () => `p${++this.#ids}`,
      watchUrl: (stream) => `https://live.example.net/${stream}`,
      tell: (event) => {
        this.events.push(event);
        this.told.push(`${event.type} ${event.data.period}`);
      },
      ended: () => undefined,
    });
  }

  /** Runs whatever falls due on the way, as the timer would. */
  until(ms: number): number {
    for (let due = this.periods.deadlineMs; due <= ms; due = this.periods.deadlineMs) {
      this.periods.advance(due);
    }
    return ms;
  }
}

test('a drop of three seconds is no end, and the period goes on', () => {
  const { periods, told, until } = bind(new World());
  periods.live(STREAM, 'rtmp', 0, START_MS);
  periods.gone(STREAM, 'timed-out', until(START_MS + 60_000));
  periods.live(STREAM, 'rtmp', 0, until(START_MS + 63_000));
  until(START_MS + HOUR_MS);
  assert.deepEqual(told, ['stream.live p1']);
});

test('an end is told after the grace time, and is when the last of it came', () => {
  const { periods, told, events, until } = bind(new World());
  periods.live(STREAM, 'rtmp', 3, START_MS);
  periods.viewers(STREAM, 41);
  periods.viewers(STREAM, 12);
  periods.gone(STREAM, 'left', until(START_MS + 7_980_000));
  until(START_MS + 7_989_999);
  assert.deepEqual(told, ['stream.live p1']);
  until(START_MS + 7_990_000);
  assert.deepEqual(told, ['stream.live p1', 'stream.ended p1']);
  assert.deepEqual(events[1]?.data, {
    stream: STREAM,
    period: 'p1',
    reason: 'left',
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-01T02:13:00.000Z',
    durationMs: 7_980_000,
    peakViewers: 41,
    watchUrl: 'https://live.example.net/show/slot-1',
  });
  periods.live(STREAM, 'whip', 0, until(START_MS + 8_000_000));
  assert.equal(told.at(-1), 'stream.live p2');
});

test('a takeover is told as one, neither as an end nor as a beginning', () => {
  const { periods, told, until } = bind(new World());
  periods.live(STREAM, 'rtmp', 0, START_MS);
  periods.gone(STREAM, 'replaced', START_MS + 5000);
  periods.live(STREAM, 'whip', 0, until(START_MS + 5800));
  until(START_MS + HOUR_MS);
  assert.deepEqual(told, ['stream.live p1', 'stream.replaced p1']);
});

test('a takeover by somebody who never sends is an end', () => {
  const { periods, told, events, until } = bind(new World());
  periods.live(STREAM, 'rtmp', 0, START_MS);
  periods.gone(STREAM, 'replaced', START_MS + 5000);
  until(START_MS + 15_000);
  assert.deepEqual(told, ['stream.live p1', 'stream.ended p1']);
  assert.equal(events[1]?.type === 'stream.ended' && events[1].data.durationMs, 5000);
});

test('who watches in the grace time counts for the period only once it is back', () => {
  const { periods, events, until } = bind(new World());
  periods.live(STREAM, 'rtmp', 1, START_MS);
  periods.gone(STREAM, 'left', START_MS + 1000);
  periods.viewers(STREAM, 9);
  until(START_MS + 20_000);
  assert.equal(events[1]?.type === 'stream.ended' && events[1].data.peakViewers, 1);
});

test('a period goes on over a restart of the server', () => {
  const before = new World();
  before.periods.live(STREAM, 'rtmp', 5, START_MS);
  before.periods.gone(STREAM, 'server-stopping', START_MS + 60_000);
  const { periods, told, until } = bind(new World());
  periods.restore([...before.kept.values()], START_MS + 65_000);
  periods.live(STREAM, 'rtmp', 0, until(START_MS + 90_000));
  periods.gone(STREAM, 'left', until(START_MS + 120_000));
  until(START_MS + HOUR_MS);
  assert.deepEqual(told, ['stream.ended p1']);
  assert.equal(periods.peakOf(STREAM), 0);
});

test('a period that is not taken up again ended when the server did', () => {
  const away = { sinceMs: START_MS + 60_000, reason: 'server-stopping' } as const;
  const left: Period = {
    ...{ stream: STREAM, id: 'p0', protocol: 'rtmp', sinceMs: START_MS, peakViewers: 5, away },
  };
  const { periods, events, told, until } = bind(new World());
  periods.restore([left], START_MS + HOUR_MS);
  until(START_MS + HOUR_MS + 29_999);
  assert.deepEqual(told, []);
  until(START_MS + HOUR_MS + 30_000);
  assert.deepEqual(told, ['stream.ended p0']);
  assert.equal(events[0]?.type === 'stream.ended' && events[0].data.durationMs, 60_000);
});

test('nothing is kept of what is over, and no time is waited for', () => {
  const world = new World();
  const { periods, kept, until } = bind(world);
  for (let round = 0; round < 100; round++) {
    const atMs = START_MS + round * 60_000;
    periods.live(STREAM, 'rtmp', 0, until(atMs));
    periods.gone(STREAM, 'left', until(atMs + 30_000));
  }
  until(START_MS + HOUR_MS * 2);
  assert.equal(world.told.length, 200);
  assert.equal(kept.size, 0);
  assert.equal(periods.deadlineMs, Number.POSITIVE_INFINITY);
});

function bind(world: World) {
  const { periods, told, events, kept } = world;
  return { periods, told, events, kept, until: (ms: number) => world.until(ms) };
}
