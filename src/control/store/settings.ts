import { text } from './columns.ts';
import type { Database, Statement } from './database.ts';

/**
 * Names of single values. `publish-key` is the key in clear that versions before 0.2 kept;
 * `link-secret` signs view links; `allowance-told` is what was last told of the month's allowance.
 */
export type SettingName = 'publish-key' | 'link-secret' | 'allowance-told';

/** Table `setting`: single values by name. */
export class Settings {
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT value FROM setting WHERE name = ?');
    this.#set = database.prepare(
      'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.#remove = database.prepare('DELETE FROM setting WHERE name = ?');
  }

  get(name: SettingName): string | undefined {
    const row = this.#get.get(name);
    return row && text(row, 'value');
  }

  set(name: SettingName, value: string): void {
    this.#set.run(name, value);
  }

  remove(name: SettingName): void {
    this.#remove.run(name);
  }
}
