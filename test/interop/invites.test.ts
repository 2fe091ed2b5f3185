/** The owner's side of invites in a real browser: made, copied, watched, revoked; and the guest who came by one, in another. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
/** A name that would do harm if it were anything but text. */
const HOSTILE = '<img src=x onerror=alert(1)> 🎥';

let server: TestServer;
let owners: Chromium;
let guests: Chromium;
let screen: Screen;
let page: Page;

before(async () => {
  server = await TestServer.start();
  [owners, guests] = await Promise.all([
    Chromium.start({ autoplay: 'allowed', keepsPolicy: true }),
    Chromium.start({ autoplay: 'allowed', keepsPolicy: true }),
  ]);
  screen = await Screen.open(owners, `${origin()}/login`);
  page = screen.page;
  const claim = { code: server.claimCode, name: 'Ada', password: PASSWORD };
  await page.evaluate(
    (body) =>
      fetch('/api/claim', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      }),
    JSON.stringify(claim),
  );
});
after(async () => {
  await Promise.all([owners?.close(), guests?.close()]);
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

test('an invite is made, opened by whom it is for, seen to be, and revoked', async () => {
  await page.goto(`${origin()}/dashboard#invites`);
  await page.getByText('Nobody is invited now').waitFor();
  await screen.inspect('dashboard-invites-empty');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByText('Give a name.').waitFor();
  await page.getByLabel('The guest’s name').fill(HOSTILE);
  await page.getByLabel('To which streams').fill('show/left\nshow/right');
  await screen.inspect('dashboard-invites-new');
  await page.getByRole('button', { name: 'Make the link' }).click();
  const link = page.getByRole('group', { name: 'Invite link' }).locator('code');
  const url = (await link.textContent()) ?? '';
  assert.match(url, new RegExp(`^${origin()}/invite#[\\w-]{32}$`));
  await page.getByRole('img', { name: /^QR code of the invite/ }).waitFor();
  await screen.inspect('dashboard-invites-made');
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByText('not yet').waitFor();

  const guest = await Screen.open(guests, url);
  await guest.page.getByRole('heading', { name: `Hello ${HOSTILE}` }).waitFor();
  await guest.page.getByLabel('Your place').selectOption('show/right');
  await guest.page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await guest.page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor('show/right', (stream) => stream?.live === true);

  await page.getByText(/just now, in 1 browser/).click();
  await page.getByText(/Chrome or Edge on Linux, from 127\.0\.0\.1/).waitFor();
  await screen.inspect('dashboard-invites');
  await page.getByRole('button', { name: `Revoke the invite of ${HOSTILE}` }).click();
  await page.getByRole('button', { name: 'Revoke the invite', exact: true }).click();
  await guest.page.getByRole('heading', { name: 'This invite is over' }).waitFor();
  await server.waitFor('show/right', (stream) => stream?.live !== true, 3000);
  await page.getByText('1 invite no longer good').waitFor();
});

test('an app that is not there is told, in the server’s words', async () => {
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('The guest’s name').fill('Grace');
  await page.getByLabel('To which streams').fill('api/left');
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByText('This server has no app "api": make it first.').waitFor();
});

test('a stream that is listed is picked; a name that is long is held', async () => {
  await page.evaluate(async () => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/apps', { method: 'POST', headers, body: '{"name": "gala"}' });
    const body = '{"label": "Left camera"}';
    await fetch('/api/apps/gala/slots/left', { method: 'PUT', headers, body });
  });
  await page.reload();
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('Add a listed stream').selectOption({ label: 'gala/left: Left camera' });
  assert.equal(await page.getByLabel('To which streams').inputValue(), 'gala/left');
  await page.getByLabel('Add a listed stream').waitFor({ state: 'detached' });
  await page.getByLabel('The guest’s name').fill('G'.repeat(100));
  await page.getByRole('button', { name: 'Make the link' }).click();
  const link = page.getByRole('group', { name: 'Invite link' }).locator('code');
  const guest = await Screen.open(guests, (await link.textContent()) ?? '');
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByText('to gala/left').waitFor();
  await guest.page.getByRole('heading', { name: /^Hello G+$/ }).waitFor();
  await guest.inspect('guest-long-name');
  await guest.page.close();
});

test('an invite that expires ends what it let in', async () => {
  const token = await page.evaluate(
    (body) =>
      fetch('/api/invites', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      }).then((response) => response.json()),
    JSON.stringify({
      name: 'Grace',
      slots: ['show/short'],
      expires: new Date(Date.now() + 8000).toISOString(),
    }),
  );
  const url = (token as { url: string }).url.replace(/^[^#]+/, `${origin()}/invite`);
  const guest = await Screen.open(guests, url);
  await guest.page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await guest.page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor('show/short', (stream) => stream?.live === true);
  await server.waitFor('show/short', (stream) => stream?.live !== true, 12_000);
  await guest.page.getByText('is no longer good').waitFor();
  await guest.page.close();
});
