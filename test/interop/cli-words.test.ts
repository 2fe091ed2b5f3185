/** What commands tell people, against the real server: to be copied into OBS, or to be understood at once. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { millrace } from './command.ts';
import { TestServer } from './server.ts';

test('what a key, a link and a setting say', async () => {
  await using server = await TestServer.start();
  const here = ['--state-dir', server.stateDir];
  const key = await millrace(['key', 'add', 'show/slot-1', ...here]);
  const [secret, , whip, rtmp] = key.out.split('\n');
  const host = `[^ /]+:${server.http}`;
  assert.match(
    whip ?? '',
    new RegExp(`http://${host}/show/slot-1/whip \\| Bearer Token ${secret}`),
  );
  assert.match(
    rtmp ?? '',
    new RegExp(`rtmp://[^ /]+:${server.rtmp}/show \\| Stream Key slot-1\\?`),
  );
  const link = await millrace(['link', 'add', 'show', ...here]);
  assert.match(link.out, new RegExp(`^http://${host}/show/STREAM\\?link=`));
  assert.match(
    link.out,
    /Anybody can watch show without it: millrace app set show viewing=link\n$/,
  );
  const set = await millrace(['app', 'set', 'show', 'viewing=link', ...here]);
  assert.equal(set.out, 'viewing of show is "link".\n');
  const asked = await millrace(['app', 'set', 'show', '--password', ...here], 'a long password\n');
  assert.match(
    asked.out,
    /new password for viewers\. Nobody is asked for it yet: set viewing=pass/,
  );
});

test('what a key and a link miss is said', async () => {
  await using server = await TestServer.start({ config: 'apps: {show: {viewing: link}}' });
  const here = ['--state-dir', server.stateDir];
  const misspelt = await millrace(['key', 'add', 'shwo/slot-1', ...here]);
  assert.match(misspelt.out, /No app shwo is served here yet: millrace app add shwo\n$/);
  const link = await millrace(['link', 'add', 'show/slot-1', ...here]);
  assert.match(link.out, /This is link \w+\.\n$/);
});

test('a mistake names the command that says how', async () => {
  const { code, error } = await millrace(['app', 'add', 'show', '--password']);
  assert.equal(code, 2);
  assert.match(
    error,
    /^millrace: unknown option '--password'\. "millrace app add --help" says how\.\n$/,
  );
  assert.match((await millrace(['key'])).error, /say which\. "millrace key --help"/);
});

test('a reader that has had enough ends a command quietly', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-words-'));
  try {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const command = `"${process.execPath}" "${main}" key list --state-dir "${folder}" | true`;
    const { stderr, status } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
