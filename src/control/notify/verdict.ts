/** What an attempt to deliver came to. */
export type Verdict =
  | {
      readonly outcome: 'done';
      /** Discord's name for the message that it made. */
      readonly message: string | undefined;
      /** Nothing more may be sent for so long: the last that the target takes at this rate. */
      readonly holdMs: number;
    }
  | {
      readonly outcome: 'again';
      /** As the target asked; undefined: by our own measure. */
      readonly afterMs: number | undefined;
      readonly why: string;
      /** How often it is tried at most; undefined: until it is too old. */
      readonly attemptsMax: number | undefined;
    }
  /** It will never be taken; the next one may. */
  | { readonly outcome: 'dropped'; readonly why: string }
  /** There is no such target any more. */
  | { readonly outcome: 'stopped'; readonly why: string };

/** First wait, doubled each time. */
const BACKOFF_MS_MIN = 2000;
/** Often enough that a target that was away all night has its news soon after it is back. */
const BACKOFF_MS_MAX = 600_000;

/** How long to wait after this many failures: between half of the doubled time and all of it, so that many do not come at once. */
export function backoffMs(attempts: number, random: number): number {
  const doubled = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.max(0, attempts - 1));
  return Math.round(doubled * (0.5 + random / 2));
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds, with a fraction as Discord writes them, or a date. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.ceil(Number(header) * 1000);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
