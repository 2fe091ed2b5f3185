/**
 * The dashboard's sections for apps, keys, people and notifications, in a real browser against a real server: what is made by the page
 * is tried from outside, by who it is for.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSession, publisherOffer } from '../attacks/stranger.ts';
import { Chromium } from './chromium.ts';
import { ffmpegOutput } from './ffmpeg.ts';
import { DiscordServer } from './hook-servers.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
/** Long enough for a busy machine; what does not come by then does not come. */
const WAIT_MS_MAX = 10_000;
/** A name that would do harm if it were anything but text. */
const HOSTILE = '<img src=x onerror=alert(1)> 🎥';

let server: TestServer;
let chromium: Chromium;
let discord: DiscordServer;
let screen: Screen;
let page: Page;

before(async () => {
  discord = await new DiscordServer().open();
  server = await TestServer.start({
    config: `apps: {conf: {viewing: members, slots: [one]}}
notify: {crew: {url: "${discord.webhook}"}}`,
  });
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  screen = await Screen.open(chromium, `${origin()}/login`);
  page = screen.page;
  page.setDefaultTimeout(WAIT_MS_MAX);
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
  await chromium?.close();
  await server?.stop();
  await discord?.close();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

/** As if it was opened anew: what another test left open is closed. */
async function open(section: string): Promise<void> {
  await page.goto(`${origin()}/dashboard#${section}`);
  await page.reload();
}

/** A field of the open dialog. */
function field(label: string) {
  return page.getByRole('dialog').getByLabel(label, { exact: true });
}

function button(name: string | RegExp) {
  return page.getByRole('button', { name, exact: typeof name === 'string' });
}

/** A value that is to be copied, in an open dialog. */
async function copied(label: string): Promise<string> {
  const shown = page.getByRole('dialog').getByRole('group', { name: label, exact: true });
  await shown.waitFor();
  const eye = shown.getByRole('button', { name: /^Show the/ });
  if ((await eye.count()) > 0) await eye.click();
  return (await shown.locator('code').textContent()) ?? '';
}

/** Asks from outside, without the owner's cookie. */
async function status(path: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(origin() + path, init);
  await response.body?.cancel();
  return response.status;
}

function signIn(name: string, password: string): Promise<number> {
  const headers = { 'Content-Type': 'application/json', Origin: origin() };
  return status('/api/login', {
    method: 'POST',
    headers,
    body: JSON.stringify({ name, password }),
  });
}

test('an app is made, changed in words, filled with streams, closed and removed', async () => {
  await open('apps');
  await button('Make an app').click();
  await field('Name').fill('a/b');
  await button('Make the app').click();
  await page.getByText('Use letters, digits').waitFor();
  await field('Name').fill('show');
  await field('Who may watch').selectOption('link');
  await button('Make the app').click();
  await page.getByRole('heading', { name: 'show', level: 2 }).waitFor();
  await button('Settings of show').click();
  await field('Which streams there are').selectOption('declared');
  await page.getByRole('tab', { name: 'Opening' }).click();
  await field('Opening hours').fill('whenever');
  await button('Save the changes').click();
  await page.getByRole('alert').getByText('“Opening hours” must be').waitFor();
  screen.forgive(/400/);
  await screen.inspect('manage-app-settings');
  await field('Opening hours').fill('Mon-Sun 00:00-24:00\n');
  await button('Save the changes').click();
  await page.getByText('Mon-Sun 00:00-24:00 (UTC)').waitFor();
  await button('List a stream in show').click();
  await field('Name').fill('slot-1');
  await field('Label').fill(HOSTILE);
  await button('Save').click();
  await page.getByText(HOSTILE).waitFor();
  await button('RTMP: copy the RTMP address of show/slot-1').click();
  await page.getByText('Copied the RTMP address of show/slot-1.').first().waitFor();
  await button('Addresses of show/slot-1').click();
  assert.equal(await copied('WHIP server'), `${origin()}/show/slot-1/whip`);
  assert.equal(await copied('RTMP server'), `rtmp://127.0.0.1:${server.rtmp}/show`);
  assert.match(await copied('Embed code'), /^<iframe src="http.*\/embed\/show\/slot-1" /);
  await button('Copy the watch page').click();
  await page.getByText('Copied the watch page.').first().waitFor();
  await screen.inspect('manage-addresses');
  await button('Close').click();
  assert.equal(await status('/show/slot-1'), 401, 'viewers need a link');
  const key = `?key=${server.key}`;
  await openSession(server, `show/slot-1/whip${key}`, publisherOffer());
  await assert.rejects(openSession(server, `show/other/whip${key}`, publisherOffer()), /404/);
  await button('Close show').click();
  await page.getByText('Closed show. Who is live stays.').waitFor();
  await assert.rejects(openSession(server, `show/slot-1/whip${key}`, publisherOffer()), /403/);
  await screen.inspect('manage-apps');
  await button('Open show').click();
  await page.getByText('Opened show.').waitFor();
});

test('what the configuration says comes back', async () => {
  await open('apps');
  await button('Settings of conf').click();
  await page.getByRole('tab', { name: 'Watching' }).click();
  await field('Who may watch').selectOption('password');
  await field('Viewers’ password').fill('one that is easy to say');
  await button('Save the changes').click();
  await page.getByText('Who knows the password').waitFor();
  assert.equal(await status('/conf/one'), 401);
  const give = { app: 'conf', password: 'one that is easy to say' };
  const headers = { 'Content-Type': 'application/json', Origin: origin() };
  const body = JSON.stringify(give);
  assert.equal(await status('/api/password', { method: 'POST', headers, body }), 204);
  await button('As configured: conf').click();
  await button('Take it back').click();
  await page.getByText('conf is as the configuration says.').waitFor();
  await page.getByText('Who is signed in').waitFor();
});

test('a stream gets a poster from a picture of any size, and loses it', async () => {
  const source = 'gradients=size=3000x1500:c0=teal:c1=orange:n=2';
  const options = ['-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png'];
  const buffer = await ffmpegOutput(['-f', 'lavfi', '-i', source, ...options]);
  await open('apps');
  await button('Poster of conf/one').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('No poster yet').waitFor();
  const choose = (name: string, mimeType: string, bytes: Buffer) =>
    dialog.getByLabel('Choose a picture').setInputFiles({ name, mimeType, buffer: bytes });
  await choose('notes.txt', 'text/plain', Buffer.from('no picture'));
  await dialog.getByText('cannot read this file as a picture').waitFor();
  await choose('large.png', 'image/png', buffer);
  await dialog.getByRole('img', { name: 'Poster of conf/one' }).waitFor();
  await screen.inspect('manage-poster');
  assert.equal(await status('/api/streams/conf/one/poster'), 401, 'for members alone');
  await dialog.getByRole('button', { name: 'Take the poster away' }).click();
  await dialog.getByText('No poster yet').waitFor();
});

test('a key is made, copied once, used, and revoked while somebody publishes with it', async () => {
  await open('keys');
  await button('Make a key').click();
  await button('Make the key').click();
  await page.getByText('Give it a name').waitFor();
  await field('Whose it is').fill(HOSTILE);
  await field('Stream').fill('show/slot-1');
  await field('How long it is good').selectOption('day');
  await field('Publishes by').selectOption('whip');
  await screen.inspect('manage-new-key');
  await button('Make the key').click();
  const secret = await copied('Stream key');
  assert.match(secret, /^[\w-]{32}$/);
  assert.equal(await copied('WHIP server'), `${origin()}/show/slot-1/whip`);
  assert.equal(await page.getByText('RTMP server').count(), 0, 'it is for WHIP only');
  await screen.inspect('manage-made-key');
  await button('I have copied it').click();
  assert.ok(!(await page.content()).includes(secret), 'it is gone from the page');
  const headers = { authorization: `Bearer ${secret}` };
  await openSession(server, 'show/slot-1/whip', publisherOffer(), headers);
  await page.reload();
  const row = page.getByRole('row').filter({ hasText: HOSTILE });
  await row.getByText('just now').waitFor();
  await row.getByText('by WHIP').waitFor();
  await screen.inspect('manage-keys');
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await page.getByText('Who publishes with it now is cut off at once').waitFor();
  await screen.inspect('manage-revoke');
  await button('Revoke the key').click();
  await page.getByText(`Revoked “${HOSTILE}”.`).waitFor();
  await assert.rejects(openSession(server, 'show/slot-1/whip', publisherOffer(), headers), /401/);
  await page.getByText('1 key no longer good').click();
  await page.getByRole('row').filter({ hasText: HOSTILE }).getByText('Revoked').waitFor();
});

test('a key is made by keyboard alone', async () => {
  await open('keys');
  const make = button('Make a key');
  await make.waitFor();
  const focused = () =>
    page
      .locator('*:focus')
      .first()
      .textContent({ timeout: 1000 })
      .catch(() => null);
  for (let tabs = 0; tabs < 40 && (await focused()) !== 'Make a key'; tabs++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await field('Whose it is').waitFor();
  await page.keyboard.type('by hand');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('show/slot-2');
  await page.keyboard.press('Enter');
  assert.match(await copied('Stream key'), /^[\w-]{32}$/);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'Make a key', 'back where it began');
  const row = page.getByRole('row').filter({ hasText: 'by hand' });
  // Somebody else is faster.
  await page.evaluate(async () => {
    const list = await (await fetch('/api/keys')).json();
    const { keys } = list as { keys: { id: string; name: string }[] };
    const found = keys.find(({ name }) => name === 'by hand');
    await fetch(`/api/keys/${found?.id}`, { method: 'DELETE' });
  });
  await row.getByRole('button', { name: /^Revoke/ }).click();
  await button('Revoke the key').click();
  await page.getByText('There is no such key.').waitFor();
  screen.forgive(/404/);
  await page.getByText('2 keys no longer good').waitFor();
});

test('a view link lets in until it is revoked, and can be shown again', async () => {
  await open('keys');
  await page.getByRole('tab', { name: 'View links' }).click();
  await page.getByText('No view link yet').waitFor();
  await screen.inspect('manage-links-empty');
  await button('Make a link').click();
  await field('Who gets it').fill('the press');
  await field('Stream').fill('show/slot-1');
  await field('Lets in').selectOption('session');
  await button('Make the link').click();
  const url = await copied('View link');
  await page.getByRole('img', { name: /^QR code/ }).waitFor();
  await screen.inspect('manage-made-link');
  await button('Done').click();
  const path = url.slice(origin().length);
  assert.match(path, /^\/show\/slot-1\?link=/);
  assert.equal(await status(path), 200);
  await button('Show the press').click();
  assert.equal(await copied('View link'), url);
  await button('Done').click();
  await button('Revoke the press').click();
  await button('Revoke the link').click();
  await page.getByText('Revoked “the press”.').waitFor();
  assert.equal(await status(path), 401);
});

test('a short link is made by name, leads to its stream, and is removed', async () => {
  await open('keys');
  await page.getByRole('tab', { name: 'Short links' }).click();
  await page.getByText('No short link yet').waitFor();
  await button('Make a short link').click();
  await button('Make the link').click();
  await page.getByText('Write it as app/stream').waitFor();
  await field('Stream').fill('show/slot-1');
  await field('Short name').fill('gala');
  await button('Make the link').click();
  await button('Copy gala').waitFor();
  await screen.inspect('manage-short-links');
  const leads = await fetch(`${origin()}/~gala`, { redirect: 'manual' });
  assert.equal(leads.headers.get('location'), '/show/slot-1');
  await button('Remove gala').click();
  await button('Remove').last().click();
  await page.getByText('Removed gala.').waitFor();
  assert.equal((await fetch(`${origin()}/~gala`, { redirect: 'manual' })).status, 404);
});

test('somebody gets an account, another role and password, is kept out and removed', async () => {
  await open('people');
  await button('Give somebody an account').click();
  await field('Name').fill('Ben');
  await screen.inspect('manage-new-person');
  await button('Make the account').click();
  const first = await copied('Password');
  await button('I have copied it').click();
  assert.equal(await signIn('ben', first), 200);
  await screen.inspect('manage-people');
  await button('Change Ben').click();
  await field('Role').selectOption('viewer');
  await button('Make one up').click();
  await button('Save the changes').click();
  const second = await copied('Password');
  await button('I have copied it').click();
  assert.equal(await signIn('ben', first), 401);
  assert.equal(await signIn('ben', second), 200);
  await button('Change Ben').click();
  await page.getByText('Kept from signing in').click();
  await button('Save the changes').click();
  await page.getByText('Kept from it').waitFor();
  assert.equal(await signIn('ben', second), 401);
  await button('Remove Ben').click();
  await button('Remove the account').click();
  await page.getByText('Removed the account of Ben.').waitFor();
  await button('Change Ada').click();
  await field('Role').selectOption('producer');
  await button('Save the changes').click();
  await page.getByText('This is the last owner').waitFor();
  screen.forgive(/409/);
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
});

test('a token lets a program do what it was made for, until it is revoked', async () => {
  await open('people');
  await page.getByRole('tab', { name: 'API tokens' }).click();
  await button('Make a token').click();
  await field('Which program').fill('grafana');
  await field('Read metrics').check();
  await screen.inspect('manage-new-token');
  await button('Make the token').click();
  const headers = { Authorization: `Bearer ${await copied('API token')}` };
  await button('I have copied it').click();
  assert.equal(await status('/metrics', { headers }), 200);
  assert.equal(await status('/api/keys', { headers }), 403);
  await screen.inspect('manage-tokens');
  await button('Revoke grafana').click();
  await button('Revoke the token').click();
  await page.getByText('Revoked “grafana”.').waitFor();
  assert.equal(await status('/metrics', { headers }), 401);
});

test('an address is kept out, and let back in', async () => {
  await open('people');
  await page.getByRole('tab', { name: 'Kept out' }).click();
  await button('Keep an address out').click();
  await field('Address').fill('nowhere');
  await button('Keep it out').click();
  await page.getByRole('alert').getByText('must be addresses or ranges').waitFor();
  screen.forgive(/400/);
  await field('Address').fill('203.0.113.0/24');
  await field('Why').fill(HOSTILE);
  await button('Keep it out').click();
  await page.getByText(HOSTILE).waitFor();
  await screen.inspect('manage-bans');
  await button('Let back in: 203.0.113.0/24').click();
  await page.getByText('Nobody is kept out').waitFor();
});

test('a test says in words whether it arrived, and what failed', async () => {
  await open('notify');
  await button('Send a test to crew').click();
  await page.getByText('The test arrived').waitFor();
  assert.equal(discord.calls.length, 1);
  await screen.inspect('manage-notify');
  discord.mood = 'broken';
  await button('Send a test to crew').click();
  await page.getByText('The test did not arrive').waitFor();
  await page.getByText('Discord answers 500. It is in trouble itself').waitFor();
  await screen.inspect('manage-notify-failed');
  await button('Add a notification').click();
  await field('Who is told').selectOption('webhook');
  await field('Name').fill(HOSTILE);
  await field('Address').fill('http://127.0.0.1:1/hook');
  await page.getByText('The usual for a program').click();
  await button('Add it').click();
  await page.getByText('Choose what it is told of.').waitFor();
  await field('A stream begins').check();
  await screen.inspect('manage-new-target');
  await button('Add it').click();
  assert.match(await copied('Signing secret'), /^whsec_/);
  await button('I have copied it').click();
  const card = page.getByRole('region', { name: HOSTILE });
  await card.getByRole('button', { name: /^Send a test/ }).click();
  await card.getByText('The test did not arrive').waitFor();
  await card.getByRole('button', { name: /^Remove/ }).click();
  await button('Remove it').click();
  await page.getByText('is told no more').waitFor();
});

test('a notification is changed in the dialog that made it, and its address is not shown', async () => {
  await open('notify');
  await button('Add a notification').click();
  await field('Who is told').selectOption('webhook');
  await field('Name').fill('scheduler');
  await field('Address').fill('https://127.0.0.1:1/not-to-be-shown');
  await button('Add it').click();
  const secret = await copied('Signing secret');
  await button('I have copied it').click();
  assert.equal(await button('Change crew').count(), 0, 'that one is configured');
  const refused = await page.evaluate(async () => {
    const headers = { 'Content-Type': 'application/json' };
    const given = { method: 'PATCH', headers, body: '{"name":"mine"}' };
    return (await fetch('/api/targets/config:crew', given)).status;
  });
  assert.equal(refused, 409);
  screen.forgive(/409/);
  const card = page.getByRole('region', { name: 'scheduler' });
  await card.getByRole('button', { name: 'Change scheduler' }).click();
  assert.equal(await field('New address').inputValue(), '');
  assert.ok(
    await field('The usual for a program: everything but viewers that come and go').isChecked(),
  );
  assert.ok(!(await page.content()).includes('not-to-be-shown'));
  await screen.inspect('manage-change-target');
  await page.getByText('The usual for a program').click();
  assert.ok(await field('The disk is nearly full').isChecked(), 'as it was');
  await field('The disk is nearly full').uncheck();
  await field('Only of these').fill('a/b/c');
  await button('Save the changes').click();
  await page.getByText('names of apps (show) or streams').waitFor();
  screen.forgive(/400/);
  await field('Name').fill(HOSTILE);
  await field('Only of these').fill('show talk/stage');
  await button('Save the changes').click();
  await page.getByText(`“${HOSTILE}” is changed.`).waitFor();
  const changed = page.getByRole('region', { name: HOSTILE });
  await changed.getByText('show, talk/stage').waitFor();
  await changed.getByText('https://127.0.0.1:1/…').waitFor();
  assert.equal(await changed.getByText('The disk is nearly full').count(), 0);
  await changed.getByRole('button', { name: /^Change/ }).click();
  assert.equal(await field('Only of these').inputValue(), 'show talk/stage');
  await field('New address').fill('https://127.0.0.2:1/hook');
  await field('Make a new signing secret').check();
  await button('Save the changes').click();
  const anew = await copied('Signing secret');
  assert.match(anew, /^whsec_/);
  assert.notEqual(anew, secret);
  await button('I have copied it').click();
  await changed.getByText('https://127.0.0.2:1/…').waitFor();
  await screen.inspect('manage-changed-target');
});

test('a producer sees what a producer may, and nothing that would be refused', async () => {
  const body = JSON.stringify({ name: 'Pia', role: 'producer', password: PASSWORD });
  await page.evaluate(async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/people', { method: 'POST', headers, body });
    await fetch('/api/logout', { method: 'POST', headers, body: '{}' });
    const { role: _, ...given } = JSON.parse(body);
    await fetch('/api/login', { method: 'POST', headers, body: JSON.stringify(given) });
  }, body);
  await page.goto(`${origin()}/login`);
  await open('apps');
  await page.getByRole('heading', { name: 'show', level: 2 }).waitFor();
  assert.equal(await button('Make an app').count(), 0);
  assert.equal(await button('Settings of show').count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Notifications' }).count(), 0);
  await open('people');
  await page.getByText('Nobody is kept out').waitFor();
  assert.equal(await page.getByRole('tab').count(), 0);
  await screen.inspect('manage-producer');
});
