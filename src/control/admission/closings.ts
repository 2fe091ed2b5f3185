export type Closing = {
  /** Closings of one lane are told one after the other. */
  readonly lane: string;
  /** @returns false where nobody can have heard it */
  readonly tell: () => Promise<boolean>;
};

/** A handler that serves one request after the other has room for a few to wait. */
const AT_ONCE_MAX = 8;
/** How long a hook may be away. */
const TRY_AGAIN_MS = 5_000;
const GIVE_UP_MS = 10 * 60_000;
/** A whole crowd that left while the hook was away; some kilobytes each. */
const OWED_MAX = 5_000;

type Owed = { readonly closing: Closing; readonly sinceMs: number };

export type ClosingsOptions = {
  readonly nowMs: () => number;
  /** These will not be told. */
  readonly onGivenUp: (count: number) => void;
};

/**
 * What a hook is still to be told of sessions that are over: each once, those of one lane in order, few at once. A hook
 * that cannot be reached is tried again; one that can have heard is not told twice.
 */
export class Closings {
  readonly #options: ClosingsOptions;
  readonly #lanes = new Map<string, Owed[]>();
  /** Lanes that are being told, or wait for their turn. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #turns: (() => void)[] = [];
  #telling = 0;
  #owed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ClosingsOptions) {
    this.#options = options;
  }

  add(closing: Closing): void {
    if (this.#owed >= OWED_MAX) {
      this.#options.onGivenUp(1);
      return;
    }
    const owed = { closing, sinceMs: this.#options.nowMs() };
    const queue = this.#lanes.get(closing.lane);
    if (queue === undefined) this.#lanes.set(closing.lane, [owed]);
    else queue.push(owed);
    this.#owed += 1;
    void this.#work(closing.lane);
  }

  /** Tries what a lane is owed now. @returns whether nothing is left */
  async settle(lane: string): Promise<boolean> {
    if (this.#lanes.has(lane)) await this.#work(lane);
    return !this.#lanes.has(lane);
  }

  /** Tries everything that is owed once more, and ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.keys()].map((lane) => this.settle(lane)));
    clearTimeout(this.#timer);
    if (this.#owed > 0) this.#options.onGivenUp(this.#owed);
  }

  #work(lane: string): Promise<void> {
    const running = this.#underWay.get(lane);
    if (running !== undefined) return running;
    const work = this.#tellAll(lane);
    this.#underWay.set(lane, work);
    return work;
  }

  async #tellAll(lane: string): Promise<void> {
    await this.#turn();
    try {
      const queue = this.#lanes.get(lane) ?? [];
      for (let next = queue[0]; next !== undefined; next = queue[0]) {
        const isTold = await next.closing.tell();
        if (!isTold && !this.#isTooOld(next)) {
          this.#tryLater();
          return;
        }
        if (!isTold) this.#options.onGivenUp(1);
        queue.shift();
        this.#owed -= 1;
      }
      this.#lanes.delete(lane);
    } finally {
      this.#underWay.delete(lane);
      const next = this.#turns.shift();
      if (next === undefined) this.#telling -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#telling < AT_ONCE_MAX) {
      this.#telling += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#turns.push(resolve); // whoever is done hands on his place
    });
  }

  #isTooOld({ sinceMs }: Owed): boolean {
    return this.#options.nowMs() - sinceMs >= GIVE_UP_MS;
  }

  #tryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const lane of this.#lanes.keys()) void this.#work(lane);
    }, TRY_AGAIN_MS).unref();
  }
}
