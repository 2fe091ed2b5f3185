import { json, ms, optionalMs, optionalText, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** What the owner set of an app at run time, over the configuration. */
export type StoredApp = {
  readonly name: string;
  /** By the names of `app_defaults` in the configuration: `publishing`, `opening_hours`, … */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of viewers: a PHC string. */
  readonly password: string | undefined;
  /** When the password was set. */
  readonly passwordMs: number | undefined;
  readonly activeMs: number;
};

/** Table `app`. */
export class Apps {
  readonly #find: Statement;
  readonly #list: Statement;
  readonly #add: Statement;
  readonly #set: Statement;
  readonly #setPassword: Statement;
  readonly #touch: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT * FROM app WHERE name = ?');
    this.#list = database.prepare('SELECT * FROM app ORDER BY name');
    this.#add = database.prepare(
      "INSERT INTO app (name, settings, active_ms) VALUES (?, '{}', ?) ON CONFLICT DO NOTHING",
    );
    this.#set = database.prepare('UPDATE app SET settings = ? WHERE name = ?');
    this.#setPassword = database.prepare(
      'UPDATE app SET password = ?, password_ms = ? WHERE name = ?',
    );
    this.#touch = database.prepare('UPDATE app SET active_ms = ? WHERE name = ?');
    this.#remove = database.prepare('DELETE FROM app WHERE name = ?');
  }

  find(name: string): StoredApp | undefined {
    const row = this.#find.get(name);
    return row && fromRow(row);
  }

  list(): StoredApp[] {
    return this.#list.all().map(fromRow);
  }

  /** Makes the app where it is not there yet. @returns whether it was not */
  add(name: string, nowMs: number): boolean {
    return this.#add.run(name, nowMs) > 0;
  }

  /** Replaces all settings of an app that is there. */
  set(name: string, settings: Readonly<Record<string, unknown>>): boolean {
    return this.#set.run(JSON.stringify(settings), name) > 0;
  }

  /** @param password a PHC string; undefined for none. Who gave the old one gives the new one */
  setPassword(name: string, password: string | undefined, nowMs: number): boolean {
    return this.#setPassword.run(password ?? null, nowMs, name) > 0;
  }

  /** Something was live, or the owner opened it. */
  touch(name: string, nowMs: number): void {
    this.#touch.run(nowMs, name);
  }

  remove(name: string): boolean {
    return this.#remove.run(name) > 0;
  }
}

function fromRow(row: Row): StoredApp {
  return {
    name: text(row, 'name'),
    settings: json(row, 'settings'),
    password: optionalText(row, 'password'),
    passwordMs: optionalMs(row, 'password_ms'),
    activeMs: ms(row, 'active_ms'),
  };
}
