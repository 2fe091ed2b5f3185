/** How often one complaint may be said. */
const SAY_MS = 1000;
/** Different texts remembered at once; a peer must not be able to make this grow. */
const TEXTS_MAX = 200;

/** Things that go wrong per packet or per stranger: counted, and said once a second with the count. */
export class Complaints {
  readonly #say: (text: string, count: number) => void;
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(say: (text: string, count: number) => void) {
    this.#say = say;
  }

  add(text: string): void {
    const known = this.#counts.get(text);
    if (known === undefined && this.#counts.size >= TEXTS_MAX) return;
    this.#counts.set(text, (known ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#flush(), SAY_MS).unref();
  }

  #flush(): void {
    this.#timer = undefined;
    for (const [text, count] of this.#counts) this.#say(text, count);
    this.#counts.clear();
  }
}
