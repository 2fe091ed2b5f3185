import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { StreamKey } from '../../access/stream-key.ts';
import { StartError } from '../start-error.ts';
import { migrations } from './migrations.ts';
import { firstKey } from './publish-key.ts';
import { Store } from './store.ts';

function inFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the first key is made and told once, kept in a file, and known by its hash only', () => {
  inFolder((folder) => {
    const state = join(folder, 'new', 'state');
    const first = Store.open(state);
    const { secret, file } = firstKey(first, state, 1);
    assert.ok(secret !== undefined);
    assert.equal(readFileSync(file, 'utf8'), `${secret.reveal()}\n`);
    for (const name of readdirSync(state)) {
      assert.equal(statSync(join(state, name)).mode & 0o077, 0, name);
      if (join(state, name) === file) continue;
      assert.ok(!readFileSync(join(state, name)).includes(secret.reveal()), name);
    }
    first.close();
    const second = Store.open(state);
    assert.equal(firstKey(second, state, 2).secret, undefined);
    assert.equal(second.keys.match(secret)?.name, 'first key');
    assert.equal(second.keys.list().length, 1);
    second.close();
  });
});

test('the key of an older version goes on working, and leaves nothing of itself in the database', () => {
  inFolder((folder) => {
    const key = 'R3allyS3cretR3allyS3cretR3allyS3';
    const old = new DatabaseSync(join(folder, 'millrace.sqlite'));
    old.exec(`${migrations[0]}; PRAGMA user_version = 1; PRAGMA journal_mode = WAL`);
    old.prepare("INSERT INTO setting VALUES ('publish-key', ?)").run(key);
    old.close();
    const store = Store.open(folder);
    assert.ok(firstKey(store, folder, 1).secret?.matches(key));
    assert.ok(store.keys.match(new StreamKey(key)));
    for (const name of readdirSync(folder).filter((name) => name !== 'publish-key')) {
      assert.ok(!readFileSync(join(folder, name)).includes(key), name);
    }
    store.close();
  });
});

test('a database that others could read is made private', () => {
  inFolder((folder) => {
    const path = join(folder, 'millrace.sqlite');
    writeFileSync(path, '', { mode: 0o644 });
    Store.open(folder).close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});

test('a database of a newer version, a broken one and a bad folder are told', () => {
  inFolder((folder) => {
    const path = join(folder, 'millrace.sqlite');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 999');
    database.close();
    assert.throws(() => Store.open(folder), says(/newer Millrace.*--state-dir/));
    writeFileSync(path, 'this is no database, and long enough for SQLite to see that it is none');
    assert.throws(() => Store.open(folder), says(/no SQLite database.*put the last backup/));
    assert.throws(() => Store.open(path), says(/cannot be opened: .*--state-dir/));
  });
});

function says(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StartError && pattern.test(error.message);
}
