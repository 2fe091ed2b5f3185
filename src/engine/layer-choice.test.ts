import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LayerChoice } from './layer-choice.ts';

const NEEDS = [200_000, 600_000, 2_000_000];
const TICK_MS = 100;

/** A viewer whose path is asked each 100 ms. */
class Chooser {
  readonly choice = new LayerChoice();
  layer: number;
  nowMs = 0;
  changes: number[] = [];

  constructor(layer: number) {
    this.layer = layer;
  }

  run(
    ms: number,
    limitBps: number | undefined,
    mustTry = false,
    needs: readonly (number | undefined)[] = NEEDS,
  ): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += TICK_MS) {
      const path = { limitBps, mustTry };
      const layer = this.choice.choose(needs, this.layer, path, this.nowMs);
      if (layer !== this.layer) this.changes.push(layer);
      this.layer = layer;
    }
    return this;
  }
}

test('a path without a known limit gets the best layer at once', () => {
  assert.equal(new Chooser(-1).run(TICK_MS, undefined).layer, 2);
  assert.equal(new Chooser(0).run(TICK_MS, undefined).layer, 2);
  assert.equal(new Chooser(0).run(TICK_MS, undefined, false, [100, undefined, undefined]).layer, 2);
});

test('a path that is too thin gets the best layer that fits, after a moment', () => {
  assert.equal(new Chooser(2).run(200, 700_000).layer, 2);
  assert.equal(new Chooser(2).run(500, 700_000).layer, 1);
  assert.equal(new Chooser(2).run(500, 300_000).layer, 0);
  assert.equal(new Chooser(2).run(500, 50_000).layer, 0, 'the smallest, whatever it takes');
});

test('a better layer must fit with room to spare, for a second', () => {
  assert.equal(new Chooser(1).run(5000, 2_200_000).layer, 1);
  assert.equal(new Chooser(1).run(900, 2_500_000).layer, 1);
  assert.equal(new Chooser(1).run(1200, 2_500_000).layer, 2);
  assert.equal(new Chooser(1).run(5000, 9e6, false, [1, 2, undefined]).layer, 1, 'unmeasured');
});

test('a limit that swings around a layer does not make it flap', () => {
  const chooser = new Chooser(2);
  for (let i = 0; i < 60; i++) chooser.run(2000, i % 2 === 0 ? 2_500_000 : 1_500_000);
  assert.ok(chooser.changes.length < 14, `${chooser.changes.length} changes in two minutes`);
});

test('where only trying tells, that is done ever more rarely', () => {
  const chooser = new Chooser(1);
  chooser.run(300_000, 700_000, true);
  const tries = chooser.changes.filter((layer) => layer === 2).length;
  assert.ok(tries >= 3 && tries <= 6, `${tries} tries in five minutes`);
});

test('a layer that is gone gives way to the best that fits', () => {
  assert.equal(new Chooser(-1).run(TICK_MS, 700_000).layer, 1);
});
