import type { Target } from '../../access/target.ts';
import { ms, optionalMs, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

export type NewBan = {
  /** A CIDR range. */
  readonly addresses: string;
  readonly target: Target;
  /** Why, for other owners. */
  readonly note: string;
  readonly expiresMs: number | undefined;
};

export type Ban = NewBan & { readonly id: string; readonly createdMs: number };

/** Table `ban`: addresses that may neither publish nor watch. */
export class Bans {
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#list = database.prepare(
      'SELECT * FROM ban WHERE expires_ms IS NULL OR expires_ms > ? ORDER BY created_ms, id',
    );
    this.#insert = database.prepare('INSERT INTO ban VALUES (?, ?, ?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM ban WHERE id = ?');
  }

  /** Those that hold now. */
  list(nowMs: number): Ban[] {
    return this.#list.all(nowMs).map(fromRow);
  }

  /** The gate's `ban` also ends who is connected from there. */
  add({ addresses, target, note, expiresMs }: NewBan, nowMs: number): Ban {
    const id = newId();
    this.#insert.run(id, addresses, target, note, nowMs, expiresMs ?? null);
    return { id, addresses, target, note, expiresMs, createdMs: nowMs };
  }

  remove(id: string): boolean {
    return this.#remove.run(id) > 0;
  }
}

function fromRow(row: Row): Ban {
  return {
    id: text(row, 'id'),
    addresses: text(row, 'addresses'),
    target: text(row, 'target') as Target,
    note: text(row, 'note'),
    createdMs: ms(row, 'created_ms'),
    expiresMs: optionalMs(row, 'expires_ms'),
  };
}
