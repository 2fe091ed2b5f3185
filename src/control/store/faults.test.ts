/** A database that is locked, full or damaged, and a process that is killed while it writes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { EVERYTHING } from '../../access/target.ts';
import { StartError } from '../start-error.ts';
import { StoreError } from './database.ts';
import { firstKey } from './publish-key.ts';
import { DATABASE_FILE, Store } from './store.ts';

const anywhere = { target: EVERYTHING, addresses: [], protocols: [], expiresMs: undefined };
/** Long enough that some keys are written, and the next is being written. */
const WRITING_MS = 400;
const KILLS = 3;

async function inFolder(run: (folder: string, path: string) => void | Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  try {
    await run(folder, join(folder, DATABASE_FILE));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function addKey(store: Store, name: string): string {
  return store.keys.add({ name, ...anywhere }, 1).id;
}

function says(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && pattern.test(error.message);
}

test('locked by another program: reading goes on, writing says so, and goes on afterwards', () =>
  inFolder((folder, path) => {
    const store = Store.open(folder);
    addKey(store, 'before');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    assert.equal(store.keys.list().length, 1);
    assert.throws(() => addKey(store, 'meanwhile'), says(/another program has it locked/));
    other.exec('ROLLBACK');
    other.close();
    addKey(store, 'after');
    assert.deepEqual(
      store.keys
        .list()
        .map(({ name }) => name)
        .toSorted(),
      ['after', 'before'],
    );
    store.close();
  }));

test('a full disk: what is there stays, writing says so, and goes on when there is room', () =>
  inFolder((folder) => {
    const store = Store.open(folder);
    addKey(store, 'before');
    store.database.exec('PRAGMA max_page_count = 1');
    const count = () => store.keys.list().length;
    assert.throws(
      () => {
        for (let n = 0; n < 10_000; n++) addKey(store, `key ${n}`);
      },
      says(/the disk is full\. Make room/),
    );
    const kept = count();
    assert.ok(kept > 0);
    assert.throws(
      () =>
        store.database.transaction(() => {
          for (let n = 0; n < 10_000; n++) addKey(store, `half ${n}`);
        }),
      says(/the disk is full/),
    );
    assert.equal(count(), kept, 'nothing is there by halves');
    store.database.exec('PRAGMA max_page_count = 1073741823');
    addKey(store, 'after');
    assert.equal(count(), kept + 1);
    store.close();
  }));

test('a damaged file is told where it is met, and at the start', () =>
  inFolder((folder, path) => {
    const store = Store.open(folder);
    for (let n = 0; n < 500; n++) addKey(store, `key ${n}`);
    store.close();
    const file = openSync(path, 'r+');
    // The first page names the tables; those behind it are garbled.
    for (let page = 1; page < 40; page++)
      writeSync(file, Buffer.alloc(2048, 0xa5), 0, 2048, page * 4096);
    closeSync(file);
    assert.throws(
      () => {
        const damaged = Store.open(folder);
        try {
          damaged.keys.list();
        } finally {
          damaged.close();
        }
      },
      (error) =>
        says(/damaged\. Stop the server, put the last backup in its place/)(error) ||
        error instanceof StartError,
    );
  }));

/** Writes keys as fast as it can, and names each one that it was told is stored. */
const WRITER = `
  const { Store } = await import(${JSON.stringify(new URL('./store.ts', import.meta.url).href)});
  const store = Store.open(process.argv[1]);
  for (;;) {
    const key = { name: 'k', target: '*', addresses: [], protocols: [], expiresMs: undefined };
    const { id } = store.database.transaction(() => {
      store.keys.add({ ...key, name: 'first of two' }, 1);
      return store.keys.add(key, 1);
    });
    process.stdout.write(id + '\\n');
    await new Promise(setImmediate);
  }
`;

test('killed in the middle of writes: what was said to be stored is, whole', () =>
  inFolder(async (folder) => {
    const told: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, '--', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
      child.kill('SIGKILL');
      await once(child, 'close');
      // The last line may be cut.
      told.push(...said.split('\n').slice(0, -1));
    }
    assert.ok(told.length > 50, `${told.length} keys`);
    const store = Store.open(folder);
    const ids = new Set(store.keys.list().map(({ id }) => id));
    assert.deepEqual(
      told.filter((id) => !ids.has(id)),
      [],
    );
    assert.equal(ids.size % 2, 0, 'no transaction by halves');
    assert.deepEqual(store.database.prepare('PRAGMA integrity_check').all(), [
      { __proto__: null, integrity_check: 'ok' },
    ]);
    store.close();
  }));

test('a start is told in one line what is in the way: a lock, a file that cannot be written', () =>
  inFolder((folder, path) => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE other (a); BEGIN EXCLUSIVE');
    assert.throws(
      () => Store.open(folder),
      (error) => error instanceof StartError && /another program has it locked/.test(error.message),
    );
    other.exec('ROLLBACK');
    other.close();
    const store = Store.open(folder);
    mkdirSync(join(folder, 'publish-key'));
    assert.throws(
      () => firstKey(store, folder, 1),
      (error) =>
        error instanceof StartError &&
        /publish-key cannot be written \(EISDIR\)/.test(error.message),
    );
    assert.deepEqual(store.keys.list(), [], 'the next start tries again');
    store.close();
  }));
