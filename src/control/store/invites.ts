import { randomSecret, Secret } from '../../access/secret.ts';
import type { StreamName } from '../../base/names.ts';
import { json, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';
import { type Issued, issuedOf, SecretTable } from './issued-table.ts';

export type NewInvite = {
  /** The guest's. */
  readonly name: string;
  /** What the guest may publish: one at least. */
  readonly slots: readonly StreamName[];
  readonly expiresMs: number | undefined;
};

export type StoredInvite = NewInvite & Issued;

/** Table `invite`: whoever has the link is the guest, until it expires or is revoked. */
export class Invites extends SecretTable<StoredInvite> {
  readonly #insert: Statement;

  constructor(database: Database) {
    super(database, 'invite', fromRow);
    this.#insert = database.prepare(
      'INSERT INTO invite (id, hash, name, slots, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  /** Makes an invite. Its secret is told here and never again. */
  add(
    { name, slots, expiresMs }: NewInvite,
    nowMs: number,
  ): { readonly id: string; readonly secret: Secret } {
    const id = newId();
    const secret = new Secret(randomSecret(), 'invite');
    this.#insert.run(id, secret.hash(), name, JSON.stringify(slots), nowMs, expiresMs ?? null);
    return { id, secret };
  }
}

function fromRow(row: Row): StoredInvite {
  return { ...issuedOf(row), name: text(row, 'name'), slots: json(row, 'slots') };
}
