/** One's own account in a real browser: the password, the second factor, and other places that end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { codeOf } from '../../src/access/totp.ts';
import { Chromium } from './chromium.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
const NEW_PASSWORD = 'staple and some more';
const WAIT_MS_MAX = 10_000;
const STEP_MS = 30_000;

let server: TestServer;
let chromium: Chromium;
let screen: Screen;
let page: Page;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  screen = await Screen.open(chromium, `${origin()}/account`);
  page = screen.page;
  page.setDefaultTimeout(WAIT_MS_MAX);
  await page.waitForURL('**/login?next=%2Faccount');
  const claim = { code: server.claimCode, name: 'Ada', password: PASSWORD };
  await page.evaluate(async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/claim', { method: 'POST', headers, body });
  }, JSON.stringify(claim));
  await page.goto(`${origin()}/account`);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

let browsers = 0;

/** Another browser signs in, from a network of its own. @returns its cookie, and the status */
async function signInElsewhere(userAgent: string, given: object) {
  const address = `198.51.100.${++browsers}`;
  const response = await fetch(`${origin()}/api/login`, {
    method: 'POST',
    headers: {
      ...{ 'Content-Type': 'application/json', Origin: origin() },
      // As a proxy on this machine says it.
      ...{ 'User-Agent': userAgent, 'X-Forwarded-For': address },
    },
    body: JSON.stringify(given),
  });
  await response.body?.cancel();
  const cookie = (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  return { status: response.status, cookie };
}

async function isIn(cookie: string): Promise<boolean> {
  const response = await fetch(`${origin()}/api/account`, { headers: { cookie } });
  await response.body?.cancel();
  return response.ok;
}

function press(name: string | RegExp): Promise<void> {
  return page.getByRole('button', { name, exact: typeof name === 'string' }).click();
}

/** In the open dialog. */
function field(label: string) {
  return page.getByRole('dialog').getByLabel(label, { exact: true });
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

test('other places are seen by name, and ended one by one or all at once', async () => {
  const given = { name: 'Ada', password: PASSWORD };
  const phone = await signInElsewhere(IPHONE, given);
  const desk = await signInElsewhere(FIREFOX, given);
  await page.reload();
  await page.getByText('Firefox on Linux').waitFor();
  await page.getByText('Safari on an iPhone').waitFor();
  await screen.inspect('account');
  await press('Sign out there: Safari on an iPhone');
  await press('Sign out there');
  await page.getByText('Safari on an iPhone is signed out.').waitFor();
  assert.equal(await isIn(phone.cookie), false);
  assert.equal(await isIn(desk.cookie), true);
  await press('Sign out everywhere else');
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.getByText('You are signed out everywhere else.').waitFor();
  assert.equal(await isIn(desk.cookie), false);
  assert.equal(
    await page.getByRole('list', { name: 'Where you are signed in' }).getByRole('listitem').count(),
    1,
  );
});

test('a new password asks for the old one, and ends all other places', async () => {
  const elsewhere = await signInElsewhere(FIREFOX, { name: 'Ada', password: PASSWORD });
  await press('Change the password');
  const submit = page.getByRole('dialog').getByRole('button', { name: 'Change the password' });
  await field('Current password').fill('not this one');
  await field('New password').fill('short');
  await submit.click();
  await page.getByText('Too short').waitFor();
  await field('New password').fill(NEW_PASSWORD);
  await field('New password once more').fill(NEW_PASSWORD);
  await submit.click();
  await page.getByText('This is not your password.').waitFor();
  screen.forgive(/401/);
  await screen.inspect('account-password');
  await field('Current password').fill(PASSWORD);
  await submit.click();
  await page.getByText('Your password is changed.').waitFor();
  assert.equal(await isIn(elsewhere.cookie), false);
  assert.equal((await signInElsewhere('x', { name: 'Ada', password: PASSWORD })).status, 401);
  await page.reload();
  await page.getByRole('heading', { name: 'Second factor' }).waitFor();
});

test('a second factor is set up by what the page shows, asked for, and turned off', async () => {
  await press('Set it up');
  await field('Your password').fill(NEW_PASSWORD);
  await press('Go on');
  await page.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Show the/ })
    .click();
  const shown = page.getByRole('dialog').getByRole('group', { name: 'Text for the app' });
  const secret = ((await shown.locator('code').textContent()) ?? '').replaceAll(' ', '');
  assert.match(secret, /^[A-Z2-7]{32}$/);
  await screen.inspect('account-second-factor');
  await field('Code').fill('000000');
  await press('Turn it on');
  await page.getByText('The code is wrong').waitFor();
  screen.forgive(/401/);
  const step = Math.floor(Date.now() / STEP_MS);
  await field('Code').fill(codeOf(secret, step).replace(/(...)/, '$1 '));
  await press('Turn it on');
  await page.getByText('Signing in asks for a code').waitFor();
  const given = { name: 'Ada', password: NEW_PASSWORD };
  assert.equal((await signInElsewhere('x', given)).status, 401);
  const code = codeOf(secret, step + 1);
  assert.equal((await signInElsewhere('x', { ...given, code })).status, 200);
  await press('Turn it off');
  await field('Your password').fill(NEW_PASSWORD);
  await page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).click();
  await page.getByText('the password alone lets nobody in').waitFor();
  assert.equal((await signInElsewhere('x', given)).status, 200);
});

test('signing out here leads away', async () => {
  await press('Sign out here');
  await page.waitForURL(`${origin()}/`);
  await page.goto(`${origin()}/account`);
  await page.waitForURL('**/login?next=%2Faccount');
});

test('a page whose session was ended elsewhere leads to signing in, and back', async () => {
  const { cookie } = await signInElsewhere('x', { name: 'Ada', password: NEW_PASSWORD });
  const [name = '', value = ''] = cookie.split('=', 2);
  await page.context().addCookies([{ name, value, url: origin() }]);
  await page.goto(`${origin()}/dashboard#keys`);
  await page.getByText('first key').waitFor();
  const headers = { cookie, Origin: origin() };
  await fetch(`${origin()}/api/logout`, { method: 'POST', headers });
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByRole('button', { name: 'Sign in' }).first().click();
  await page.waitForURL('**/login?next=%2Fdashboard%23people');
});
