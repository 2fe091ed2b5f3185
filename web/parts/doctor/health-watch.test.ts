import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Health } from '../../../src/api/health.ts';
import type { Answer, AskOptions } from '../api.ts';
import { type HealthSource, HealthWatch } from './health-watch.ts';

const HEALTH: Health = {
  stream: 'show/a',
  measured: '2026-05-01T19:00:00.000Z',
  verdict: { state: 'waiting', sentence: 'Nothing comes in yet.', checks: [] },
  facts: null,
};

function failed(status: number): Answer<Health> {
  return { ok: false, status, reason: 'some', message: 'No.' };
}

class World {
  readonly asked: { readonly path: string; readonly query: AskOptions['query'] }[] = [];
  readonly told: string[] = [];
  answer: Answer<Health> = { ok: true, value: HEALTH };
  readonly watch: HealthWatch;
  #timers = new Map<number, { readonly callback: () => void; readonly delayMs: number }>();
  #next = 1;

  constructor(source: HealthSource = { kind: 'stream', stream: 'show/a' }) {
    const wish = { videoBps: 2_500_000.4, width: 1280, height: undefined, fps: 30 };
    this.watch = new HealthWatch(
      source,
      wish,
      {
        health: ({ verdict }) => this.told.push(verdict.state),
        failure: ({ status }, isFinal) => this.told.push(`${status} ${isFinal}`),
      },
      {
        get: async (path, { query }) => {
          this.asked.push({ path, query });
          return this.answer;
        },
        setTimer: (callback, delayMs) => {
          this.#timers.set(this.#next, { callback, delayMs });
          return this.#next++;
        },
        clearTimer: (timer) => this.#timers.delete(timer),
      },
    );
  }

  get delays(): number[] {
    return [...this.#timers.values()].map(({ delayMs }) => delayMs);
  }

  /** Lets the next timer ring, and what it begins come to its end. */
  async ring(): Promise<void> {
    const [[id, timer] = []] = this.#timers;
    assert.ok(id !== undefined && timer !== undefined, 'something waits');
    this.#timers.delete(id);
    timer.callback();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

test('asks at once and then again and again, one question at a time', async () => {
  const world = new World();
  world.watch.start();
  await world.ring();
  await world.ring();
  assert.deepEqual(world.told, ['waiting', 'waiting']);
  assert.deepEqual(world.delays, [1500]);
  assert.deepEqual(world.asked[0], {
    path: '/streams/show/a/health',
    query: { bitrate: 2_500_000, width: 1280, height: undefined, fps: 30 },
  });
});

test('a guest asks for one of his slots', async () => {
  const world = new World({ kind: 'guest', slot: 'show/a' });
  world.watch.start();
  await world.ring();
  assert.equal(world.asked[0]?.path, '/guest/health');
  assert.equal(world.asked[0]?.query?.['slot'], 'show/a');
});

test('nobody looks: nothing is asked until somebody does again', async () => {
  const world = new World();
  world.watch.start();
  await world.ring();
  world.watch.show(false);
  assert.deepEqual(world.delays, []);
  world.watch.show(true);
  assert.deepEqual(world.delays, [0]);
});

test('a server that does not answer is asked later, one that says no is not', async () => {
  const world = new World();
  world.answer = failed(0);
  world.watch.start();
  await world.ring();
  assert.deepEqual(world.delays, [4000]);
  world.answer = failed(401);
  await world.ring();
  assert.deepEqual(world.told, ['0 false', '401 true']);
  assert.deepEqual(world.delays, []);
});

test('an answer that comes after the end is not told', async () => {
  const world = new World();
  world.watch.start();
  const ringing = world.ring();
  world.watch.stop();
  await ringing;
  assert.deepEqual(world.told, []);
  assert.deepEqual(world.delays, []);
});
