import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OvenPlayerApi, Revival } from './revival.ts';

/** A player and a clock. `answers` says what becomes of a connection. */
class World {
  nowMs = 0;
  connects: { readonly atMs: number; readonly source: number }[] = [];
  plays = 0;
  answers: 'refused' | 'plays' | 'waits' = 'refused';
  autoStart = false;
  hidden = false;
  readonly media = { currentTime: 0, paused: true, srcObject: null as object | null };
  #source = 0;
  #timers = new Map<number, { readonly dueMs: number; readonly callback: () => void }>();
  #listeners = new Map<string, (data: unknown) => void>();
  #lastTimer = 0;

  constructor() {
    const player: OvenPlayerApi = {
      on: (name, listener) => this.#listeners.set(name, listener),
      play: () => {
        this.plays += 1;
      },
      getProviderName: () => 'webrtc',
      getCurrentSource: () => this.#source,
      setCurrentSource: (index) => this.#connect(index),
      load: () => this.#connect(this.#source),
      getMediaElement: () => this.media as unknown as HTMLMediaElement,
      getConfig: () => ({ autoStart: this.autoStart }),
    };
    new Revival(player, {
      nowMs: () => this.nowMs,
      setTimer: (callback, delayMs) => {
        this.#lastTimer += 1;
        this.#timers.set(this.#lastTimer, { dueMs: this.nowMs + delayMs, callback });
        return this.#lastTimer;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      random: () => 0.5,
      isHidden: () => this.hidden,
    });
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  tell(name: string, data?: unknown): void {
    this.#listeners.get(name)?.(data);
  }

  state(newstate: string): void {
    this.tell('stateChanged', { newstate });
  }

  playing(source = 0): void {
    this.#source = source;
    Object.assign(this.media, { paused: false, srcObject: {} });
    this.state('playing');
  }

  fail(): void {
    this.media.srcObject = null;
    this.state('error');
    this.tell('error', { code: 501 });
  }

  /** @param moves whether the picture does */
  run(seconds: number, moves = false): void {
    const endMs = this.nowMs + seconds * 1000;
    for (;;) {
      const [first] = [...this.#timers].toSorted(([, a], [, b]) => a.dueMs - b.dueMs);
      if (first === undefined || first[1].dueMs > endMs) break;
      this.#timers.delete(first[0]);
      this.nowMs = first[1].dueMs;
      if (moves) this.media.currentTime = this.nowMs / 1000;
      first[1].callback();
    }
    this.nowMs = endMs;
  }

  #connect(source: number): void {
    this.connects.push({ atMs: Math.round(this.nowMs), source });
    this.state('idle');
    this.#source = source;
    this.tell('sourceChanged', {});
    if (this.answers === 'refused') this.fail();
    if (this.answers === 'plays') this.playing(source);
  }
}

test('dials again ever more slowly, and goes on playing', () => {
  const world = new World();
  world.playing();
  world.run(10, true);
  world.fail();
  world.run(5);
  const delays = world.connects.map(({ atMs }) => atMs - 10_000);
  assert.deepEqual(delays, [300, 780, 1548, 2777, 4743]);
  world.run(120);
  const [last = 0, before = 0] = world.connects.map(({ atMs }) => atMs).toReversed();
  assert.equal(last - before, 10_000);
  world.answers = 'plays';
  const count = world.connects.length;
  world.run(10, true);
  assert.equal(world.connects.length, count + 1);
  assert.ok(world.plays > 0);
  // What was is over: the next time it is quick again.
  world.answers = 'refused';
  world.fail();
  const failedMs = world.nowMs;
  world.run(0.4);
  assert.equal(world.connects.at(-1)?.atMs, failedMs + 300);
});

test('what was paused, and what nobody started, comes back without playing', () => {
  for (const states of [[], ['playing', 'paused']]) {
    const world = new World();
    for (const state of states) world.state(state);
    world.answers = 'waits';
    world.fail();
    world.run(3);
    assert.equal(world.connects.length, 1);
    assert.equal(world.plays, 0);
  }
});

test('OvenPlayer starts by itself where it was told to', () => {
  const world = new World();
  world.autoStart = true;
  world.playing();
  world.answers = 'plays';
  world.fail();
  world.run(3, true);
  assert.equal(world.connects.length, 1);
  assert.equal(world.plays, 0);
});

test('goes back to the source that played, not the last one that was tried', () => {
  const world = new World();
  world.playing(1);
  world.answers = 'waits';
  world.tell('sourceChanged', {});
  world.fail();
  world.run(1);
  assert.equal(world.connects[0]?.source, 1);
});

test('a picture that stands is dead after a while, unless it was paused or nobody sees it', () => {
  const world = new World();
  world.answers = 'plays';
  world.playing();
  world.run(30, true);
  world.media.paused = true;
  world.run(60);
  world.media.paused = false;
  world.hidden = true;
  world.run(60);
  assert.deepEqual(world.connects, []);
  world.hidden = false;
  world.run(14);
  assert.deepEqual(world.connects, []);
  world.run(3);
  assert.equal(world.connects.length, 1);
});

test('who waits for a publisher dials anew from time to time, who stopped does not', () => {
  const world = new World();
  world.answers = 'waits';
  world.run(59);
  assert.deepEqual(world.connects, []);
  world.run(3);
  assert.equal(world.connects.length, 1);
  world.state('idle');
  world.run(300);
  assert.equal(world.connects.length, 1);
});

test('nothing is left of a player that was removed, and of one that can play nothing', () => {
  const world = new World();
  world.tell('error', { code: 101 });
  assert.equal(world.timerCount, 1);
  world.tell('error', undefined);
  assert.equal(world.timerCount, 2);
  world.tell('destroy');
  assert.equal(world.timerCount, 0);
});
