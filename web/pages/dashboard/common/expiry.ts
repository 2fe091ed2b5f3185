/** For how long something is good, as people choose it, and whether it still is. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `date`: the moment that is given beside it. */
export type Lasting = 'never' | 'hour' | 'day' | 'week' | 'month' | 'year' | 'date';

export type Expiry = {
  readonly lasting: Lasting;
  /** As a `datetime-local` field has it: `2026-05-01T19:00`, in the reader's own time. */
  readonly date: string;
};

const LASTING_MS: Readonly<Record<Exclude<Lasting, 'never' | 'date'>, number>> = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
};

/** ISO 8601; null for never. Undefined where the date is none, or is past. */
export function expiryTime({ lasting, date }: Expiry, nowMs: number): string | null | undefined {
  if (lasting === 'never') return null;
  const ms = lasting === 'date' ? Date.parse(date) : nowMs + LASTING_MS[lasting];
  return Number.isNaN(ms) || ms <= nowMs ? undefined : new Date(ms).toISOString();
}

export type Standing = 'good' | 'expired' | 'revoked';

/** Of a key, a link or a token. */
export function standingOf(
  { expires, revoked }: { readonly expires: string | null; readonly revoked: string | null },
  nowMs: number,
): Standing {
  if (revoked !== null) return 'revoked';
  return expires !== null && Date.parse(expires) <= nowMs ? 'expired' : 'good';
}
