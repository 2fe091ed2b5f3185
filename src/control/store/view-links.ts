import type { Target } from '../../access/target.ts';
import { optionalText, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';
import { type Issued, IssuedTable, issuedOf } from './issued-table.ts';

/** Whom a link lets in: everybody who has it, one session at a time, or the first address that comes. */
export type LinkBound = 'free' | 'session' | 'address';

export type NewViewLink = {
  /** For people: whom it was given to. */
  readonly name: string;
  readonly target: Target;
  readonly bound: LinkBound;
  readonly expiresMs: number | undefined;
};

export type StoredViewLink = NewViewLink &
  Issued & {
    /** The address that came first, where it is bound to one. */
    readonly boundTo: string | undefined;
  };

/** Table `view_link`. The token that goes into URLs is signed over a row: see `access/view-token.ts`. */
export class ViewLinks extends IssuedTable<StoredViewLink> {
  readonly #insert: Statement;
  readonly #bind: Statement;

  constructor(database: Database) {
    super(database, 'view_link', fromRow);
    this.#insert = database.prepare(
      `INSERT INTO view_link (id, name, target, bound, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#bind = database.prepare(
      "UPDATE view_link SET bound_to = ? WHERE id = ? AND bound = 'address' AND bound_to IS NULL",
    );
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
}

function fromRow(row: Row): StoredViewLink {
  return {
    ...issuedOf(row),
    name: text(row, 'name'),
    target: text(row, 'target') as Target,
    bound: text(row, 'bound') as LinkBound,
    boundTo: optionalText(row, 'bound_to'),
  };
}
