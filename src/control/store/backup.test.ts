import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { EVERYTHING } from '../../access/target.ts';
import { backUp, restore } from './backup.ts';
import { DATABASE_FILE, Store } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-backup-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

function newFolder(): string {
  count += 1;
  return join(folder, `state-${count}`);
}

function addKey(store: Store, name: string): void {
  const anywhere = { target: EVERYTHING, addresses: [], protocols: [], expiresMs: undefined };
  store.keys.add({ name, ...anywhere }, Date.now());
}

function namesIn(stateDir: string): string[] {
  const store = Store.open(stateDir);
  const names = store.keys.list().map(({ name }) => name);
  store.close();
  return names.toSorted();
}

test('a copy that is made while others write is whole, one file, and for its owner alone', async () => {
  const state = newFolder();
  const store = Store.open(state);
  for (let key = 0; key < 200; key += 1) addKey(store, `before-${key}`);
  let written = 0;
  const writing = setInterval(() => addKey(store, `meanwhile-${written++}`), 0);
  while (written === 0) await setImmediate();
  const file = join(folder, 'whole.backup');
  const bytes = await backUp(state, file);
  clearInterval(writing);
  store.close();
  assert.equal(statSync(file).size, bytes);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('whole.')),
    ['whole.backup'],
  );
  const target = newFolder();
  assert.equal(await restore(target, file), undefined);
  const names = namesIn(target);
  assert.equal(names.filter((name) => name.startsWith('before-')).length, 200);
});

test('what was there before a restore is kept, its newest writes included', async () => {
  const state = newFolder();
  const store = Store.open(state);
  addKey(store, 'old');
  const file = join(folder, 'old.backup');
  await backUp(state, file);
  addKey(store, 'new');
  store.close();
  const former = await restore(state, file);
  assert.deepEqual(namesIn(state), ['old']);
  assert.ok(former !== undefined);
  const again = newFolder();
  await restore(again, former);
  assert.deepEqual(namesIn(again), ['new', 'old']);
});

test('what is no good backup is refused, and changes nothing', async () => {
  const state = newFolder();
  const store = Store.open(state);
  addKey(store, 'mine');
  store.close();
  const good = join(folder, 'good.backup');
  await backUp(state, good);
  const path = (name: string) => join(folder, `${name}.backup`);
  const half = readFileSync(good).subarray(0, 8192);
  writeFileSync(path('half'), half);
  writeFileSync(path('text'), 'this is no database, and long enough for SQLite to see it');
  new DatabaseSync(path('foreign')).exec('CREATE TABLE other (a TEXT) STRICT');
  writeFileSync(path('newer'), readFileSync(good));
  const newer = new DatabaseSync(path('newer'));
  newer.exec('PRAGMA user_version = 999');
  newer.close();
  const cases = {
    half: /restored/,
    text: /restored/,
    foreign: /no backup of Millrace/,
    newer: /newer/,
    none: /no such file/,
  };
  for (const [name, says] of Object.entries(cases)) {
    await assert.rejects(restore(state, path(name)), says, name);
    assert.deepEqual(namesIn(state), ['mine'], name);
  }
  await assert.rejects(backUp(join(folder, 'nowhere'), path('empty')), /no database/);
  assert.ok(!existsSync(path('empty')));
});

test('certificates and keys beside the database are in the backup, and nowhere in the database', async () => {
  const state = newFolder();
  Store.open(state).close();
  mkdirSync(join(state, 'tls', 'authority'), { recursive: true });
  const secret = 'a private key that nobody else may have';
  writeFileSync(join(state, 'tls', 'authority', 'certificate.pem'), secret);
  writeFileSync(join(state, 'publish-key'), 'first');
  writeFileSync(join(state, 'server.json'), 'of a server that ran');
  const file = join(folder, 'files.backup');
  await backUp(state, file);
  writeFileSync(join(state, 'publish-key'), 'second');
  const former = await restore(state, file);
  assert.equal(readFileSync(join(state, 'publish-key'), 'utf8'), 'first');
  const elsewhere = newFolder();
  await restore(elsewhere, former ?? '');
  assert.equal(readFileSync(join(elsewhere, 'publish-key'), 'utf8'), 'second');
  const restored = join(elsewhere, 'tls', 'authority', 'certificate.pem');
  assert.equal(readFileSync(restored, 'utf8'), secret);
  assert.equal(statSync(restored).mode & 0o777, 0o600);
  assert.equal(statSync(join(elsewhere, 'tls')).mode & 0o777, 0o700);
  assert.ok(!existsSync(join(elsewhere, 'server.json')));
  assert.ok(!readFileSync(join(elsewhere, DATABASE_FILE)).includes(secret));
});

test('a backup cannot write outside of the state folder', async () => {
  const state = newFolder();
  Store.open(state).close();
  for (const path of ['../outside', '/tmp/outside', 'a/../../outside', '..']) {
    const file = join(folder, 'evil.backup');
    rmSync(file, { force: true });
    await backUp(state, file);
    const evil = new DatabaseSync(file);
    evil.prepare('INSERT INTO kept_file VALUES (?, ?)').run(path, Buffer.from('x'));
    evil.close();
    await assert.rejects(restore(state, file), /other folders/, path);
  }
});

test('a damaged state is replaced, and kept as it is', async () => {
  const state = newFolder();
  const store = Store.open(state);
  for (let key = 0; key < 300; key += 1) addKey(store, `key-${key}`);
  store.close();
  const file = join(folder, 'sound.backup');
  await backUp(state, file);
  const database = join(state, DATABASE_FILE);
  const bytes = readFileSync(database);
  bytes.fill(0xee, 4096, 12_288);
  writeFileSync(database, bytes);
  const former = await restore(state, file);
  assert.equal(namesIn(state).length, 300);
  assert.ok(former !== undefined && readFileSync(former).equals(bytes));
});

test('a server that nobody announced keeps its database', async () => {
  const state = newFolder();
  const store = Store.open(state);
  addKey(store, 'mine');
  const file = join(folder, 'mine.backup');
  await backUp(state, file);
  appendFileSync(join(state, 'unrelated'), '');
  store.database.exec('BEGIN');
  store.keys.list();
  await assert.rejects(restore(state, file), /locked/);
  store.database.exec('ROLLBACK');
  addKey(store, 'more');
  store.close();
  assert.deepEqual(namesIn(state), ['mine', 'more']);
});
