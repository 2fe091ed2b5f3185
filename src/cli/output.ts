/** What commands print: tables and lines for people, JSON for scripts. */

export type Print = (text: string) => void;

type Column<Row> = readonly [title: string, cell: (row: Row) => string | number | null];

export class Output {
  readonly isJson: boolean;
  readonly #print: Print;

  constructor(isJson: boolean, print: Print) {
    this.isJson = isJson;
    this.#print = print;
  }

  /** The answer as it came, or what `say` makes of it for people. */
  show<Value>(value: Value, say: (value: Value) => string): void {
    this.#print(`${this.isJson ? JSON.stringify(value, undefined, 2) : say(value)}\n`);
  }
}

/** Columns as wide as what is in them; `none` where there are no rows. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  none: string,
): string {
  if (rows.length === 0) return none;
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, cell]) => printable(String(cell(row) ?? '-')))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...cells.map((line) => (line[index] ?? '').length)),
  );
  return cells
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Clients name themselves; what they say must not move a terminal's cursor. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

/** `2026-12-24 18:00` in UTC, or a dash. */
export function shortTime(time: string | null): string {
  return time === null ? '-' : time.slice(0, 16).replace('T', ' ');
}

const KILO = 1000;

/** `2.5 Mbit/s`. */
export function bitrate(bps: number): string {
  if (bps < KILO ** 2) return `${Math.round(bps / KILO)} kbit/s`;
  return `${(bps / KILO ** 2).toFixed(1)} Mbit/s`;
}

/** `1.2 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= KILO && unit < units.length - 1) {
    amount /= KILO;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** How long ago: `3 h 12 min`. */
export function since(time: string, nowMs: number): string {
  const minutes = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 60_000));
  if (minutes < 1) return '< 1 min';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}
