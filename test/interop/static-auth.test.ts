/** A part of the owner's pages behind a password, from the command that hashes it to the browser that gives it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { millrace, millraceJson } from './command.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'häuser am see';
const RELOAD_MS_MAX = 5_000;
const FILES = 25;

const folder = mkdtempSync(join(tmpdir(), 'millrace-static-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function basic(user: string, password: string): { headers: { authorization: string } } {
  const text = Buffer.from(`${user}:${password}`).toString('base64');
  return { headers: { authorization: `Basic ${text}` } };
}

function writePage(): void {
  mkdirSync(join(folder, 'studio'));
  const names = Array.from({ length: FILES }, (_, at) => `part-${at}.js`);
  for (const name of names) writeFileSync(join(folder, 'studio', name), 'window.parts += 1;');
  const scripts = names.map((name) => `<script src="${name}"></script>`);
  writeFileSync(
    join(folder, 'studio', 'index.html'),
    `<script>window.parts = 0;</script>${scripts.join('')}<h1>desk</h1>`,
  );
}

test('a password that the command hashed opens the page with all of its files', async () => {
  writePage();
  const { hash } = await millraceJson<{ hash: string }>(['hash-password'], `${PASSWORD}\n`);
  await using server = await TestServer.start({
    staticDir: folder,
    config: `static_auth: ["/studio/ ann ${hash}"]\nlog_level: debug`,
  });
  const origin = `http://127.0.0.1:${server.http}`;
  const refused = await fetch(`${origin}/studio/`);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('www-authenticate'), 'Basic realm="/studio/", charset="UTF-8"');
  assert.equal((await fetch(`${origin}/studio/`, basic('ann', 'something else'))).status, 401);
  assert.match(await (await fetch(`${origin}/studio/`, basic('ann', PASSWORD))).text(), /desk/);

  await using chromium = await Chromium.start({ autoplay: 'allowed' });
  const password = encodeURIComponent(PASSWORD);
  const { page } = await chromium.open(`http://ann:${password}@127.0.0.1:${server.http}/studio/`);
  await page.waitForFunction(`window.parts === ${FILES}`);

  // An entry that is gone lets nobody in any more, and needs no restart.
  const config = readFileSync(server.configFile, 'utf8');
  writeFileSync(server.configFile, config.replace('/studio/ ann', '/studio/ ben'));
  server.child.kill('SIGHUP');
  const untilMs = performance.now() + RELOAD_MS_MAX;
  const status = async () => (await fetch(`${origin}/studio/`, basic('ann', PASSWORD))).status;
  while ((await status()) === 200) assert.ok(performance.now() < untilMs, 'it stayed open');
  assert.equal(await status(), 401);
  assert.equal((await fetch(`${origin}/studio/`, basic('ben', PASSWORD))).status, 200);
  assert.match(server.log, /static_auth/);
  for (const secret of [PASSWORD, password, hash, 'something else', basic('ann', PASSWORD)]) {
    const text = typeof secret === 'string' ? secret : secret.headers.authorization;
    assert.ok(!server.log.includes(text));
  }
});

test('a password that is too short is not hashed, and never shown', async () => {
  const { code, out, error } = await millrace(['hash-password'], 'short\n');
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(error, /^millrace: a password has 10 to 256 characters\. Choose another\.\n$/);
});
