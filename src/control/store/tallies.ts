import type { TallyState } from '../../api/guests.ts';
import type { StreamName } from '../../base/names.ts';
import { text } from './columns.ts';
import type { Database, Statement } from './database.ts';

/** Table `tally`: the streams that are on air, or about to be; those that are off are not in it. */
export class Tallies {
  readonly #list: Statement;
  readonly #set: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#list = database.prepare('SELECT * FROM tally ORDER BY rowid');
    this.#set = database.prepare('INSERT OR REPLACE INTO tally VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM tally WHERE stream = ?');
  }

  /** As they were set, the oldest first. */
  read(): Map<StreamName, TallyState> {
    return new Map(
      this.#list
        .all()
        .map((row) => [text(row, 'stream') as StreamName, text(row, 'state') as TallyState]),
    );
  }

  write(stream: StreamName, state: TallyState): void {
    if (state === 'off') this.#remove.run(stream);
    else this.#set.run(stream, state);
  }
}
