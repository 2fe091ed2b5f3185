/** The whole state in one file and back: SQLite copies its pages, so that a copy is whole however much is written meanwhile. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { StartError } from '../start-error.ts';
import { keepFiles, takeFiles, writeFiles } from './kept-files.ts';
import { migrations } from './migrations.ts';
import { DATABASE_FILE } from './store.ts';

const OWNER_ONLY = 0o600;
/** For a write that is under way when the copy begins. */
const BUSY_TIMEOUT_MS = 10_000;
/** All at once (sqlite.org/c3ref/backup_finish.html): between two parts a write of another would make it begin anew. Writers do not wait for it. */
const PAGES_AT_ONCE = 2 ** 31 - 1;

/** Copies the state of a folder, whether a server runs or not. @returns the copy's size in bytes */
export async function backUp(stateDir: string, file: string): Promise<number> {
  const source = join(stateDir, DATABASE_FILE);
  if (!existsSync(source)) {
    throw new StartError(
      `${source}: there is no database to back up. Name its folder with --state-dir or its configuration with --config.`,
    );
  }
  await copyState(stateDir, file);
  return statSync(file).size;
}

/**
 * Puts a backup in the place of the state. What was there before is kept beside it.
 * The caller makes sure that no server runs; one that does all the same holds the database, and this fails.
 * @returns where the former state is; undefined where there was none
 */
export async function restore(stateDir: string, file: string): Promise<string | undefined> {
  checkBackup(file);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const target = join(stateDir, DATABASE_FILE);
  const former = existsSync(target) ? await setAside(stateDir) : undefined;
  const draft = `${target}.restoring`;
  rmSync(draft, { force: true });
  copyFileSync(file, draft);
  const files = withDatabase(draft, takeFiles);
  if (files === undefined) {
    rmSync(draft);
    throw new StartError(
      `${file} cannot be restored: it has files for other folders. Take another backup.`,
    );
  }
  makeSafe(draft);
  writeFiles(stateDir, files);
  // Until here nothing of the database has changed, and after it everything: a crash leaves the one or the other.
  renameSync(draft, target);
  syncFolder(stateDir);
  return former;
}

/** Into a file beside it first, which then takes the name: nobody finds half a copy under it. */
async function copyState(stateDir: string, file: string): Promise<void> {
  const source = join(stateDir, DATABASE_FILE);
  const draft = `${file}.partial`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, 'wx', OWNER_ONLY));
  const database = new DatabaseSync(source, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    await backup(database, draft, { rate: PAGES_AT_ONCE });
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    database.close();
  }
  withDatabase(draft, (copy) => {
    copy.exec(ONE_FILE);
    keepFiles(copy, stateDir);
  });
  makeSafe(draft);
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/** With its log folded in: one file that can be copied by any means. */
const ONE_FILE = 'PRAGMA journal_mode = DELETE';

function withDatabase<Result>(path: string, work: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Keeps the state that is about to be replaced, and leaves no log behind that belongs to it. */
async function setAside(stateDir: string): Promise<string> {
  const target = join(stateDir, DATABASE_FILE);
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const former = `${target}.before-${stamp}`;
  if (isSound(target)) {
    await copyState(stateDir, former);
    // SQLite does this only for who has the database alone: a server that we did not hear of makes it fail.
    withDatabase(target, (database) => database.exec(ONE_FILE));
  } else {
    copyFileSync(target, former);
    for (const suffix of ['-wal', '-shm']) rmSync(target + suffix, { force: true });
  }
  return former;
}

/** What is damaged cannot be copied page by page; it is kept as it is. */
function isSound(path: string): boolean {
  try {
    return integrityOf(path) === 'ok';
  } catch (error) {
    // 11 and 26 (sqlite.org/rescode.html): damaged, or no database at all.
    if ([11, 26].includes((error as { errcode?: number }).errcode ?? 0)) return false;
    throw error;
  }
}

function integrityOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    return Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  } finally {
    database.close();
  }
}

/** Fails with a {@link StartError} where a file is no backup that this version can use. */
function checkBackup(file: string): void {
  if (!existsSync(file)) throw new StartError(`${file}: there is no such file.`);
  const problem = problemOf(file);
  if (problem !== undefined) throw new StartError(`${file} cannot be restored: ${problem}`);
}

function problemOf(file: string): string | undefined {
  try {
    if (integrityOf(file) !== 'ok') return 'it is damaged. Take another backup.';
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const isOurs = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'setting'").get();
      if (isOurs === undefined) return 'it is no backup of Millrace.';
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version <= migrations.length) return undefined;
      return `it was written by a newer Millrace (version ${version}, this one knows ${migrations.length}). Use the newer one.`;
    } finally {
      database.close();
    }
  } catch (error) {
    return `${(error as Error).message}. Take another backup.`;
  }
}

/** Its owner alone reads it, and it is on the disk. */
function makeSafe(path: string): void {
  const file = openSync(path, 'r+');
  fchmodSync(file, OWNER_ONLY);
  fsyncSync(file);
  closeSync(file);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
