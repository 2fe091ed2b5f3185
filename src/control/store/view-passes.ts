import type { Secret } from '../../access/secret.ts';
import { ms } from './columns.ts';
import type { Database, Statement } from './database.ts';

/** Table `view_pass`: which browsers have given which app's password. */
export class ViewPasses {
  readonly #find: Statement;
  readonly #isKnown: Statement;
  readonly #put: Statement;
  readonly #prune: Statement;

  constructor(database: Database) {
    this.#find = database.prepare(
      'SELECT created_ms FROM view_pass WHERE hash = ? AND app = ? AND expires_ms > ?',
    );
    this.#isKnown = database.prepare(
      'SELECT 1 FROM view_pass WHERE hash = ? AND expires_ms > ? LIMIT 1',
    );
    this.#put = database.prepare('INSERT OR REPLACE INTO view_pass VALUES (?, ?, ?, ?)');
    this.#prune = database.prepare('DELETE FROM view_pass WHERE expires_ms <= ?');
  }

  /** When this browser gave the app's password; undefined where it did not, or too long ago. */
  givenMs(pass: Secret, app: string, nowMs: number): number | undefined {
    const row = this.#find.get(pass.hash(), app, nowMs);
    return row && ms(row, 'created_ms');
  }

  /** Whether it was made here, for whatever app. */
  isKnown(pass: Secret, nowMs: number): boolean {
    return this.#isKnown.get(pass.hash(), nowMs) !== undefined;
  }

  put(pass: Secret, app: string, nowMs: number, expiresMs: number): void {
    this.#prune.run(nowMs);
    this.#put.run(pass.hash(), app, nowMs, expiresMs);
  }
}
