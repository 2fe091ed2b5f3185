/**
 * A small seeded mutator for parsers. The n-th input of a seed is always the same: a failure prints both, and
 * `FUZZ_SEED=… FUZZ_MS=…` plays it again, for as long as wanted.
 */

/** For every parser in an ordinary run; the nightly run and an accident's aftermath take longer. */
const BUDGET_MS_DEFAULT = 300;
const SEED_DEFAULT = 1;
/** Edits on top of one vector: one finds the shallow mistakes, many the deep ones. */
const EDITS_MAX = 8;
/** What inserted and repeated runs are at most, so that inputs stay near the vectors. */
const RUN_BYTES_MAX = 64;
/** Values at which lengths and counters go wrong. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x0a, 0x0d, 0x20, 0x2d, 0x30, 0x39, 0x3a, 0x3b];

/** From the environment: what a failure printed. */
export function fuzzSeed(): number {
  return Number(process.env['FUZZ_SEED'] ?? SEED_DEFAULT);
}

/** Every shorter beginning of `vector`, from nothing to all but the last byte. */
export function* truncations(vector: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < vector.length; length++) yield vector.slice(0, length);
}

/** Calls `target` with mutated vectors until the budget is spent; an exception of the target is a failure. */
export function fuzz(vectors: readonly Uint8Array[], target: (input: Uint8Array) => void): void {
  const seed = fuzzSeed();
  const endMs = performance.now() + Number(process.env['FUZZ_MS'] ?? BUDGET_MS_DEFAULT);
  const random = mulberry32(seed);
  for (let round = 0; performance.now() < endMs; round++) {
    const input = mutate(vectors, random);
    try {
      target(input.slice());
    } catch (cause) {
      const hex = Buffer.from(input).toString('hex');
      throw new Error(`FUZZ_SEED=${seed}, input ${round}: ${cause}\n${hex}`, { cause });
    }
  }
}

/** One vector with a few edits. */
export function mutate(vectors: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = () => vectors[below(vectors.length)] ?? new Uint8Array();
  let bytes = [...pick()];
  for (let edits = 1 + below(EDITS_MAX); edits > 0; edits--) {
    const at = below(bytes.length + 1);
    const run = below(RUN_BYTES_MAX);
    const edit = [
      () => bytes.fill((bytes[at] ?? 0) ^ (1 << below(8)), at, at + 1),
      () => bytes.fill(EDGES[below(EDGES.length)] ?? 0, at, at + 1 + below(4)),
      () => bytes.fill(below(256), at, at + 1),
      () => bytes.splice(at, run),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + run)),
      () => bytes.splice(at, 0, ...Array.from({ length: run }, () => below(256))),
      () => bytes.splice(at, run, ...pick().slice(at, at + run)),
      () => (bytes = bytes.slice(0, at)),
    ][below(8)];
    edit?.();
  }
  return Uint8Array.from(bytes);
}

/** A tiny generator with a 32-bit state: good enough to be unlucky with. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
