import type { Protocol } from '../../access/app-rules.ts';
import { StreamKey } from '../../access/stream-key.ts';
import type { Target } from '../../access/target.ts';
import { json, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';
import { type Issued, issuedOf, SecretTable } from './issued-table.ts';

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

export type StoredStreamKey = NewStreamKey & Issued;

/** Table `stream_key`. */
export class StreamKeys extends SecretTable<StoredStreamKey> {
  readonly #insert: Statement;

  constructor(database: Database) {
    super(database, 'stream_key', fromRow);
    this.#insert = database.prepare(
      `INSERT INTO stream_key (id, hash, name, target, addresses, protocols, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
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
}

function fromRow(row: Row): StoredStreamKey {
  return {
    ...issuedOf(row),
    name: text(row, 'name'),
    target: text(row, 'target') as Target,
    addresses: json(row, 'addresses'),
    protocols: json(row, 'protocols'),
  };
}
