import type { Protocol } from '../../access/app-rules.ts';
import type { Secret } from '../../access/secret.ts';
import { StreamKey } from '../../access/stream-key.ts';
import type { Target } from '../../access/target.ts';
import { json, ms, optionalMs, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

export type NewStreamKey = {
  /** For people: `studio laptop`. */
  readonly name: string;
  readonly target: Target;
  /** CIDR ranges; none is all. */
  readonly addresses: readonly string[];
  /** None is all. */
  readonly protocols: readonly Protocol[];
  readonly expiresMs: number | undefined;
};

export type StoredStreamKey = NewStreamKey & {
  readonly id: string;
  readonly createdMs: number;
  readonly revokedMs: number | undefined;
  readonly lastUsedMs: number | undefined;
};

/** Table `stream_key`. */
export class StreamKeys {
  readonly #byHash: Statement;
  readonly #byId: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #revoke: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#byHash = database.prepare('SELECT * FROM stream_key WHERE hash = ?');
    this.#byId = database.prepare('SELECT * FROM stream_key WHERE id = ?');
    this.#list = database.prepare('SELECT * FROM stream_key ORDER BY created_ms, id');
    this.#insert = database.prepare(
      `INSERT INTO stream_key (id, hash, name, target, addresses, protocols, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#revoke = database.prepare(
      'UPDATE stream_key SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL',
    );
    this.#touch = database.prepare('UPDATE stream_key SET last_used_ms = ? WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM stream_key WHERE id = ?');
  }

  /** The key that a secret is, good or not. */
  match(offered: Secret): StoredStreamKey | undefined {
    const row = this.#byHash.get(offered.hash());
    return row && fromRow(row);
  }

  find(id: string): StoredStreamKey | undefined {
    const row = this.#byId.get(id);
    return row && fromRow(row);
  }

  list(): StoredStreamKey[] {
    return this.#list.all().map(fromRow);
  }

  /** Makes a key. Its secret is told here and never again. */
  add(key: NewStreamKey, nowMs: number): { readonly id: string; readonly secret: StreamKey } {
    const secret = StreamKey.generate();
    return { id: this.adopt(secret, key, nowMs), secret };
  }

  /** Takes in a key that exists already. @returns its id */
  adopt(secret: StreamKey, key: NewStreamKey, nowMs: number): string {
    const id = newId();
    const { name, target, addresses, protocols, expiresMs = null } = key;
    const lists = [JSON.stringify(addresses), JSON.stringify(protocols)] as const;
    this.#insert.run(id, secret.hash(), name, target, ...lists, nowMs, expiresMs);
    return id;
  }

  /** @returns whether it was good before. The gate's `revoke` also ends who publishes with it */
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

function fromRow(row: Row): StoredStreamKey {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    target: text(row, 'target') as Target,
    addresses: json(row, 'addresses'),
    protocols: json(row, 'protocols'),
    createdMs: ms(row, 'created_ms'),
    expiresMs: optionalMs(row, 'expires_ms'),
    revokedMs: optionalMs(row, 'revoked_ms'),
    lastUsedMs: optionalMs(row, 'last_used_ms'),
  };
}
