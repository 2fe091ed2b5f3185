import { randomSecret, Secret } from '../../access/secret.ts';
import { ms, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** A guest has a phone, a laptop, and a browser that forgot; the one that was seen longest ago goes. */
const SESSIONS_PER_INVITE_MAX = 20;
/** That it was used is told to the minute: not every request is a write. */
const SEEN_MS = 60_000;

/** A browser that has opened an invite. */
export type GuestSession = {
  readonly invite: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdMs: number;
  readonly seenMs: number;
};

/** Table `guest_session`: it ends with the invite. */
export class GuestSessions {
  readonly #match: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #touch: Statement;
  readonly #prune: Statement;
  readonly #remove: Statement;
  readonly #removeOf: Statement;

  constructor(database: Database) {
    this.#match = database.prepare('SELECT * FROM guest_session WHERE hash = ?');
    this.#list = database.prepare(
      'SELECT * FROM guest_session WHERE invite = ? ORDER BY seen_ms DESC',
    );
    this.#insert = database.prepare('INSERT INTO guest_session VALUES (?, ?, ?, ?, ?, ?)');
    this.#touch = database.prepare('UPDATE guest_session SET seen_ms = ? WHERE hash = ?');
    this.#prune = database.prepare(
      `DELETE FROM guest_session WHERE hash IN (SELECT hash FROM guest_session WHERE invite = ?
         ORDER BY seen_ms DESC LIMIT -1 OFFSET ${SESSIONS_PER_INVITE_MAX - 1})`,
    );
    this.#remove = database.prepare('DELETE FROM guest_session WHERE hash = ?');
    this.#removeOf = database.prepare('DELETE FROM guest_session WHERE invite = ?');
  }

  match(offered: Secret): GuestSession | undefined {
    const row = this.#match.get(offered.hash());
    return row && fromRow(row);
  }

  listOf(invite: string): GuestSession[] {
    return this.#list.all(invite).map(fromRow);
  }

  /** A browser opens the invite; the secret goes into its cookie. */
  add(
    { invite, address, userAgent }: Omit<GuestSession, 'createdMs' | 'seenMs'>,
    nowMs: number,
  ): Secret {
    const secret = new Secret(randomSecret(), 'guest');
    this.#prune.run(invite);
    this.#insert.run(secret.hash(), invite, address, userAgent, nowMs, nowMs);
    return secret;
  }

  /** It was used. */
  touch(offered: Secret, { seenMs }: Pick<GuestSession, 'seenMs'>, nowMs: number): void {
    if (nowMs - seenMs > SEEN_MS) this.#touch.run(nowMs, offered.hash());
  }

  /** The guest leaves this browser. */
  remove(offered: Secret): void {
    this.#remove.run(offered.hash());
  }

  /** Nobody is in by this invite any more. */
  removeOf(invite: string): void {
    this.#removeOf.run(invite);
  }
}

function fromRow(row: Row): GuestSession {
  return {
    invite: text(row, 'invite'),
    address: text(row, 'address'),
    userAgent: text(row, 'user_agent'),
    createdMs: ms(row, 'created_ms'),
    seenMs: ms(row, 'seen_ms'),
  };
}
