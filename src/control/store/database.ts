/** SQLite with errors that say what to do. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** How long a write waits for another process, such as a command: pages wait meanwhile, streams do not. */
const BUSY_TIMEOUT_MS = 500;

export type Row = Readonly<Record<string, unknown>>;

/** The database could not do what it was asked; nothing that it had stored before is lost. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Primary result codes (sqlite.org/rescode.html), with what the operator can do. */
const REMEDIES: Readonly<Record<number, string>> = {
  5: 'another program has it locked. Stop that program; a backup that copies the file should use SQLite for it.',
  6: 'another program has it locked. Stop that program; a backup that copies the file should use SQLite for it.',
  8: 'it is read-only. Make the file and its folder writable for this user.',
  10: 'the disk fails to read or write it. Look at the system log, and at the space that is left.',
  11: 'it is damaged. Stop the server, put the last backup in its place, and start again.',
  13: 'the disk is full. Make room; nothing that was stored is lost.',
  14: 'it cannot be opened. Make the folder writable for this user.',
  26: 'it is no SQLite database. Stop the server, put the last backup in its place, and start again.',
};

/** A statement that is read by SQLite once, and run often. */
export class Statement {
  readonly #statement: StatementSync;
  readonly #path: string;
  readonly #onWrite: () => void;

  constructor(statement: StatementSync, path: string, onWrite: () => void) {
    this.#statement = statement;
    this.#path = path;
    this.#onWrite = onWrite;
  }

  /** @returns how many rows it changed */
  run(...values: SQLInputValue[]): number {
    this.#onWrite();
    return this.#guard(() => Number(this.#statement.run(...values).changes));
  }

  get(...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement.get(...values));
  }

  all(...values: SQLInputValue[]): readonly Row[] {
    return this.#guard(() => this.#statement.all(...values));
  }

  #guard<Result>(work: () => Result): Result {
    return explained(this.#path, work);
  }
}

export class Database {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #dataVersion: Statement;
  #writes = 0;

  constructor(path: string) {
    this.path = path;
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // Deleted secrets are overwritten. A killed process loses nothing; a power cut may lose the last half minute, whole writes.
    this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON');
    this.exec('PRAGMA foreign_keys = ON');
    this.#dataVersion = this.prepare('PRAGMA data_version');
  }

  /** Another whenever something may have been written, by us or by another process. */
  get version(): string {
    // SQLite counts the others' commits only (sqlite.org/pragma.html#pragma_data_version).
    return `${this.#writes} ${this.#dataVersion.get()?.['data_version']}`;
  }

  exec(sql: string): void {
    this.#writes += 1;
    explained(this.path, () => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    return explained(
      this.path,
      () => new Statement(this.#database.prepare(sql), this.path, this.#onWrite),
    );
  }

  /** All of it, or nothing. */
  transaction<Result>(work: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  readonly #onWrite = (): void => {
    this.#writes += 1;
  };

  close(): void {
    this.#database.close();
  }
}

function explained<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const { errcode = 0, message } = error as { errcode?: number; message: string };
    const remedy = REMEDIES[errcode & 0xff];
    if (remedy === undefined) throw error;
    throw new StoreError(`The database ${path} failed: ${remedy} (${message})`, { cause: error });
  }
}
