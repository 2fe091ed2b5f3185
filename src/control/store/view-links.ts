import type { Target } from '../../access/target.ts';
import { ms, optionalMs, optionalText, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

/** Whom a link lets in: everybody who has it, one session at a time, or the first address that comes. */
export type LinkBound = 'free' | 'session' | 'address';

export type NewViewLink = {
  /** For people: whom it was given to. */
  readonly name: string;
  readonly target: Target;
  readonly bound: LinkBound;
  readonly expiresMs: number | undefined;
};

export type StoredViewLink = NewViewLink & {
  readonly id: string;
  /** The address that came first, where it is bound to one. */
  readonly boundTo: string | undefined;
  readonly createdMs: number;
  readonly revokedMs: number | undefined;
  readonly lastUsedMs: number | undefined;
};

/** Table `view_link`. The token that goes into URLs is signed over a row: see `access/view-token.ts`. */
export class ViewLinks {
  readonly #find: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #bind: Statement;
  readonly #revoke: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT * FROM view_link WHERE id = ?');
    this.#list = database.prepare('SELECT * FROM view_link ORDER BY created_ms, id');
    this.#insert = database.prepare(
      `INSERT INTO view_link (id, name, target, bound, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#bind = database.prepare(
      "UPDATE view_link SET bound_to = ? WHERE id = ? AND bound = 'address' AND bound_to IS NULL",
    );
    this.#revoke = database.prepare(
      'UPDATE view_link SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL',
    );
    this.#touch = database.prepare('UPDATE view_link SET last_used_ms = ? WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM view_link WHERE id = ?');
  }

  find(id: string): StoredViewLink | undefined {
    const row = this.#find.get(id);
    return row && fromRow(row);
  }

  list(): StoredViewLink[] {
    return this.#list.all().map(fromRow);
  }

  add(link: NewViewLink, nowMs: number): StoredViewLink {
    const id = newId();
    const { name, target, bound, expiresMs } = link;
    this.#insert.run(id, name, target, bound, nowMs, expiresMs ?? null);
    const rest = { boundTo: undefined, revokedMs: undefined, lastUsedMs: undefined };
    return { ...link, id, createdMs: nowMs, ...rest };
  }

  /** The first address that uses a link which is bound to one. */
  bind(id: string, address: string): void {
    this.#bind.run(address, id);
  }

  /** @returns whether it was good before. The gate's `revoke` also ends who watches by it */
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

function fromRow(row: Row): StoredViewLink {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    target: text(row, 'target') as Target,
    bound: text(row, 'bound') as LinkBound,
    boundTo: optionalText(row, 'bound_to'),
    createdMs: ms(row, 'created_ms'),
    expiresMs: optionalMs(row, 'expires_ms'),
    revokedMs: optionalMs(row, 'revoked_ms'),
    lastUsedMs: optionalMs(row, 'last_used_ms'),
  };
}
