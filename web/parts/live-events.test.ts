import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type LiveEvent, LiveEvents, type LiveState, type Source } from './live-events.ts';

/** Stands for the browser's EventSource. */
class FakeSource implements Source {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((message: { readonly data: string }) => void) | null = null;
  missed: (() => void) | undefined;

  addEventListener(_: 'missed', listener: () => void): void {
    this.missed = listener;
  }

  close(): void {
    this.readyState = 2;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  fails(readyState: 0 | 2): void {
    this.readyState = readyState;
    this.onerror?.();
  }
}

const EVENT = { type: 'target.test', timestamp: '2026-05-01T19:00:00.000Z', data: { target: 'x' } };

let sources: FakeSource[];
let timers: Map<number, { readonly callback: () => void; readonly delayMs: number }>;
let events: LiveEvent[];
let refreshes: number;
let states: LiveState[];
let live: LiveEvents;

beforeEach(() => {
  sources = [];
  timers = new Map();
  events = [];
  refreshes = 0;
  states = [];
  let next = 1;
  live = new LiveEvents(
    '/api/events',
    {
      event: (event) => events.push(event),
      refresh: () => {
        refreshes += 1;
      },
      state: (state) => states.push(state),
    },
    {
      open: () => {
        const source = new FakeSource();
        sources.push(source);
        return source;
      },
      setTimer: (callback, delayMs) => {
        timers.set(next, { callback, delayMs });
        return next++;
      },
      clearTimer: (timer) => void timers.delete(timer),
    },
  );
});

/** Lets the one timer that is set run out; gives how long it would have taken. */
function wait(): number {
  assert.equal(timers.size, 1);
  const [[timer, { callback, delayMs }] = assert.fail()] = [...timers];
  timers.delete(timer);
  callback();
  return delayMs;
}

test('what is shown is read anew at each connection, and when something was missed', () => {
  live.start();
  sources[0]?.opens();
  assert.equal(refreshes, 1);
  sources[0]?.onmessage?.({ data: JSON.stringify(EVENT) });
  sources[0]?.onmessage?.({ data: '<html>' });
  assert.deepEqual(events, [EVENT]);
  sources[0]?.missed?.();
  assert.equal(refreshes, 2);
});

test('a lost connection is the browser’s to mend', () => {
  live.start();
  sources[0]?.opens();
  sources[0]?.fails(0);
  assert.deepEqual(states, ['connecting', 'open', 'lost']);
  assert.equal(timers.size, 0);
  sources[0]?.opens();
  assert.deepEqual(states.at(-1), 'open');
  assert.equal(refreshes, 2);
  assert.equal(sources.length, 1);
});

test('where the browser gives up, it is tried again, ever more seldom', () => {
  live.start();
  const delays = [];
  for (let at = 0; at < 6; at += 1) {
    sources.at(-1)?.fails(2);
    delays.push(wait());
  }
  assert.deepEqual(delays, [2000, 4000, 8000, 16_000, 30_000, 30_000]);
  sources.at(-1)?.opens();
  sources.at(-1)?.fails(2);
  assert.equal(wait(), 2000);
});

test('a page that nobody sees gives its connection back after a while', () => {
  live.start();
  sources[0]?.opens();
  live.show(false);
  live.show(true);
  assert.equal(timers.size, 0);
  assert.equal(sources.length, 1);
  live.show(false);
  wait();
  assert.equal(sources[0]?.readyState, 2);
  live.show(true);
  sources[1]?.opens();
  assert.equal(refreshes, 2);
});

test('nothing goes on after the end', () => {
  live.start();
  sources[0]?.fails(2);
  live.stop();
  assert.equal(timers.size, 0);
  live.show(true);
  assert.equal(sources.length, 1);
});
