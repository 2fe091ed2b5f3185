import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../access/secret.ts';
import { ms, optionalBlob } from './columns.ts';
import type { Database, Statement } from './database.ts';

/** Far more than watch in a month; whoever knows the password could have others made for ever. */
const PASSES_MAX = 50_000;
/** How many of the oldest go then: not each new one is a search. */
const PRUNED = 1000;

/** What a browser once gave. */
export type GivenPass = {
  readonly givenMs: number;
  /** Whether it was this password of the configuration. */
  readonly isOf: (configured: Secret) => boolean;
};

/** Table `view_pass`: which browsers have given which app's password. */
export class ViewPasses {
  readonly #find: Statement;
  readonly #isKnown: Statement;
  readonly #put: Statement;
  readonly #prune: Statement;
  readonly #count: Statement;
  readonly #pruneOldest: Statement;

  constructor(database: Database) {
    this.#find = database.prepare(
      'SELECT created_ms, proof FROM view_pass WHERE hash = ? AND app = ? AND expires_ms > ?',
    );
    this.#isKnown = database.prepare(
      'SELECT 1 FROM view_pass WHERE hash = ? AND expires_ms > ? LIMIT 1',
    );
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO view_pass (hash, app, created_ms, expires_ms, proof)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#prune = database.prepare('DELETE FROM view_pass WHERE expires_ms <= ?');
    this.#count = database.prepare('SELECT count(*) AS passes FROM view_pass');
    this.#pruneOldest = database.prepare(
      `DELETE FROM view_pass WHERE (hash, app) IN
         (SELECT hash, app FROM view_pass ORDER BY created_ms LIMIT ${PRUNED})`,
    );
  }

  /** Undefined where this browser did not give the app's password, or too long ago. */
  find(pass: Secret, app: string, nowMs: number): GivenPass | undefined {
    const row = this.#find.get(pass.hash(), app, nowMs);
    if (row === undefined) return undefined;
    const proof = optionalBlob(row, 'proof');
    return {
      givenMs: ms(row, 'created_ms'),
      isOf: (configured) =>
        proof !== undefined && timingSafeEqual(proof, proofOf(pass, configured)),
    };
  }

  /** Whether it was made here, for whatever app. */
  isKnown(pass: Secret, nowMs: number): boolean {
    return this.#isKnown.get(pass.hash(), nowMs) !== undefined;
  }

  put(
    pass: Secret,
    app: string,
    {
      nowMs,
      expiresMs,
      configured,
    }: {
      readonly nowMs: number;
      readonly expiresMs: number;
      /** The password that was given, where it is the configuration's. */
      readonly configured: Secret | undefined;
    },
  ): void {
    this.#prune.run(nowMs);
    if (Number(this.#count.get()?.['passes']) >= PASSES_MAX) this.#pruneOldest.run();
    const proof = configured === undefined ? null : proofOf(pass, configured);
    this.#put.run(pass.hash(), app, nowMs, expiresMs, proof);
  }
}

/** By the browser's own secret: what the database keeps is no way to find a short password. */
function proofOf(pass: Secret, password: Secret): Buffer {
  return createHmac('sha256', pass.reveal()).update(password.reveal()).digest();
}
