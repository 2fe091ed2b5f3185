/** Lines in a row, and how many come back in a minute: a flood of requests is not a flood of lines. */
const BURST = 30;
const PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** How often the log is told of what strangers can bring about. */
export class LineBudget {
  readonly #nowMs: () => number;
  #left = BURST;
  #atMs: number;
  #unsaid = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#atMs = nowMs();
  }

  /** Asks for one line. @returns undefined where there is none left, else a field for it that says how many were not said before */
  take(): { readonly unsaid?: number } | undefined {
    const nowMs = this.#nowMs();
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) * PER_MINUTE) / MINUTE_MS);
    this.#atMs = nowMs;
    if (this.#left < 1) {
      this.#unsaid += 1;
      return undefined;
    }
    this.#left -= 1;
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    return unsaid > 0 ? { unsaid } : {};
  }
}
