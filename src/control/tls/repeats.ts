/** The same complaint again and again is told once a day. */

const DAY_MS = 86_400_000;

export class Repeats {
  readonly #toldMs = new Map<string, number>();

  /** Whether it is to be told; counts as told then. */
  isNews(kind: string, nowMs: number): boolean {
    const lastMs = this.#toldMs.get(kind);
    if (lastMs !== undefined && nowMs - lastMs < DAY_MS) return false;
    this.#toldMs.set(kind, nowMs);
    return true;
  }

  /** It is all over: what comes next is news. */
  forget(): void {
    this.#toldMs.clear();
  }
}
