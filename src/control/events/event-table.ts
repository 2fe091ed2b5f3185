/** The kept log of events: the newest ten thousand. */
import type { EventType, KeptEvent, ServerEvent } from '../../api/events.ts';
import { json, text } from '../store/columns.ts';
import type { Database, Row, Statement } from '../store/database.ts';
import { streamOf } from './event.ts';

/** Some megabytes; months of a small server, and a flood of refusals fills a tenth of it in an hour. */
export const EVENTS_KEPT_MAX = 10_000;
/** How many rows may be too many before they are looked for: deleting one by one would double the writes. */
const SURPLUS_MAX = 100;

/** Which of the kept events, newest first. */
export type EventQuery = {
  /** Only those with a smaller id: the next page. */
  readonly before?: number | undefined;
  readonly stream?: string | undefined;
  readonly type?: EventType | undefined;
  readonly limit: number;
};

export class EventTable {
  readonly #insert: Statement;
  readonly #prune: Statement;
  readonly #after: Statement;
  readonly #list: Statement;
  readonly #span: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO event (type, stream, at, data) VALUES (?, ?, ?, ?) RETURNING id',
    );
    this.#prune = database.prepare('DELETE FROM event WHERE id <= ?');
    this.#after = database.prepare('SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?');
    this.#span = database.prepare('SELECT min(id) AS oldest, max(id) AS newest FROM event');
    this.#list = database.prepare(
      `SELECT * FROM event
       WHERE id < ?1 AND (?2 IS NULL OR stream = ?2) AND (?3 IS NULL OR type = ?3)
       ORDER BY id DESC LIMIT ?4`,
    );
  }

  /** Keeps an event; its number. */
  add(event: ServerEvent): number {
    const { type, timestamp, data } = event;
    const row = this.#insert.get(type, streamOf(event) ?? null, timestamp, JSON.stringify(data));
    const id = row?.['id'] as number;
    if (id % SURPLUS_MAX === 0) this.#prune.run(id - EVENTS_KEPT_MAX);
    return id;
  }

  /** Numbers of the oldest and the newest that are kept; 0 and 0 where none is. */
  get span(): { readonly oldest: number; readonly newest: number } {
    const row = this.#span.get();
    return { oldest: (row?.['oldest'] ?? 0) as number, newest: (row?.['newest'] ?? 0) as number };
  }

  /** Those after a number, oldest first. */
  after(id: number, limit: number): KeptEvent[] {
    return this.#after.all(id, limit).map(fromRow);
  }

  list({ before, stream, type, limit }: EventQuery): KeptEvent[] {
    return this.#list
      .all(before ?? Number.MAX_SAFE_INTEGER, stream ?? null, type ?? null, limit)
      .map(fromRow);
  }
}

function fromRow(row: Row): KeptEvent {
  return {
    id: row['id'] as number,
    type: text(row, 'type') as EventType,
    timestamp: text(row, 'at'),
    data: json(row, 'data'),
  } as KeptEvent;
}
