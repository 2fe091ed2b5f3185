import type { Scope } from '../../access/scopes.ts';
import { randomSecret, Secret } from '../../access/secret.ts';
import { json, ms, optionalMs, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

export type NewApiToken = {
  /** For people: what uses it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresMs: number | undefined;
};

export type StoredApiToken = NewApiToken & {
  readonly id: string;
  readonly createdMs: number;
  readonly revokedMs: number | undefined;
  readonly lastUsedMs: number | undefined;
};

/** Table `api_token`. */
export class ApiTokens {
  readonly #match: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #revoke: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#match = database.prepare('SELECT * FROM api_token WHERE hash = ?');
    this.#list = database.prepare('SELECT * FROM api_token ORDER BY created_ms, id');
    this.#insert = database.prepare(
      `INSERT INTO api_token (id, hash, name, scopes, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#revoke = database.prepare(
      'UPDATE api_token SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL',
    );
    this.#touch = database.prepare('UPDATE api_token SET last_used_ms = ? WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM api_token WHERE id = ?');
  }

  match(offered: Secret): StoredApiToken | undefined {
    const row = this.#match.get(offered.hash());
    return row && fromRow(row);
  }

  list(): StoredApiToken[] {
    return this.#list.all().map(fromRow);
  }

  /** Makes a token. Its secret is told here and never again. */
  add(token: NewApiToken, nowMs: number): { readonly id: string; readonly secret: Secret } {
    const id = newId();
    const secret = new Secret(randomSecret(), 'API token');
    const { name, scopes, expiresMs } = token;
    this.#insert.run(id, secret.hash(), name, JSON.stringify(scopes), nowMs, expiresMs ?? null);
    return { id, secret };
  }

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

function fromRow(row: Row): StoredApiToken {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    scopes: json(row, 'scopes'),
    createdMs: ms(row, 'created_ms'),
    expiresMs: optionalMs(row, 'expires_ms'),
    revokedMs: optionalMs(row, 'revoked_ms'),
    lastUsedMs: optionalMs(row, 'last_used_ms'),
  };
}
