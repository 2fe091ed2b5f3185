/** When to obtain a certificate, and when to ask the authority what it thinks of that: in virtual time. */

export type Validity = { readonly notBeforeMs: number; readonly notAfterMs: number };
export type Window = { readonly startMs: number; readonly endMs: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What the authorities ask of clients: a third of the lifetime left, of short ones a half. */
const SHORT_LIFETIME_MS = 10 * DAY_MS;
const RENEW_AT = 2 / 3;
const RENEW_SHORT_AT = 1 / 2;
/** Of the lifetime, by which renewals are spread: servers that were set up together shall not come together. */
const SPREAD = 1 / 40;
/** Whatever the authority suggests, this much of the lifetime is kept for attempts that fail. */
const RESERVE = 1 / 12;
/** Nor is a certificate replaced that is younger: an authority that suggests the past for each one would give us no rest. */
const YOUNG = 1 / 24;
const YOUNG_MS_MAX = 12 * HOUR_MS;
/** Less of the lifetime left than this, and the owner must know. */
const URGENT = 1 / 6;

/** Of failed validations, Let's Encrypt allows five an hour: at 2, 8, 26 and 80 minutes there are five, the first included. */
const FIRST_RETRY_MS = 2 * MINUTE_MS;
const RETRY_FACTOR = 3;
const RETRY_MS_MAX = 12 * HOUR_MS;
/** Of the wait, at random on top. */
const RETRY_JITTER = 0.2;
/** An authority that asks for more patience is asked again all the same. */
const RETRY_AFTER_MS_MAX = DAY_MS;

/** RFC 9773 §4.3.2: six hours where it does not say; and what it says within reason. */
const ASK_AGAIN_MS = 6 * HOUR_MS;
const ASK_AGAIN_MS_LEAST = MINUTE_MS;
const ASK_AGAIN_MS_MAX = DAY_MS;

export class RenewalSchedule {
  readonly #random: () => number;
  #validity: Validity | undefined;
  #window: Window | undefined;
  #renewAtMs: number;
  #askAtMs = Number.POSITIVE_INFINITY;
  #failures = 0;

  constructor(random: () => number, nowMs: number) {
    this.#random = random;
    this.#renewAtMs = nowMs;
  }

  get deadlineMs(): number {
    return Math.min(this.#renewAtMs, this.#askAtMs);
  }

  get renewAtMs(): number {
    return this.#renewAtMs;
  }

  /** Attempts since the last that succeeded. */
  get failures(): number {
    return this.#failures;
  }

  /** There is a certificate, which is as wanted. */
  hold(validity: Validity, nowMs: number): void {
    this.#validity = validity;
    this.#window = undefined;
    this.#failures = 0;
    this.#renewAtMs = byLifetime(validity, this.#random());
    this.#askAtMs = nowMs;
  }

  /** There is one that serves until a better one is there: it has other names than are wanted now. */
  holdForNow(validity: Validity): void {
    this.#validity = validity;
  }

  /** What the authority answered about the one that there is (RFC 9773 §4.2). */
  suggest(window: Window | undefined, askAgainMs: number | undefined, nowMs: number): void {
    const askMs = askAgainMs ?? ASK_AGAIN_MS;
    this.#askAtMs = nowMs + Math.min(Math.max(askMs, ASK_AGAIN_MS_LEAST), ASK_AGAIN_MS_MAX);
    const validity = this.#validity;
    if (window === undefined || validity === undefined) return;
    // The same window again: what was drawn in it stays drawn.
    if (window.startMs === this.#window?.startMs && window.endMs === this.#window.endMs) return;
    this.#window = window;
    const { startMs, endMs } = window;
    const drawnMs = startMs + this.#random() * (endMs - startMs);
    if (this.#failures > 0) return; // being tried already
    this.#renewAtMs = Math.max(Math.min(drawnMs, latest(validity)), earliest(validity));
  }

  /** The question found no answer, or the authority does not take it. */
  noSuggestion(nowMs: number): void {
    this.#askAtMs = nowMs + ASK_AGAIN_MS;
  }

  isRenewalDue(nowMs: number): boolean {
    return nowMs >= this.#renewAtMs;
  }

  isQuestionDue(nowMs: number): boolean {
    return nowMs >= this.#askAtMs;
  }

  /** An attempt did not succeed. `retryAfterMs`: what the authority asked for. */
  fail(nowMs: number, retryAfterMs: number | undefined): void {
    const waitMs = Math.min(FIRST_RETRY_MS * RETRY_FACTOR ** this.#failures, RETRY_MS_MAX);
    const askedMs = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
    this.#failures++;
    this.#renewAtMs = nowMs + Math.max(waitMs, askedMs) * (1 + RETRY_JITTER * this.#random());
  }

  /** Whether the owner should act: nothing can be served, or not for much longer. */
  isUrgent(nowMs: number): boolean {
    const validity = this.#validity;
    if (validity === undefined) return true;
    return validity.notAfterMs - nowMs < lifetimeOf(validity) * URGENT;
  }
}

function byLifetime(validity: Validity, random: number): number {
  const lifetimeMs = lifetimeOf(validity);
  const share = lifetimeMs < SHORT_LIFETIME_MS ? RENEW_SHORT_AT : RENEW_AT;
  return validity.notBeforeMs + lifetimeMs * (share - SPREAD * random);
}

function earliest(validity: Validity): number {
  return validity.notBeforeMs + Math.min(lifetimeOf(validity) * YOUNG, YOUNG_MS_MAX);
}

function latest(validity: Validity): number {
  return validity.notAfterMs - lifetimeOf(validity) * RESERVE;
}

function lifetimeOf({ notBeforeMs, notAfterMs }: Validity): number {
  return notAfterMs - notBeforeMs;
}
