import { randomSecret, Secret } from '../../access/secret.ts';
import { ms, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

/** A browser that is used stays signed in. */
export const SIGN_IN_MS = 30 * 86_400_000;
/** A person has some browsers and machines; the one that was seen longest ago goes. */
const SESSIONS_PER_PERSON_MAX = 100;
/** That it was used is told to the hour: not every request is a write. */
const SEEN_MS = 3_600_000;

/** One browser in which a person is signed in. */
export type SignIn = {
  readonly id: string;
  readonly person: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdMs: number;
  readonly seenMs: number;
  readonly expiresMs: number;
};

/** Table `session`. */
export class SignIns {
  readonly #match: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;
  readonly #removeOf: Statement;
  readonly #prune: Statement;
  readonly #pruneOf: Statement;

  constructor(database: Database) {
    this.#match = database.prepare('SELECT * FROM session WHERE hash = ?');
    this.#list = database.prepare('SELECT * FROM session WHERE person = ? ORDER BY seen_ms DESC');
    this.#insert = database.prepare('INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#touch = database.prepare('UPDATE session SET seen_ms = ?, expires_ms = ? WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM session WHERE id = ?');
    this.#removeOf = database.prepare('DELETE FROM session WHERE person = ?');
    this.#prune = database.prepare('DELETE FROM session WHERE expires_ms <= ?');
    this.#pruneOf = database.prepare(
      `DELETE FROM session WHERE id IN (SELECT id FROM session WHERE person = ?
         ORDER BY seen_ms DESC LIMIT -1 OFFSET ${SESSIONS_PER_PERSON_MAX - 1})`,
    );
  }

  match(offered: Secret): SignIn | undefined {
    const row = this.#match.get(offered.hash());
    return row && fromRow(row);
  }

  listOf(person: string): SignIn[] {
    return this.#list.all(person).map(fromRow);
  }

  /** Makes a session; the secret goes into the cookie. */
  add(
    {
      person,
      address,
      userAgent,
      expiresMs,
    }: Pick<SignIn, 'person' | 'address' | 'userAgent' | 'expiresMs'>,
    nowMs: number,
  ): Secret {
    const secret = new Secret(randomSecret(), 'session');
    this.#prune.run(nowMs);
    this.#pruneOf.run(person);
    this.#insert.run(secret.hash(), newId(), person, address, userAgent, nowMs, nowMs, expiresMs);
    return secret;
  }

  /** It was used: it lasts from now on again. */
  touch({ id, seenMs }: Pick<SignIn, 'id' | 'seenMs'>, nowMs: number): void {
    if (nowMs - seenMs > SEEN_MS) this.#touch.run(nowMs, nowMs + SIGN_IN_MS, id);
  }

  remove(id: string): boolean {
    return this.#remove.run(id) > 0;
  }

  /** Signs a person out everywhere. */
  removeOf(person: string): number {
    return this.#removeOf.run(person);
  }
}

function fromRow(row: Row): SignIn {
  return {
    id: text(row, 'id'),
    person: text(row, 'person'),
    address: text(row, 'address'),
    userAgent: text(row, 'user_agent'),
    createdMs: ms(row, 'created_ms'),
    seenMs: ms(row, 'seen_ms'),
    expiresMs: ms(row, 'expires_ms'),
  };
}
