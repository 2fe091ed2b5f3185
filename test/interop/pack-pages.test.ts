/** The pages of guest packs in a real browser: the owner uploads OBS, the guest downloads a pack, other programs read it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { Owner } from './invited.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';

let server: TestServer;
let chromium: Chromium;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-packs-'));
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function asGuest(name: string, slots: readonly string[]): Promise<Screen> {
  const { url } = await new Owner(server).invite(name, slots);
  const screen = await Screen.open(chromium, url);
  await screen.page.getByRole('tab', { name: 'OBS' }).click();
  await screen.page.getByRole('heading', { name: 'OBS made ready for you' }).waitFor();
  return screen;
}

/** Presses the button; gives what an unpacker lists of the file that the browser saved. */
async function downloaded(
  page: Page,
): Promise<{ readonly path: string; readonly names: string[] }> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ]);
  const path = join(folder, file.suggestedFilename());
  await file.saveAs(path);
  execFileSync('unzip', ['-tq', path], { stdio: 'pipe' });
  const list = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' });
  return { path, names: list.trim().split('\n') };
}

test('a guest downloads a pack for all places, and is told what to do with it', async () => {
  const screen = await asGuest('Zoë <b>&</b>', ['show/left', 'show/right']);
  const { page } = screen;
  await screen.inspect('pack-beforehand');
  // This browser runs on Linux, where a profile is offered first.
  const kind = page.getByLabel('Pack', { exact: true });
  assert.equal(await kind.inputValue(), 'profile');
  await kind.selectOption('overlay');
  const overlay = await downloaded(page);
  assert.match(overlay.path, /obs-127-0-0-1-Zo-b-b\.zip$/);
  assert.ok(overlay.names.includes('Start OBS.bat'));
  const services = overlay.names.filter((name) => name.endsWith('/service.json'));
  assert.equal(services.length, 3, 'two places and the test');
  await page.getByText('Double-click Start OBS.').waitFor();
  await screen.inspect('pack-downloaded');
  await kind.selectOption('profile');
  await page.getByLabel('Encoder').selectOption('apple');
  await page.getByText('Not tested with these settings').waitFor();
  const profile = await downloaded(page);
  assert.ok(profile.names.includes('1-show-left/basic.ini'));
  execFileSync('unzip', ['-qo', profile.path, '-d', join(folder, 'profile')]);
  const basic = readFileSync(join(folder, 'profile/1-show-left/basic.ini'), 'utf8');
  assert.match(basic, /Encoder=com\.apple\.videotoolbox/);
  await page.close();
});

test('the page in a pack is readable, at all sizes', async () => {
  const path = join(folder, 'profile/start-here.html');
  const screen = await Screen.open(chromium, `file://${path}`);
  await screen.page.getByRole('heading', { name: /^Stream to 127\.0\.0\.1/ }).waitFor();
  assert.equal(await screen.page.getByText('Zoë <b>&</b>').count(), 1);
  await screen.inspect('pack-instructions');
  await screen.page.close();
});

test('the owner uploads OBS, and guests get it whole; what is no OBS is refused in words', async () => {
  const obs = join(folder, 'OBS-Studio.zip');
  const program = new Uint8Array(3_000_000).map((_, index) => (index * 2_654_435_761) >>> 24);
  writeFileSync(
    obs,
    zipSync({
      'bin/64bit/obs64.exe': [program, { level: 0 }],
      'data/obs-studio/license.txt': new Uint8Array(10),
      'obs-plugins/64bit/libcef.dll': [program, { level: 0 }],
    }),
  );
  const other = join(folder, 'other.zip');
  writeFileSync(other, zipSync({ 'readme.txt': new Uint8Array(10) }));
  const screen = await Screen.open(chromium, `http://127.0.0.1:${server.http}/dashboard#invites`);
  const { page } = screen;
  await page.waitForURL('**/login?next=*');
  await page.goto(`${page.url()}#claim=${server.claimCode}`);
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.getByRole('heading', { name: 'OBS for your guests' }).waitFor();
  await page.getByText('There is none yet').waitFor();
  await screen.inspect('obs-none');
  const input = page.locator('input[type=file]');
  await input.setInputFiles(other);
  await page.getByText('There is no bin/64bit/obs64.exe in this ZIP').waitFor();
  screen.forgive(/422/);
  await input.setInputFiles(obs);
  await page.getByText('OBS is uploaded').waitFor();
  await page.getByText('3 MB without browser sources').waitFor();
  await screen.inspect('obs-uploaded');

  const guest = await asGuest('Grace', ['show/grace']);
  await guest.page.getByLabel('Pack', { exact: true }).selectOption('complete');
  await guest.page.getByText('With browser sources').waitFor();
  await guest.inspect('pack-complete');
  const { names } = await downloaded(guest.page);
  assert.ok(names.includes('bin/64bit/obs64.exe') && names.includes('portable_mode.txt'));
  assert.ok(!names.some((name) => name.includes('libcef')));
  await guest.page.close();

  await page.reload();
  await page.getByRole('button', { name: 'OBS pack for Grace' }).click();
  await page.getByText('With browser sources').waitFor();
  await screen.inspect('pack-for-a-guest');
  const handed = await downloaded(page);
  assert.deepEqual(handed.names, names, 'the same as the guest gets');
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove OBS' }).click();
  await page.getByText('There is none yet').waitFor();
  await page.close();
});
