/** What outlives a restart: one SQLite file in the state folder, readable by its owner only. */
import { closeSync, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../start-error.ts';
import { migrations } from './migrations.ts';

const FILE = 'millrace.sqlite';
/** How long a write waits for another process, such as a backup. */
const BUSY_TIMEOUT_MS = 2000;
/** It holds the publish key. */
const OWNER_ONLY = 0o600;

/** Names of single values. */
export type SettingName = 'publish-key';

export class Store {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens or makes the database in `folder`. Fails with a {@link StartError}. */
  static open(folder: string): Store {
    const path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      makePrivate(path);
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      migrate(database, path);
      return new Store(database);
    } catch (error) {
      if (error instanceof StartError) throw error;
      const { message } = error as Error;
      throw new StartError(
        `${path} cannot be opened: ${message}. Make the folder writable for this user, or choose another with --state-dir.`,
      );
    }
  }

  setting(name: SettingName): string | undefined {
    const row = this.#database.prepare('SELECT value FROM setting WHERE name = ?').get(name);
    return row?.['value'] as string | undefined;
  }

  setSetting(name: SettingName, value: string): void {
    this.#database
      .prepare('INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?')
      .run(name, value, value);
  }

  close(): void {
    this.#database.close();
  }
}

/** Before SQLite opens it: SQLite gives its side files the rights of the main one. */
function makePrivate(path: string): void {
  const file = openSync(path, 'a', OWNER_ONLY);
  fchmodSync(file, OWNER_ONLY);
  closeSync(file);
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new StartError(
      `${path} was written by a newer Millrace (version ${version}, this one knows ${migrations.length}). Start the newer one, or choose another folder with --state-dir.`,
    );
  }
  for (const [from, sql] of migrations.entries()) {
    if (from < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${from + 1}; COMMIT`);
  }
}
