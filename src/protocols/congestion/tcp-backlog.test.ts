/** A connection in virtual time: a window that lets a little through, a path of one rate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTSENT_BYTES, TcpBacklog } from './tcp-backlog.ts';

const FRAME_MS = 33;
const TICK_MS = 5;

class Connection {
  rateBps: number;
  readonly backlog = new TcpBacklog(() => {
    this.looks++;
    return {
      queuedBytes: this.#queued,
      notsentBytes: Math.max(0, this.#queued - this.#windowBytes),
      deliveredBytes: this.#delivered,
      minRttMs: this.#rttMs,
    };
  });
  looks = 0;
  /** How long the byte that was handed over last takes to get through, at worst. */
  worstMs = 0;
  nowMs = 0;
  #waiting = 0;
  #queued = 0;
  #delivered = 0;
  readonly #windowBytes: number;
  readonly #rttMs: number;
  /** What was handed over arrives no sooner. */
  readonly #flying: { readonly atMs: number; bytes: number }[] = [];

  constructor(rateBps: number, rttMs: number, windowBytes: number) {
    this.rateBps = rateBps;
    this.#rttMs = rttMs;
    this.#windowBytes = windowBytes;
  }

  /** Frames of the stream, one in sixty of them `keyframe` times as large. */
  run(ms: number, streamBps: number, keyframe = 8): void {
    const unit = (streamBps * FRAME_MS * 60) / (8000 * (59 + keyframe));
    const endMs = this.nowMs + ms;
    let frame = 0;
    for (let nextMs = this.nowMs; this.nowMs < endMs; this.nowMs += TICK_MS) {
      if (this.nowMs >= nextMs) {
        this.#waiting = Math.min(
          this.#waiting + unit * (frame++ % 60 === 0 ? keyframe : 1),
          200_000,
        );
        nextMs += FRAME_MS;
      }
      this.#fly();
      this.#hand();
    }
  }

  #hand(): void {
    while (this.#waiting > 0) {
      const bytes = Math.min(this.#waiting, this.backlog.room(this.nowMs), 56 * 1024);
      if (bytes <= 0) return;
      this.backlog.spend(bytes);
      this.#queued += bytes;
      this.#waiting -= bytes;
      this.#flying.push({ atMs: this.nowMs + this.#rttMs, bytes });
      this.worstMs = Math.max(this.worstMs, (8000 * this.#queued) / this.rateBps);
    }
  }

  #fly(): void {
    let budget = (this.rateBps * TICK_MS) / 8000;
    while (budget > 0 && this.#flying[0] && this.#flying[0].atMs <= this.nowMs) {
      const piece = this.#flying[0];
      const bytes = Math.min(piece.bytes, budget);
      piece.bytes -= bytes;
      budget -= bytes;
      this.#queued -= bytes;
      this.#delivered += bytes;
      if (piece.bytes <= 0) this.#flying.shift();
    }
  }
}

for (const rttMs of [1, 50, 200]) {
  test(`a path of ${rttMs} ms that carries the stream is asked a few times a second, and not cut`, () => {
    const path = new Connection(30e6, rttMs, 300_000);
    path.run(20_000, 2.3e6);
    assert.equal(path.backlog.thinBps, undefined);
    assert.ok(path.looks < 20 * 12, `${path.looks} looks in 20 s`);
  });
}

for (const rateBps of [1e6, 2e6]) {
  for (const windowBytes of [8_000, 1_000_000]) {
    test(`${rateBps / 1e6} Mbit/s, ${windowBytes} bytes in flight: little is handed over ahead`, () => {
      const path = new Connection(rateBps, 20, windowBytes);
      path.run(3000, 2.3e6);
      path.worstMs = 0;
      path.run(20_000, 2.3e6);
      const { thinBps } = path.backlog;
      assert.ok(thinBps && Math.abs(thinBps / rateBps - 1) < 0.2, `measured ${thinBps}`);
      assert.ok(path.worstMs < 320, `${path.worstMs} ms`);
    });
  }
}

test('a path that becomes thin shows it within half a second', () => {
  const path = new Connection(30e6, 20, 1_000_000);
  path.run(5000, 2.3e6);
  path.rateBps = 1e6;
  path.worstMs = 0;
  path.run(700, 2.3e6);
  assert.ok(path.backlog.thinBps);
  assert.ok(path.worstMs < 1000, `${path.worstMs} ms`);
});

test('a path that gets its width back is given all of it', () => {
  const path = new Connection(1e6, 20, 1_000_000);
  path.run(10_000, 2.3e6);
  path.rateBps = 30e6;
  path.run(10_000, 2.3e6);
  assert.equal(path.backlog.thinBps, undefined);
  const looks = path.looks;
  path.run(10_000, 2.3e6);
  assert.ok(path.looks - looks < 120);
});

test('a path that delivers nothing says since when, and is given little', () => {
  const path = new Connection(30e6, 20, 1_000_000);
  path.run(1000, 2.3e6);
  path.rateBps = 0;
  path.run(5000, 2.3e6);
  const { stuckSinceMs } = path.backlog;
  assert.ok(stuckSinceMs && stuckSinceMs > 1000 && stuckSinceMs < 1600, `${stuckSinceMs}`);
  assert.ok(path.backlog.room(path.nowMs) <= 0);
  path.rateBps = 30e6;
  path.run(1000, 2.3e6);
  assert.equal(path.backlog.stuckSinceMs, undefined);
});

test('a connection of which the kernel says nothing is given what the kernel would take', () => {
  const backlog = new TcpBacklog(() => undefined);
  assert.equal(backlog.room(0), NOTSENT_BYTES);
});
