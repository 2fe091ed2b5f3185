import { appOf, type StreamName } from '../../base/names.ts';
import { ms, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** A stream that was declared: a slot that somebody is to fill. */
export type DeclaredStream = {
  readonly name: StreamName;
  /** For people. */
  readonly label: string;
  readonly createdMs: number;
};

/** Table `stream`. */
export class Streams {
  readonly #find: Statement;
  readonly #list: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT * FROM stream WHERE name = ?');
    this.#list = database.prepare('SELECT * FROM stream ORDER BY name');
    this.#put = database.prepare(
      'INSERT INTO stream VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET label = excluded.label',
    );
    this.#remove = database.prepare('DELETE FROM stream WHERE name = ?');
  }

  find(name: StreamName): DeclaredStream | undefined {
    const row = this.#find.get(name);
    return row && fromRow(row);
  }

  /** All, or those of one app. */
  list(app?: string): DeclaredStream[] {
    const all = this.#list.all().map(fromRow);
    return app === undefined ? all : all.filter(({ name }) => appOf(name) === app);
  }

  /** Declares it, or changes its label. */
  put(name: StreamName, label: string, nowMs: number): void {
    this.#put.run(name, label, nowMs);
  }

  remove(name: StreamName): boolean {
    return this.#remove.run(name) > 0;
  }
}

function fromRow(row: Row): DeclaredStream {
  return {
    name: text(row, 'name') as StreamName,
    label: text(row, 'label'),
    createdMs: ms(row, 'created_ms'),
  };
}
