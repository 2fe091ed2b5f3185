/** A condition that flickers, made into something to be said: it begins when it has held for a while, and ends likewise. */
export class Lasting {
  readonly #beginMs: number;
  readonly #endMs: number;
  /** Since when what is seen contradicts {@link holds}. */
  #otherwiseSinceMs: number | undefined;
  holds = false;

  /**
   * @param beginMs for how long it must be so, before it holds
   * @param endMs for how long it must be otherwise, before it does not
   */
  constructor(beginMs: number, endMs: number) {
    this.#beginMs = beginMs;
    this.#endMs = endMs;
  }

  /** @returns whether it holds, by all that was seen */
  see(isSo: boolean, nowMs: number): boolean {
    if (isSo === this.holds) {
      this.#otherwiseSinceMs = undefined;
      return this.holds;
    }
    this.#otherwiseSinceMs ??= nowMs;
    if (nowMs - this.#otherwiseSinceMs >= (this.holds ? this.#endMs : this.#beginMs)) {
      this.holds = isSo;
      this.#otherwiseSinceMs = undefined;
    }
    return this.holds;
  }
}
