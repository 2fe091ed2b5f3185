import { randomInt } from 'node:crypto';
import type { StreamName } from '../../base/names.ts';
import { count, ms, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** `/~name`: leads to where a stream is watched. */
export type ShortLink = {
  readonly name: string;
  readonly stream: StreamName;
  readonly createdMs: number;
};

/** Easy to say and to type; nothing in it needs escaping. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Without what is taken for something else when it is read out or copied from a screen. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
/** A name of our own: 31^6 of them, so that the next free one is found at once. */
const LETTERS_COUNT = 6;
/** A list that people keep in mind is shorter; each costs a hundred bytes. */
const LINKS_MAX = 10_000;

/** What a short link can be called; undefined where the text is no name. Capitals do not count. */
export function shortNameOf(given: string): string | undefined {
  const name = given.toLowerCase();
  return NAME.test(name) ? name : undefined;
}

/** Table `short_link`. */
export class ShortLinks {
  readonly #find: Statement;
  readonly #ofStream: Statement;
  readonly #list: Statement;
  readonly #count: Statement;
  readonly #insert: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT * FROM short_link WHERE name = ?');
    this.#ofStream = database.prepare(
      'SELECT * FROM short_link WHERE stream = ? ORDER BY created_ms, name LIMIT 1',
    );
    this.#list = database.prepare('SELECT * FROM short_link ORDER BY created_ms, name');
    this.#count = database.prepare('SELECT count(*) AS count FROM short_link');
    this.#insert = database.prepare(
      'INSERT INTO short_link VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#remove = database.prepare('DELETE FROM short_link WHERE name = ?');
  }

  find(name: string): ShortLink | undefined {
    const row = this.#find.get(name);
    return row && fromRow(row);
  }

  /** The oldest of a stream: the one that people know. */
  of(stream: StreamName): ShortLink | undefined {
    const row = this.#ofStream.get(stream);
    return row && fromRow(row);
  }

  list(): ShortLink[] {
    return this.#list.all().map(fromRow);
  }

  /** @param name undefined for one of our choosing */
  add(
    name: string | undefined,
    stream: StreamName,
    nowMs: number,
  ): ShortLink | 'already-there' | 'limit-reached' {
    if (count(this.#count.get() ?? {}, 'count') >= LINKS_MAX) return 'limit-reached';
    const made = name ?? this.#freeName();
    if (this.#insert.run(made, stream, nowMs) === 0) return 'already-there';
    return { name: made, stream, createdMs: nowMs };
  }

  remove(name: string): boolean {
    return this.#remove.run(name) > 0;
  }

  #freeName(): string {
    for (;;) {
      const letters = Array.from(
        { length: LETTERS_COUNT },
        () => LETTERS[randomInt(LETTERS.length)],
      );
      const name = letters.join('');
      if (this.find(name) === undefined) return name;
    }
  }
}

function fromRow(row: Row): ShortLink {
  return {
    name: text(row, 'name'),
    stream: text(row, 'stream') as StreamName,
    createdMs: ms(row, 'created_ms'),
  };
}
