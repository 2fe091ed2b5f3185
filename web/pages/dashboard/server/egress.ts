/** What went out, by days and months. */
import type { ServerFigures } from '../../../../src/api/figures.ts';

type Day = ServerFigures['egress']['days'][number];
export type Bar = Day;

/** A month at a glance, whatever the date. */
const BARS = 30;
const DAY_MS = 86_400_000;
const DAY_LENGTH = '2026-05-01'.length;
const MONTH_LENGTH = '2026-05'.length;
/** Then it is time to think about it. */
const NEAR = 0.8;

/** The last thirty days up to now, those on which nothing went out included. */
export function barsOf(days: readonly Day[], nowIso: string): readonly Bar[] {
  const sums = new Map(days.map(({ day, bytes }) => [day, bytes]));
  const todayMs = Date.parse(nowIso.slice(0, DAY_LENGTH));
  return Array.from({ length: BARS }, (_, at) => {
    const ms = todayMs - (BARS - 1 - at) * DAY_MS;
    const day = new Date(ms).toISOString().slice(0, DAY_LENGTH);
    return { day, bytes: sums.get(day) ?? 0 };
  });
}

/** What went out in the month before this one, of days that begin with it. */
export function lastMonthBytes(days: readonly Day[], nowIso: string): number {
  const month = nowIso.slice(0, MONTH_LENGTH);
  return days.reduce((sum, { day, bytes }) => (day.startsWith(month) ? sum : sum + bytes), 0);
}

/** The colour that repeats how near the end is. */
export function toneOf(value: number, limit: number): 'accent' | 'warning' | 'error' {
  if (value >= limit) return 'error';
  return value >= limit * NEAR ? 'warning' : 'accent';
}
