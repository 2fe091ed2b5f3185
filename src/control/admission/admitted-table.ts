import type { StreamName } from '../../base/names.ts';
import type { SessionId } from '../../channel/messages.ts';
import { json, text } from '../store/columns.ts';
import type { Database, Statement } from '../store/database.ts';
import type { HookSession } from './hook-message.ts';

/** A session that a hook has let in. */
export type AdmittedSession = {
  readonly id: SessionId;
  /** What was asked for, and what it got. */
  readonly stream: StreamName;
  readonly granted: StreamName;
  readonly session: HookSession;
};

/** Table `admitted`: sessions of whose end a hook is still to hear, also where this process is killed before. */
export class AdmittedTable {
  readonly #insert: Statement;
  readonly #remove: Statement;
  readonly #list: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT OR REPLACE INTO admitted VALUES (?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM admitted WHERE session = ?');
    this.#list = database.prepare('SELECT * FROM admitted ORDER BY rowid');
  }

  /** The URL's parameters, and whatever else in it can be a secret, stay out of the database. */
  add({ id, stream, granted, session }: AdmittedSession): void {
    const { protocol, url, client } = session;
    const [origin = ''] = /^[a-z]+:\/\/[^/?#]*/i.exec(url) ?? [];
    const facts: HookSession = { protocol, url: `${origin}/${stream}`, client };
    this.#insert.run(id, stream, granted, JSON.stringify(facts));
  }

  remove(id: SessionId): void {
    this.#remove.run(id);
  }

  /** In the order of their coming. */
  list(): AdmittedSession[] {
    return this.#list.all().map((row) => ({
      id: text(row, 'session'),
      stream: text(row, 'stream') as StreamName,
      granted: text(row, 'granted') as StreamName,
      session: json<HookSession>(row, 'facts'),
    }));
  }
}
