import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { LayerProbe } from './layer-probe.ts';

const SENT_BPS = 200_000;
const NEXT_BPS = 600_000;
const TICK_MS = 100;

/** A path that delivers what it is given, as far as it is wide; its estimate follows what arrives. */
class Path {
  readonly probe = new LayerProbe();
  nowMs = 10_000;
  widthBps: number;
  limitBps = 250_000;
  overuses = 0;
  /** Time in which more was sent than needed. */
  probingMs = 0;
  mostBps = 0;

  constructor(widthBps: number) {
    this.widthBps = widthBps;
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += TICK_MS) {
      const allBps = SENT_BPS + this.probe.extraBps;
      if (this.probe.extraBps > 0) this.probingMs += TICK_MS;
      this.mostBps = Math.max(this.mostBps, allBps);
      const deliveredBps = Math.min(allBps, this.widthBps);
      if (allBps > this.widthBps) this.overuses++;
      else if (this.limitBps < 1.5 * deliveredBps) this.limitBps *= 1.05;
      const path = { limitBps: this.limitBps, deliveredBps, overuses: this.overuses, loss: 0 };
      this.probe.update(SENT_BPS, NEXT_BPS, path, this.nowMs);
    }
  }
}

let path: Path;
beforeEach(() => {
  path = new Path(5_000_000);
});

test('a path that carries more shows it within seconds, and is left alone then', () => {
  path.run(8000);
  assert.ok(path.limitBps > NEXT_BPS * 1.3, `${path.limitBps} bit/s`);
  assert.equal(path.probe.extraBps, 0);
  assert.ok(path.mostBps < NEXT_BPS * 1.35, `${path.mostBps} bit/s at most`);
});

test('a path that does not is not buried, and tried ever more rarely', () => {
  path = new Path(400_000);
  path.run(300_000);
  assert.ok(path.limitBps < NEXT_BPS * 1.3);
  assert.ok(path.mostBps < 400_000 * 1.35, `${path.mostBps} bit/s at most`);
  assert.ok(path.probingMs < 50_000, `${path.probingMs} ms of trying in five minutes`);
});

test('after trouble it waits', () => {
  path.probe.onTrouble(path.nowMs);
  path.run(2900);
  assert.equal(path.probingMs, 0);
  path.run(1000);
  assert.ok(path.probingMs > 0);
});

test('nothing is tried where there is nothing better, or no limit', () => {
  const still = { limitBps: 250_000, deliveredBps: 200_000, overuses: 0, loss: 0 };
  path.probe.update(SENT_BPS, undefined, still, path.nowMs);
  assert.equal(path.probe.extraBps, 0);
  path.probe.update(SENT_BPS, NEXT_BPS, { ...still, limitBps: undefined }, path.nowMs);
  assert.equal(path.probe.extraBps, 0);
});
