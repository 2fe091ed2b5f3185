import { Session } from 'node:inspector';

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number };
type Script = {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
};

/** Of the product: what a target reaches of Node or of itself says nothing. */
const OURS = /\/src\/.*\.ts$/;

/** Which blocks of our code have run, by V8's own count. */
export class Coverage {
  readonly known = new Set<string>();
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks that ran since the last call and are not {@link known}. */
  takeUnknown(): Set<string> {
    const unknown = new Set<string>();
    for (const { url, functions } of this.#take()) {
      if (!OURS.test(url)) continue;
      for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
        const block = `${url} ${startOffset} ${endOffset}`;
        if (count > 0 && !this.known.has(block)) unknown.add(block);
      }
    }
    return unknown;
  }

  close(): void {
    this.#session.disconnect();
  }

  #take(): readonly Script[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as { result: readonly Script[] };
    return result;
  }

  /** Within one thread the inspector answers before it returns. */
  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}
