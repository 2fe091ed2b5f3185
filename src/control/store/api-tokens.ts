import type { Scope } from '../../access/scopes.ts';
import { randomSecret, Secret } from '../../access/secret.ts';
import { json, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';
import { type Issued, issuedOf, SecretTable } from './issued-table.ts';

export type NewApiToken = {
  /** For people: what uses it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresMs: number | undefined;
};

export type StoredApiToken = NewApiToken & Issued;

/** Table `api_token`. */
export class ApiTokens extends SecretTable<StoredApiToken> {
  readonly #insert: Statement;

  constructor(database: Database) {
    super(database, 'api_token', fromRow);
    this.#insert = database.prepare(
      `INSERT INTO api_token (id, hash, name, scopes, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Makes a token. Its secret is told here and never again. */
  add(token: NewApiToken, nowMs: number): { readonly id: string; readonly secret: Secret } {
    const id = newId();
    const secret = new Secret(randomSecret(), 'API token');
    const { name, scopes, expiresMs } = token;
    this.#insert.run(id, secret.hash(), name, JSON.stringify(scopes), nowMs, expiresMs ?? null);
    return { id, secret };
  }
}

function fromRow(row: Row): StoredApiToken {
  return { ...issuedOf(row), name: text(row, 'name'), scopes: json(row, 'scopes') };
}
