import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Arenas, FLAG, History } from './history.ts';

const limits = { bytesMin: 256, bytesMax: 2048, packetsMin: 8, packetsMax: 64 };

class CountingArenas implements Arenas {
  readonly live = new Set<number>();
  #next = 0;
  register(): number {
    this.live.add(++this.#next);
    return this.#next;
  }
  release(id: number): void {
    assert.ok(this.live.delete(id), 'released once');
  }
}

/** The payload as stored, or undefined for a gap. */
function read(history: History, index: number): Uint8Array | undefined {
  const row = index & history.mask;
  if (!((history.flags[row] as number) & FLAG.present)) return undefined;
  const offset = history.offsets[row] as number;
  return history.arena.subarray(offset, offset + (history.lengths[row] as number));
}

type Step =
  | { readonly type: 'store'; readonly bytes: number }
  | { readonly type: 'gap'; readonly count: number }
  | { readonly type: 'keep'; readonly back: number }
  | { readonly type: 'clear' };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ type: fc.constant('store' as const), bytes: fc.integer({ min: 0, max: 200 }) }),
    fc.record({ type: fc.constant('gap' as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ type: fc.constant('keep' as const), back: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ type: fc.constant('clear' as const) }),
  ),
  { maxLength: 300 },
);

/** A history and, beside it, what it ought to hold. */
class Model {
  readonly arenas = new CountingArenas();
  readonly history = new History(this.arenas, limits);
  readonly #expected = new Map<number, Uint8Array | undefined>();
  #keepFrom = Number.POSITIVE_INFINITY;
  #stored = 0;

  take(step: Step): void {
    const { history } = this;
    if (step.type === 'keep') this.#keepFrom = Math.max(0, history.next - step.back);
    if (step.type === 'clear') history.clear();
    if (step.type === 'store') {
      const payload = new Uint8Array(step.bytes).fill(++this.#stored);
      this.#expected.set(history.store(payload, 0, 0, this.#keepFrom), payload);
    }
    if (step.type !== 'gap') return;
    for (let n = 0; n < step.count; n++) this.#expected.set(history.next + n, undefined);
    history.storeGap(step.count, 0, this.#keepFrom);
  }

  check(): void {
    const { history } = this;
    assert.ok(history.next - history.tail <= limits.packetsMax);
    assert.ok(history.arena.length <= limits.bytesMax);
    for (let index = history.tail; index < history.next; index++) {
      assert.deepEqual(read(history, index), this.#expected.get(index), `index ${index}`);
    }
  }
}

test('whatever is stored, every packet still kept is intact', () => {
  const property = fc.property(steps, (steps) => {
    const model = new Model();
    for (const step of steps) {
      model.take(step);
      model.check();
    }
    model.history.free();
    assert.equal(model.arenas.live.size, 0);
  });
  fc.assert(property, { numRuns: 300, seed: 1 });
});

test('grows while what must be kept would be lost, and gives it up only at the limit', () => {
  const history = new History(new CountingArenas(), limits);
  for (let i = 0; i < 20; i++) history.store(new Uint8Array(100), i, 0, 0);
  assert.equal(history.tail, 0, 'twenty packets of 100 bytes fit into 2048');
  for (let i = 0; i < 10; i++) history.store(new Uint8Array(100), i, 0, 0);
  assert.ok(history.tail > 0);
});

test('does not grow for what need not be kept', () => {
  const history = new History(new CountingArenas(), limits);
  for (let i = 0; i < 1000; i++) history.store(new Uint8Array(100), i, 0, Number.POSITIVE_INFINITY);
  assert.equal(history.arena.length, limits.bytesMin);
});
