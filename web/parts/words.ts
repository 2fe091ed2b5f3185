/** Figures as people read them. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEP = 1000;
const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const BITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const;

/** `2.5 Mbit/s`. */
export function bitrate(bps: number): string {
  return scaled(bps, BITS);
}

/** `112 GB`: thousands, as providers count them. */
export function bytes(count: number): string {
  return scaled(count, BYTES);
}

/** `40 s`, `13 min`, `2 h 13 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const at = Math.max(0, ms);
  if (at < MINUTE_MS) return `${Math.floor(at / SECOND_MS)} s`;
  if (at < HOUR_MS) return `${Math.floor(at / MINUTE_MS)} min`;
  if (at < DAY_MS) return twoParts(at, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return twoParts(at, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

/** `1 viewer`, `7 viewers`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `12 %`. */
export function percent(ratio: number): string {
  const shown = ratio * 100;
  return `${shown > 0 && shown < 10 ? shown.toFixed(1).replace(/\.0$/, '') : Math.round(shown)} %`;
}

/** As the reader's own clock and language have it; with the day where it is another one. */
export function clockTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return isToday
    ? at.toLocaleTimeString(undefined, time)
    : at.toLocaleString(undefined, { day: 'numeric', month: 'short', ...time });
}

/** `1 May 2026, 19:00`. */
export function dateTime(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

function scaled(value: number, units: readonly string[]): string {
  let scaledValue = value;
  let unit = 0;
  // What would be written as 1000 of one unit is 1 of the next.
  while (Number(scaledValue.toPrecision(3)) >= STEP && unit < units.length - 1) {
    scaledValue /= STEP;
    unit += 1;
  }
  const shown = unit === 0 ? Math.round(scaledValue) : Number(scaledValue.toPrecision(3));
  return `${shown} ${units[unit]}`;
}

type Unit = readonly [ms: number, name: string];

function twoParts(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}
