import type { Protocol } from '../../access/app-rules.ts';
import { StreamKey } from '../../access/stream-key.ts';
import type { Target } from '../../access/target.ts';
import { json, optionalMs, optionalText, text } from './columns.ts';
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

export type StoredStreamKey = NewStreamKey &
  Issued & {
    /** The invite whose guest it was made for. */
    readonly invite: string | undefined;
    /** Since when there is a newer one in its place. */
    readonly supersededMs: number | undefined;
  };

/** Of one invite: who still has an older one typed in is told that it was revoked; beyond that nobody misses them. */
const REVOKED_PER_INVITE_MAX = 50;

/** Table `stream_key`. */
export class StreamKeys extends SecretTable<StoredStreamKey> {
  readonly #insert: Statement;
  readonly #give: Statement;
  readonly #supersede: Statement;
  readonly #ofInvite: Statement;
  readonly #superseded: Statement;
  readonly #prune: Statement;

  constructor(database: Database) {
    super(database, 'stream_key', fromRow);
    this.#insert = database.prepare(
      `INSERT INTO stream_key (id, hash, name, target, addresses, protocols, created_ms, expires_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#give = database.prepare('UPDATE stream_key SET invite = ? WHERE id = ?');
    this.#supersede = database.prepare('UPDATE stream_key SET superseded_ms = ? WHERE id = ?');
    this.#ofInvite = database.prepare(
      'SELECT * FROM stream_key WHERE invite = ? AND revoked_ms IS NULL ORDER BY created_ms, id',
    );
    this.#superseded = database.prepare(
      'SELECT * FROM stream_key WHERE superseded_ms IS NOT NULL AND revoked_ms IS NULL',
    );
    this.#prune = database.prepare(
      `DELETE FROM stream_key WHERE id IN (SELECT id FROM stream_key
         WHERE invite = ? AND revoked_ms IS NOT NULL
         ORDER BY revoked_ms DESC LIMIT -1 OFFSET ${REVOKED_PER_INVITE_MAX})`,
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

  /** It is a guest's. */
  giveTo(invite: string, id: string): void {
    this.#give.run(invite, id);
  }

  /** Forgets the oldest of a guest's that are revoked, where they are many. */
  prune(invite: string): void {
    this.#prune.run(invite);
  }

  /** A newer one is there in its place. */
  supersede(id: string, nowMs: number): void {
    this.#supersede.run(nowMs, id);
  }

  /** Those that were made for a guest, and are not revoked. */
  listOf(invite: string): StoredStreamKey[] {
    return this.#ofInvite.all(invite).map(fromRow);
  }

  /** Those that are to go when nobody uses them any more. */
  listSuperseded(): StoredStreamKey[] {
    return this.#superseded.all().map(fromRow);
  }
}

function fromRow(row: Row): StoredStreamKey {
  return {
    ...issuedOf(row),
    name: text(row, 'name'),
    target: text(row, 'target') as Target,
    addresses: json(row, 'addresses'),
    protocols: json(row, 'protocols'),
    invite: optionalText(row, 'invite'),
    supersededMs: optionalMs(row, 'superseded_ms'),
  };
}
