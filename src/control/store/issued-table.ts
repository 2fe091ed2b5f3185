import type { Secret } from '../../access/secret.ts';
import { ms, optionalMs, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** What every row has that lets somebody in until it expires or is taken back. */
export type Issued = {
  readonly id: string;
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
  readonly revokedMs: number | undefined;
  readonly lastUsedMs: number | undefined;
};

/** A table whose rows are found, listed, revoked, marked as used and removed by their id: all alike. */
export class IssuedTable<Stored extends Issued> {
  readonly #fromRow: (row: Row) => Stored;
  readonly #find: Statement;
  readonly #list: Statement;
  readonly #revoke: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;

  /** @param table its name, from our own code: it becomes part of the SQL */
  constructor(database: Database, table: string, fromRow: (row: Row) => Stored) {
    this.#fromRow = fromRow;
    this.#find = database.prepare(`SELECT * FROM ${table} WHERE id = ?`);
    this.#list = database.prepare(`SELECT * FROM ${table} ORDER BY created_ms, id`);
    this.#revoke = database.prepare(
      `UPDATE ${table} SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL`,
    );
    this.#touch = database.prepare(`UPDATE ${table} SET last_used_ms = ? WHERE id = ?`);
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
  }

  find(id: string): Stored | undefined {
    const row = this.#find.get(id);
    return row && this.#fromRow(row);
  }

  list(): Stored[] {
    return this.#list.all().map(this.#fromRow);
  }

  /** @returns whether it was good before. The gate's `revoke` also ends who is in by it */
  revoke(id: string, nowMs: number): boolean {
    return this.#revoke.run(nowMs, id) > 0;
  }

  touch(id: string, nowMs: number): void {
    this.#touch.run(nowMs, id);
  }

  remove(id: string): boolean {
    return this.#remove.run(id) > 0;
  }
}

/** One of those whose rows each stand for a secret, of which the hash is kept. */
export class SecretTable<Stored extends Issued> extends IssuedTable<Stored> {
  readonly #fromRow: (row: Row) => Stored;
  readonly #match: Statement;

  constructor(database: Database, table: string, fromRow: (row: Row) => Stored) {
    super(database, table, fromRow);
    this.#fromRow = fromRow;
    this.#match = database.prepare(`SELECT * FROM ${table} WHERE hash = ?`);
  }

  /** What a secret stands for, good or not. */
  match(offered: Secret): Stored | undefined {
    const row = this.#match.get(offered.hash());
    return row && this.#fromRow(row);
  }
}

/** The columns that all of them have. */
export function issuedOf(row: Row): Issued {
  return {
    id: text(row, 'id'),
    createdMs: ms(row, 'created_ms'),
    expiresMs: optionalMs(row, 'expires_ms'),
    revokedMs: optionalMs(row, 'revoked_ms'),
    lastUsedMs: optionalMs(row, 'last_used_ms'),
  };
}
