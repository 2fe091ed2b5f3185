import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { announceServer, findServer, localUrl, newCommandToken } from './running-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-running-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'server.json');

test('a server is found while it runs, by its own user alone', () => {
  const token = newCommandToken();
  const leave = announceServer(folder, { url: 'http://127.0.0.1:1', token }, assert.fail);
  assert.equal(findServer(folder)?.token, token);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  leave();
  assert.equal(findServer(folder), undefined);
});

test('what a killed server left behind is no server, even where its pid is used again', () => {
  announceServer(folder, { url: 'http://127.0.0.1:1', token: 'x' }, assert.fail);
  const left = JSON.parse(readFileSync(file, 'utf8'));
  for (const wrong of [{ pid: 2 ** 30 }, { startTicks: '1' }]) {
    writeFileSync(file, JSON.stringify({ ...left, ...wrong }));
    assert.equal(findServer(folder), undefined);
  }
  for (const text of ['', '{', '{}', 'null']) {
    writeFileSync(file, text);
    assert.equal(findServer(folder), undefined);
  }
});

test('every address is reached by loopback, a single one by itself', () => {
  assert.equal(localUrl('::', 80), 'http://127.0.0.1:80');
  assert.equal(localUrl('0.0.0.0', 80), 'http://127.0.0.1:80');
  assert.equal(localUrl('2001:db8::1', 80), 'http://[2001:db8::1]:80');
});

test('a server goes on where it cannot be announced', () => {
  const blocked = join(folder, 'a-file');
  writeFileSync(blocked, '');
  const problems: string[] = [];
  const leave = announceServer(blocked, { url: '', token: '' }, (text) => problems.push(text));
  assert.match(problems.join(), /^commands will not find this server: E/);
  leave();
});
