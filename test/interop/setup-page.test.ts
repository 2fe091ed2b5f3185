/** From the address that the terminal prints to a stream that is seen: the first-run page in a real browser. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { millrace } from './command.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
/** Long enough for a busy machine; what does not come by then does not come. */
const WAIT_MS_MAX = 15_000;

let server: TestServer;
let chromium: Chromium;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

async function open(path: string): Promise<Screen> {
  const screen = await Screen.open(chromium, origin() + path);
  screen.page.setDefaultTimeout(WAIT_MS_MAX);
  return screen;
}

async function fill(screen: Screen, label: string, value: string): Promise<void> {
  await screen.page.getByLabel(label, { exact: true }).fill(value);
}

test('from the code in the terminal to a picture', async () => {
  const code = server.claimCode;
  assert.match(server.log, new RegExp(`^Owner +http://[^ ]+/setup#${code}$`, 'm'));
  const screen = await open(`/setup#${code}`);
  const { page } = screen;
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  await press('Make the account');
  await page.getByText('Give a name, such as ann.').waitFor();
  assert.ok(!page.url().includes(code), 'the code is in no address any more');
  await fill(screen, 'Name', 'Ada');
  await fill(screen, 'Password', PASSWORD);
  await fill(screen, 'Password once more', `${PASSWORD}!`);
  await page.getByText('The two are different.').waitFor();
  await screen.inspect('setup-account');
  await fill(screen, 'Password once more', PASSWORD);
  await press('Make the account');
  await page.getByLabel('App').waitFor();
  await fill(screen, 'App', 'my show');
  await press('Go on');
  await page.getByText('Names have letters, digits').waitFor();
  await fill(screen, 'App', 'show');
  await screen.inspect('setup-stream');
  await press('Go on');
  await page.getByText(`Media over TCP ${server.iceTcp} gets through to this browser.`).waitFor();
  await page.getByText(`Media over UDP ${server.iceUdp} gets through to this browser.`).waitFor();
  await fill(screen, 'Domain', 'not a name');
  await press('Look where it leads');
  await page.getByText('This is no domain.').waitFor();
  screen.forgive(/400/);
  await fill(screen, 'Domain', 'https://live.example.test/');
  await press('Look where it leads');
  await page.getByText('live.example.test does not resolve').waitFor();
  await screen.inspect('setup-way');
  await press('Go on');
  await page.getByRole('heading', { name: 'Into OBS' }).waitFor();
  const said = await page.locator('code').allTextContents();
  assert.ok(said.includes(`${origin()}/show/stage/whip`), said.join('\n'));
  const command = said.find((line) => line.includes('--domain live.example.test --yes')) ?? '';
  assert.ok(command.startsWith(`millrace setup --config ${server.configFile}`), command);
  await page.getByRole('tab', { name: 'By RTMP' }).click();
  await screen.inspect('setup-go-live');
  await page.getByRole('button', { name: 'Show the stream key' }).click();
  const key =
    (await page.getByRole('group', { name: 'Stream Key' }).locator('code').textContent()) ?? '';
  await using _encoder = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: `rtmp://127.0.0.1:${server.rtmp}/show/${key}` },
  });
  await server.waitFor('show/stage', (stream) => stream?.live === true);
  await page.getByRole('link', { name: 'Open the dashboard' }).click();
  await page.waitForURL(`${origin()}/dashboard`);
  // What the page says to type does it, as it stands there.
  assert.doesNotMatch(readFileSync(server.configFile, 'utf8'), /live\.example\.test/);
  const ended = await millrace(command.split(' ').slice(1));
  assert.equal(ended.code, 0, ended.error);
  assert.match(readFileSync(server.configFile, 'utf8'), /^domain: live\.example\.test$/m);
  for (const secret of [key, PASSWORD]) assert.ok(!server.log.includes(secret));
});

test('the code is good once; who is signed in goes on without it', async () => {
  const { page } = await open('/setup');
  await page.getByLabel('App').waitFor();
  assert.equal(await page.getByLabel('App').inputValue(), 'show', 'what is there is offered');
  await page.evaluate(async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ settings: { streams: 'declared' } });
    await fetch('/api/apps/show', { method: 'PATCH', headers, body });
  });
  await page.reload();
  await page.getByLabel('Stream').fill('two');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('From this browser').waitFor();
  const slots = await page.evaluate(async () => (await fetch('/api/apps/show/slots')).text());
  assert.match(slots, /"name":"show\/two"/, 'listed, where only listed streams are served');
  await page.context().clearCookies();
  const other = await open(`/setup#${server.claimCode}`);
  await other.page.getByText('This server has its owner already').waitFor();
  await other.inspect('setup-has-owner');
  await other.page.getByRole('button', { name: 'Sign in' }).click();
  await other.page.waitForURL('**/login?next=*');
});

test('a wrong code is asked for again', async () => {
  await using fresh = await TestServer.start();
  const screen = await Screen.open(
    chromium,
    `http://127.0.0.1:${fresh.http}/setup#0000-0000-0000-0000`,
  );
  const { page } = screen;
  await fill(screen, 'Name', 'Ada');
  await fill(screen, 'Password', PASSWORD);
  await fill(screen, 'Password once more', PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('This is not the code.').waitFor();
  await page.getByLabel('Code from the terminal').fill(fresh.claimCode.toUpperCase());
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByLabel('App').waitFor();
  screen.forgive(/401/);
  for (const [section, says] of [
    ['apps', 'No app of its own yet'],
    ['notify', 'Nobody is told yet'],
  ]) {
    await page.goto(`http://127.0.0.1:${fresh.http}/dashboard#${section}`);
    await page.getByText(says ?? '').waitFor();
    await screen.inspect(`manage-${section}-empty`);
  }
});

test('over plain HTTP by another name, as most begin, all works, and the risk is said', async () => {
  await using fresh = await TestServer.start();
  await using browser = await Chromium.start({
    ...{ autoplay: 'allowed', keepsPolicy: true },
    // Browsers take 127.0.0.1 for secure, and no name that is like any other.
    arguments: ['--host-resolver-rules=MAP millrace.example 127.0.0.1'],
  });
  const site = `http://millrace.example:${fresh.http}`;
  const screen = await Screen.open(browser, `${site}/setup#${fresh.claimCode}`);
  const { page } = screen;
  page.setDefaultTimeout(WAIT_MS_MAX);
  await page.getByText('This page came by plain HTTP').waitFor();
  await screen.inspect('setup-plain');
  await fill(screen, 'Name', 'Ada');
  await fill(screen, 'Password', PASSWORD);
  await fill(screen, 'Password once more', PASSWORD);
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText(`Media over UDP ${fresh.iceUdp} gets through to this browser.`).waitFor();
  await page.getByRole('button', { name: 'Go on without a domain' }).click();
  await page.getByRole('button', { name: 'Copy the bearer Token' }).click();
  await page.getByText('Copied the bearer Token.').first().waitFor();
  const said = await page.locator('code').allTextContents();
  assert.ok(said.includes(`${site}/live/stage/whip`), said.join('\n'));
  assert.equal(await page.getByText('Left for the terminal').count(), 0);
  await page.getByRole('link', { name: 'Open the dashboard' }).click();
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await page.getByText('Ada', { exact: true }).first().waitFor();
});
