import type { Database } from './database.ts';

/** Something made from tables that are read far more often than they are written: made anew when anything was written. */
export class Cached<Value> {
  readonly #database: Database;
  readonly #read: () => Value;
  #made: { readonly version: string; readonly value: Value } | undefined;

  constructor(database: Database, read: () => Value) {
    this.#database = database;
    this.#read = read;
  }

  get value(): Value {
    const { version } = this.#database;
    if (this.#made?.version !== version) this.#made = { version, value: this.#read() };
    return this.#made.value;
  }
}
