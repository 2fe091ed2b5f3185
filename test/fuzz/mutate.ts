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

/** The same for those of 16 and of 32 bits. */
const WIDE_EDGES = [0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

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
  let bytes = new Uint8Array(pick());
  const splice = (at: number, count: number, inserted: Uint8Array): void => {
    const parts = [bytes.subarray(0, at), inserted, bytes.subarray(at + count)];
    bytes = new Uint8Array(Buffer.concat(parts));
  };
  for (let edits = 1 + below(EDITS_MAX); edits > 0; edits--) {
    const at = below(bytes.length + 1);
    const run = below(RUN_BYTES_MAX);
    const edit = [
      () => bytes.fill((bytes[at] ?? 0) ^ (1 << below(8)), at, at + 1),
      () => bytes.fill(EDGES[below(EDGES.length)] ?? 0, at, at + 1 + below(4)),
      () => bytes.fill(below(256), at, at + 1),
      () => bytes.set(bigEndian(WIDE_EDGES[below(WIDE_EDGES.length)] ?? 0, bytes.length - at), at),
      () => splice(at, run, new Uint8Array()),
      () => splice(at, 0, bytes.subarray(at, at + run)),
      () =>
        splice(
          at,
          0,
          Uint8Array.from({ length: run }, () => below(256)),
        ),
      () => splice(at, run, pick().subarray(at, at + run)),
      () => splice(at, bytes.length, new Uint8Array()),
    ][below(9)];
    edit?.();
  }
  return bytes;
}

/** In 2 bytes where it fits into them, else in 4, and no more than there is room for. */
function bigEndian(value: number, room: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.subarray(value <= 0xffff ? 2 : 0).subarray(0, room);
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
