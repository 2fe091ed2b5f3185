/** Files of the state folder beside the database, such as certificates: in a backup they are rows of a table of its own. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** Keys and certificates have some kilobytes; nothing larger is state of ours. */
const FILE_BYTES_MAX = 1024 * 1024;
/** What the database is made of, what tells of a running server, and what is being written just now. */
const NOT_KEPT = /^(millrace\.sqlite|server\.json)|\.(partial|restoring)$/;
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY = 0o600;

/** Puts the files of a state folder into a copy of its database. */
export function keepFiles(copy: DatabaseSync, stateDir: string): void {
  copy.exec('CREATE TABLE kept_file (path TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT');
  const insert = copy.prepare('INSERT INTO kept_file VALUES (?, ?)');
  for (const path of filesIn(stateDir)) {
    insert.run(relative(stateDir, path).replaceAll(sep, '/'), readFileSync(path));
  }
}

export type KeptFile = { readonly path: string; readonly content: Uint8Array };

/** Takes the files out of a copy, which is to be a database like any other then. @returns undefined for paths that lead elsewhere */
export function takeFiles(copy: DatabaseSync): readonly KeptFile[] | undefined {
  const isThere = copy.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kept_file'").get();
  if (isThere === undefined) return [];
  const rows = copy.prepare('SELECT path, content FROM kept_file').all();
  const files = rows.map(({ path, content }) => ({
    path: String(path),
    content: content as Uint8Array,
  }));
  if (files.some(({ path }) => normalize(path) !== path || /^(\/|\.\.(\/|$))/.test(path))) {
    return undefined;
  }
  // Private keys must not stay in the pages that become free.
  copy.exec('PRAGMA secure_delete = ON; DROP TABLE kept_file; VACUUM');
  return files;
}

/** Each is whole, or the one before. */
export function writeFiles(stateDir: string, files: readonly KeptFile[]): void {
  for (const { path, content } of files) {
    const target = join(stateDir, path);
    makeFolders(stateDir, dirname(target));
    const draft = `${target}.restoring`;
    rmSync(draft, { force: true });
    writeFileSync(draft, content, { mode: OWNER_ONLY, flag: 'wx', flush: true });
    renameSync(draft, target);
  }
}

function makeFolders(stateDir: string, folder: string): void {
  if (folder === stateDir || existsSync(folder)) return;
  makeFolders(stateDir, dirname(folder));
  mkdirSync(folder, { mode: OWNER_ONLY_FOLDER });
  chmodSync(folder, OWNER_ONLY_FOLDER);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    const isKept = entry.isFile() && !NOT_KEPT.test(entry.name);
    return isKept && statSync(path).size <= FILE_BYTES_MAX ? [path] : [];
  });
}
