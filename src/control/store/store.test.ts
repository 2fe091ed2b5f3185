import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { StartError } from '../start-error.ts';
import { publishKeyOf } from './publish-key.ts';
import { Store } from './store.ts';

function inFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the publish key is made once, and no other user can read it', () => {
  inFolder((folder) => {
    const state = join(folder, 'new', 'state');
    const first = Store.open(state);
    const key = publishKeyOf(first);
    for (const file of readdirSync(state)) {
      assert.equal(statSync(join(state, file)).mode & 0o077, 0, file);
    }
    first.close();
    const second = Store.open(state);
    assert.equal(publishKeyOf(second).reveal(), key.reveal());
    second.close();
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
    assert.throws(() => Store.open(folder), says(/cannot be opened: .*--state-dir/));
    assert.throws(() => Store.open(path), says(/cannot be opened: .*--state-dir/));
  });
});

function says(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StartError && pattern.test(error.message);
}
