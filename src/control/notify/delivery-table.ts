/** What is still to be delivered, by target, and which of Discord's messages tell of what is live: both outlive a restart. */
import type { ServerEvent } from '../../api/events.ts';
import { json, ms, text } from '../store/columns.ts';
import type { Database, Row, Statement } from '../store/database.ts';

/** One event on its way to one target. */
export type Delivery = {
  readonly id: number;
  readonly target: string;
  /** The same through all attempts. */
  readonly message: string;
  readonly event: ServerEvent;
  readonly createdMs: number;
  /** That failed. */
  readonly attempts: number;
  /** Not before. */
  readonly nextMs: number;
};

export type NewDelivery = Pick<Delivery, 'target' | 'message' | 'event' | 'createdMs'> & {
  /** What it is about: while one waits, a newer one about the same takes its place. */
  readonly subject: string | undefined;
};

/** Of one target: a day of a busy server; what is more is of no use to anybody who was away for so long. */
export const QUEUE_MAX = 1000;
/** Of one target; more streams than are ever live at once. */
const MESSAGES_MAX = 1000;

export class DeliveryTable {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #supersede: Statement;
  readonly #count: Statement;
  readonly #oldest: Statement;
  readonly #remove: Statement;
  readonly #postpone: Statement;
  readonly #heads: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO delivery (target, message, subject, event, created_ms, attempts, next_ms)
       VALUES (?, ?, ?, ?, ?, 0, ?)`,
    );
    this.#supersede = database.prepare(
      'DELETE FROM delivery WHERE target = ? AND subject = ? AND id <> ?',
    );
    this.#count = database.prepare('SELECT count(*) AS waiting FROM delivery WHERE target = ?');
    this.#oldest = database.prepare(
      'SELECT id FROM delivery WHERE target = ? AND id <> ? ORDER BY id LIMIT 1',
    );
    this.#remove = database.prepare('DELETE FROM delivery WHERE id = ?');
    this.#postpone = database.prepare(
      'UPDATE delivery SET attempts = attempts + 1, next_ms = ? WHERE id = ?',
    );
    this.#heads = database.prepare(
      'SELECT * FROM delivery WHERE id IN (SELECT min(id) FROM delivery GROUP BY target)',
    );
  }

  /**
   * Appends one.
   * @param underWay the one that is being sent to this target now: neither replaced nor dropped
   * @returns how many had to go for it, as the queue was full
   */
  add(delivery: NewDelivery, underWay: number | undefined): number {
    const { target, message, subject, event, createdMs } = delivery;
    const spared = underWay ?? 0;
    if (subject !== undefined) this.#supersede.run(target, subject, spared);
    const full = this.waiting(target) >= QUEUE_MAX;
    if (full) this.remove(this.#oldest.get(target, spared)?.['id'] as number);
    this.#insert.run(
      ...[target, message, subject ?? null, JSON.stringify(event), createdMs, createdMs],
    );
    return full ? 1 : 0;
  }

  /** The first in each target's queue. */
  heads(): Delivery[] {
    return this.#heads.all().map(fromRow);
  }

  waiting(target: string): number {
    return this.#count.get(target)?.['waiting'] as number;
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  /** Removes what was added before a time, but for `spared`. @returns how many of each target */
  removeOlder(beforeMs: number, spared: readonly number[]): Map<string, number> {
    const which = 'created_ms < ? AND id NOT IN (SELECT value FROM json_each(?))';
    const values = [beforeMs, JSON.stringify(spared)] as const;
    const rows = this.#database
      .prepare(`SELECT target, count(*) AS old FROM delivery WHERE ${which} GROUP BY target`)
      .all(...values);
    if (rows.length > 0) {
      this.#database.prepare(`DELETE FROM delivery WHERE ${which}`).run(...values);
    }
    return new Map(rows.map((row) => [text(row, 'target'), row['old'] as number]));
  }

  /** An attempt failed. */
  postpone(id: number, untilMs: number): void {
    this.#postpone.run(untilMs, id);
  }

  /** All that waits for a target is due, as if nothing of it had been tried. */
  hurry(target: string): void {
    this.#database
      .prepare('UPDATE delivery SET attempts = 0, next_ms = created_ms WHERE target = ?')
      .run(target);
  }

  /** Removes what waits for a target and is not wanted there. @returns whether the one that is under way, which stays, is unwanted, too */
  sift(
    target: string,
    isWanted: (event: ServerEvent) => boolean,
    underWay: number | undefined,
  ): boolean {
    const rows = this.#database.prepare('SELECT * FROM delivery WHERE target = ?').all(target);
    const unwanted = rows.map(fromRow).filter(({ event }) => !isWanted(event));
    for (const { id } of unwanted) if (id !== underWay) this.remove(id);
    return unwanted.some(({ id }) => id === underWay);
  }

  /** Forgets which messages of a channel tell of what is live. */
  forgetMessages(target: string): void {
    this.#database.prepare('DELETE FROM discord_message WHERE target = ?').run(target);
  }

  /** Forgets all that is for a target, or was. */
  forget(target: string): void {
    this.#database.prepare('DELETE FROM delivery WHERE target = ?').run(target);
    this.forgetMessages(target);
  }

  /** Forgets what is for targets that are no more. */
  keepOnly(targets: readonly string[]): void {
    const known = JSON.stringify(targets);
    for (const table of ['delivery', 'discord_message']) {
      this.#database
        .prepare(`DELETE FROM ${table} WHERE target NOT IN (SELECT value FROM json_each(?))`)
        .run(known);
    }
  }

  /** Discord's message that tells of a live period. */
  discordMessage(target: string, period: string): string | undefined {
    const row = this.#database
      .prepare('SELECT message FROM discord_message WHERE target = ? AND period = ?')
      .get(target, period);
    return row && text(row, 'message');
  }

  setDiscordMessage(target: string, period: string, message: string, nowMs: number): void {
    this.#database
      .prepare(
        'INSERT OR REPLACE INTO discord_message (target, period, message, at_ms) VALUES (?, ?, ?, ?)',
      )
      .run(target, period, message, nowMs);
    this.#database
      .prepare(
        `DELETE FROM discord_message WHERE target = ? AND period NOT IN
         (SELECT period FROM discord_message WHERE target = ? ORDER BY at_ms DESC LIMIT ${MESSAGES_MAX})`,
      )
      .run(target, target);
  }

  removeDiscordMessage(target: string, period: string): void {
    this.#database
      .prepare('DELETE FROM discord_message WHERE target = ? AND period = ?')
      .run(target, period);
  }
}

function fromRow(row: Row): Delivery {
  return {
    id: row['id'] as number,
    target: text(row, 'target'),
    message: text(row, 'message'),
    event: json(row, 'event'),
    createdMs: ms(row, 'created_ms'),
    attempts: row['attempts'] as number,
    nextMs: ms(row, 'next_ms'),
  };
}
