import { text } from './columns.ts';
import type { Database, Statement } from './database.ts';

export type EgressDay = { readonly day: string; readonly bytes: number };

/** A year and a month: enough to compare with last year's bill. */
const DAYS_KEPT = 400;

/** Table `egress_day`: what went out to viewers, by days of UTC (`2026-05-01`). */
export class EgressDays {
  readonly #add: Statement;
  readonly #forget: Statement;
  readonly #since: Statement;

  constructor(database: Database) {
    this.#add = database.prepare(
      `INSERT INTO egress_day VALUES (?, ?)
       ON CONFLICT (day) DO UPDATE SET bytes = bytes + excluded.bytes`,
    );
    this.#forget = database.prepare(
      'DELETE FROM egress_day WHERE day <= (SELECT day FROM egress_day ORDER BY day DESC LIMIT 1 OFFSET ?)',
    );
    this.#since = database.prepare('SELECT * FROM egress_day WHERE day >= ? ORDER BY day');
  }

  add(day: string, bytes: number): void {
    this.#add.run(day, bytes);
    this.#forget.run(DAYS_KEPT);
  }

  /** This day and those after it, the oldest first. */
  since(day: string): EgressDay[] {
    return this.#since
      .all(day)
      .map((row) => ({ day: text(row, 'day'), bytes: row['bytes'] as number }));
  }
}
