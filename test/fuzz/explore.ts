/**
 * One target, explored: inputs are changed at random, and one that reaches code which none reached before is changed
 * further. Coverage is asked for by the batch, since asking costs as much as many inputs.
 */
import { Coverage } from './coverage.ts';
import { mulberry32, mutate } from './mutate.ts';
import type { Target } from './target.ts';

const BATCH = 256;
/** How long one input may take, and each of its bytes: an attacker would pay less for it than we. */
const SLOW_MS = 200;
const SLOW_MS_PER_BYTE = 0.02;
/** The second time counts: a pause of the machine does not come twice at the same input. */
const SLOW_TIMES = 2;
const INPUT_BYTES_MAX = 32 * 1024;

export type ExploreOptions = {
  /** What to go on from: what was found before. */
  readonly corpus: readonly Uint8Array[];
  readonly seed: number;
  readonly seconds: number;
  /** Told of each input before it runs: one that never returns can be known by nothing else. */
  readonly onInput: (input: Uint8Array) => void;
};

export type Explored = {
  readonly inputs: number;
  readonly blocks: number;
  /** Inputs that reached something new. */
  readonly found: readonly Uint8Array[];
  /** The first that broke a promise. */
  readonly crash: { readonly input: Uint8Array; readonly message: string } | undefined;
};

export function explore(target: Target, options: ExploreOptions): Explored {
  const explorer = new Explorer(target, options);
  return explorer.run();
}

class Explorer {
  readonly #target: Target;
  readonly #options: ExploreOptions;
  readonly #coverage = new Coverage();
  readonly #corpus: Uint8Array[];
  readonly #found: Uint8Array[] = [];
  #inputs = 0;
  #crash: Explored['crash'];

  constructor(target: Target, options: ExploreOptions) {
    this.#target = target;
    this.#options = options;
    this.#corpus = [...target.vectors(), ...options.corpus];
  }

  run(): Explored {
    const { seed, seconds } = this.#options;
    const random = mulberry32(seed);
    const endMs = performance.now() + seconds * 1000;
    this.#runAll(this.#corpus);
    for (const block of this.#coverage.takeUnknown()) this.#coverage.known.add(block);
    while (performance.now() < endMs && this.#crash === undefined) {
      const batch = Array.from({ length: BATCH }, () =>
        mutate(this.#corpus, random).slice(0, INPUT_BYTES_MAX),
      );
      this.#runAll(batch);
      const unknown = this.#coverage.takeUnknown();
      if (unknown.size > 0 && this.#crash === undefined) this.#keepThoseThatReached(unknown, batch);
    }
    this.#coverage.close();
    const { known } = this.#coverage;
    return { inputs: this.#inputs, blocks: known.size, found: this.#found, crash: this.#crash };
  }

  #keepThoseThatReached(unknown: Set<string>, batch: readonly Uint8Array[]): void {
    for (const input of batch) {
      this.#runAll([input]);
      const reached = [...this.#coverage.takeUnknown()].filter((block) => unknown.delete(block));
      if (reached.length === 0) continue;
      for (const block of reached) this.#coverage.known.add(block);
      this.#found.push(input);
      this.#corpus.push(input);
      if (unknown.size === 0) return;
    }
    // What depends on the order of inputs, such as a cache that fills.
    for (const block of unknown) this.#coverage.known.add(block);
  }

  #runAll(inputs: readonly Uint8Array[]): void {
    for (const input of inputs) {
      this.#inputs++;
      this.#options.onInput(input);
      const message = problemOf(this.#target, input);
      if (message === undefined) continue;
      this.#crash = { input, message };
      return;
    }
  }
}

/** What is wrong with how the target takes an input; undefined where nothing is. */
export function problemOf({ run }: Target, input: Uint8Array): string | undefined {
  const limitMs = SLOW_MS + input.length * SLOW_MS_PER_BYTE;
  for (let time = 0; time < SLOW_TIMES; time++) {
    const startMs = performance.now();
    try {
      run(input.slice());
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const tookMs = performance.now() - startMs;
    if (tookMs < limitMs) return undefined;
  }
  return `too slow: more than ${Math.round(limitMs)} ms for ${input.length} bytes`;
}
