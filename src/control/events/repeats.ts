/**
 * Things that come in floods, such as wrong keys: the first of a kind is told at once, the rest of the next minute is counted
 * and told as one. In virtual time.
 */

/** For how long the like of what was told is only counted. */
const WINDOW_MS = 60_000;
/** Kinds that are told apart at once: with the window, what a flood from everywhere can make us tell and keep. */
const KINDS_MAX = 60;
/** All that came when there were too many kinds. */
const REST = '';

/** The newest of a kind, and how many there were since the last was told. */
type Entry<Thing> = { newest: Thing; count: number; windowEndsMs: number };

export class Repeats<Thing> {
  readonly #entries = new Map<string, Entry<Thing>>();
  readonly #tell: (thing: Thing, count: number, isOfManyKinds: boolean, nowMs: number) => void;

  /** @param tell is given how many there were, and whether they have nothing in common but being too many */
  constructor(tell: (thing: Thing, count: number, isOfManyKinds: boolean, nowMs: number) => void) {
    this.#tell = tell;
  }

  /** When to call {@link advance}. */
  get deadlineMs(): number {
    // In the order of their windows' ends: all windows are equally long, and a new one goes to the end.
    const [first] = this.#entries.values();
    return first?.windowEndsMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * @param kind what makes two things alike; not empty
   * @param count how many of it there were
   */
  add(kind: string, thing: Thing, count: number, nowMs: number): void {
    this.advance(nowMs);
    const key = this.#entries.has(kind) || this.#entries.size < KINDS_MAX ? kind : REST;
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#open(key, thing, nowMs);
      this.#tell(thing, count, key === REST, nowMs);
    } else {
      entry.newest = thing;
      entry.count += count;
    }
  }

  advance(nowMs: number): void {
    for (const [kind, { newest, count, windowEndsMs }] of [...this.#entries]) {
      if (nowMs < windowEndsMs) return;
      this.#entries.delete(kind);
      if (count === 0) continue;
      this.#open(kind, newest, nowMs);
      this.#tell(newest, count, kind === REST, nowMs);
    }
  }

  #open(kind: string, thing: Thing, nowMs: number): void {
    this.#entries.set(kind, { newest: thing, count: 0, windowEndsMs: nowMs + WINDOW_MS });
  }
}
