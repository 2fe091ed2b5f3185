/**
 * The built player and pages in Chromium, against a stand-in that does on command what a server does only in trouble;
 * under a Content-Security-Policy at least as strict as the server's own.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { StandIn } from './player-stand-in.ts';

const CHROMIUM = '/usr/bin/chromium';
const STREAM = '/show/stage';
const UNTOUCHED_MS = 2_500;
const WAIT_MS_MAX = 15_000;
/** What the issue gives a server's restart. */
const BACK_MS_MAX = 5_000;

let browser: Browser;
let server: StandIn;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

before(async () => {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic'],
      '--autoplay-policy=document-user-activation-required',
      // Without it, host candidates are mDNS names that nothing here resolves.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
  server = await StandIn.start(browser);
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  await server.publish(false);
  server.requests.length = 0;
  server.refusal = undefined;
  server.live = [];
  assert.deepEqual(
    complaints.splice(0),
    [],
    'pages break no rule of their policy and throw nothing',
  );
});
after(async () => {
  await server?.close();
  await browser?.close();
});

test('sound that the browser refuses is one click away', async () => {
  await server.publish(true);
  const page = await open(STREAM);
  await untouched(page);
  await waitForState(page, 'live-muted');
  const unmute = page.getByRole('button', { name: 'Turn sound on' });
  assert.equal(await video(page, 'muted'), true);
  await assertMoves(page);
  await unmute.click();
  await waitForState(page, 'live');
  assert.equal(await video(page, 'muted'), false);
  assert.equal(await unmute.isVisible(), false);
  await assertMoves(page);
});

test('starts after the page did, waits when the publisher goes, resumes: all in one session', async () => {
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'waiting');
  await card(page, 'Not live yet').waitFor();
  await server.publish(true);
  await waitForState(page, 'live');
  assert.equal(await card(page, 'Not live yet').isVisible(), false);
  await server.publish(false);
  await waitForState(page, 'waiting');
  await card(page, 'The stream is paused').waitFor();
  assert.equal(await page.locator('millrace-player .still').isVisible(), true, 'its last frame');
  await server.publish(true);
  await waitForState(page, 'live');
  await assertMoves(page);
  assert.equal(await page.locator('millrace-player .still').isVisible(), false);
  assert.deepEqual(posts(), 1);
});

test('is back within 5 s of a server restart, sound and mute as they were', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'live');
  await server.close();
  await waitForState(page, 'reconnecting');
  await card(page, 'Reconnecting…').waitFor();
  await server.open();
  const openedMs = performance.now();
  await waitForState(page, 'live');
  assert.ok(performance.now() - openedMs < BACK_MS_MAX);
  await assertMoves(page);
});

test('a refusal is told in the server’s words, and can be tried again', async () => {
  server.refusal = { status: 404, detail: 'This server has no app "show".' };
  const page = await open(STREAM);
  await waitForState(page, 'error');
  await card(page, 'This server has no app "show".').waitFor();
  server.refusal = undefined;
  await server.publish(true);
  await page.getByRole('button', { name: 'Try again' }).click();
  await waitForState(page, 'live');
});

test('obeys the keyboard', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'live');
  await page.keyboard.press('m');
  assert.equal(await video(page, 'muted'), false);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await player(page, 'volume.toFixed(2)'), '0.90');
  await page.keyboard.press('ArrowUp');
  assert.equal(await player(page, 'volume.toFixed(2)'), '0.95');
  await page.keyboard.press('i');
  await page.getByText('Round trip').waitFor();
  await page.keyboard.press('i');
  await page.keyboard.press('f');
  await waitFor(page, 'document.fullscreenElement !== null');
  await page.keyboard.press('f');
  await waitFor(page, 'document.fullscreenElement === null');
  await page.keyboard.press('k');
  await waitForState(page, 'paused');
  await page.waitForTimeout(200);
  assert.ok(
    server.requests.some((request) => request.startsWith('DELETE')),
    'a pause costs nothing',
  );
  await page.keyboard.press('k');
  await waitForState(page, 'live');
  const silent = await open(`${STREAM}?muted&hotkeys=0`);
  await waitForState(silent, 'live');
  await silent.keyboard.press('m');
  assert.equal(await video(silent, 'muted'), true, 'the keys can be switched off (WCAG 2.1.4)');
});

test('every control can be reached by keyboard, shows its focus, and has a name and a role', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'live');
  const reached: string[] = [];
  for (let tab = 0; tab < 7; tab += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(FOCUSED));
  }
  assert.deepEqual(reached, [
    'region:Live video: show/stage:-',
    'button:Pause:-',
    'button:Mute:true',
    'slider:Volume:-',
    'button:Statistics:false',
    'button:Picture in picture:false',
    'button:Full screen:-',
  ]);
  const outline = await page.evaluate(
    'getComputedStyle(document.querySelector("millrace-player").shadowRoot.activeElement).outlineWidth',
  );
  assert.equal(outline, '3px');
  await page.waitForTimeout(3500);
  assert.equal(await page.evaluate(BAR_OPACITY), '1', 'controls do not vanish under the focus');
  const status = page.getByRole('status');
  assert.equal(await status.getAttribute('aria-live'), 'polite');
  assert.equal(await status.textContent(), 'Playing live');
  await server.publish(false);
  await waitForState(page, 'waiting');
  assert.match((await status.textContent()) ?? '', /^The stream is paused /);
});

test('controls leave a picture that nobody touches, and come back', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'live');
  const opacity = () => page.evaluate(BAR_OPACITY);
  await page.waitForTimeout(3500);
  assert.equal(await opacity(), '0');
  await page.mouse.move(200, 200);
  await page.waitForTimeout(400);
  assert.equal(await opacity(), '1');
});

test('plays on another site’s page from one script and one tag, and gives its session back', async () => {
  await server.publish(true);
  await using elsewhere = await otherSite(
    `<script src="${server.origin}/player.js"></script><millrace-player src="show/stage" muted></millrace-player>`,
  );
  const page = await newPage();
  await page.goto(elsewhere.origin);
  await waitForState(page, 'live');
  await assertMoves(page);
  assert.ok(server.requests.includes('POST /show/stage/whep'));
  await page.evaluate('document.querySelector("millrace-player").remove()');
  await page.waitForTimeout(300);
  assert.equal(server.requests.filter((request) => request.startsWith('DELETE')).length, 1);
});

test('gives its session back when the page goes', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted`);
  await waitForState(page, 'live');
  await page.goto('about:blank');
  await page.waitForTimeout(300);
  assert.equal(server.requests.filter((request) => request.startsWith('DELETE')).length, 1);
});

test('as an OBS source it is nothing but the picture', async () => {
  const page = await open(`${STREAM}?controls=0&cards=0&background=transparent&volume=0.5`);
  await waitForState(page, 'waiting');
  const transparent = 'rgba(0, 0, 0, 0)';
  assert.equal(
    await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'),
    transparent,
  );
  assert.equal(
    await page.evaluate(
      'getComputedStyle(document.querySelector("millrace-player")).backgroundColor',
    ),
    transparent,
  );
  for (const part of ['.card', '.bar', '.top', '.unmute']) {
    assert.equal(await page.locator(`millrace-player ${part}`).isVisible(), false, part);
  }
  assert.equal(await player(page, 'volume'), 0.5);
});

test('tells pages that embed it what happens', async () => {
  await server.publish(true);
  const page = await open(`${STREAM}?muted&autoplay=0`);
  await waitForState(page, 'idle');
  await page.evaluate(`{
    window.told = [];
    const player = document.querySelector('millrace-player');
    for (const type of ['statechange', 'stats', 'volumechange', 'error']) {
      player.addEventListener(type, ({ detail }) => told.push([type, detail.state ?? '']));
    }
    player.play();
  }`);
  await waitForState(page, 'live');
  await page.waitForTimeout(1500);
  await page.evaluate(`{
    const player = document.querySelector('millrace-player');
    player.volume = 0.4;
    player.stop();
  }`);
  await waitForState(page, 'ended');
  await page.waitForTimeout(100);
  const told = (await page.evaluate('told')) as [string, string][];
  assert.deepEqual(
    told.filter(([type]) => type === 'statechange').map(([, state]) => state),
    ['connecting', 'live', 'ended'],
  );
  assert.ok(told.some(([type]) => type === 'stats'));
  assert.ok(told.some(([type]) => type === 'volumechange'));
});

test('the front page lists what is live, by itself, and fills in what goes into OBS', async () => {
  const page = await open('/');
  await page.getByText('Nothing is live right now').waitFor();
  server.live = ['demo/clock', 'show/stage'];
  const link = page.getByRole('link', { name: 'show/stage' });
  await link.waitFor();
  assert.equal(await link.getAttribute('href'), '/show/stage');
  assert.equal(await page.getByText('Nothing is live right now').isVisible(), false);
  await page.getByLabel('Stream name').fill('friends/anna');
  await page.getByText(`${server.origin}/friends/anna/whip`, { exact: true }).waitFor();
  await page.getByText('rtmp://127.0.0.1/friends', { exact: true }).waitFor();
  await page.getByLabel('Stream name').fill('friends');
  assert.equal(await page.getByLabel('Stream name').getAttribute('aria-invalid'), 'true');
  await contexts.at(-1)?.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy the WHIP server' }).click();
  assert.equal(
    await page.evaluate('navigator.clipboard.readText()'),
    `${server.origin}/friends/anna/whip`,
  );
  assert.equal(await page.getByRole('status').textContent(), 'Copied the WHIP server.');
});

async function otherSite(html: string) {
  const site = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end(html),
  );
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      site.closeAllConnections();
      await new Promise((resolve) => site.close(resolve));
    },
  };
}

const BAR_OPACITY =
  'getComputedStyle(document.querySelector("millrace-player").shadowRoot.querySelector(".bar")).opacity';

/** Role, name and pressed state of what has the focus, also inside of the player. */
const FOCUSED = `(() => {
  const element = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
  const role = element.getAttribute('role') ?? (element.type === 'range' ? 'slider' : element.localName);
  return [role, element.getAttribute('aria-label'), element.getAttribute('aria-pressed') ?? '-'].join(':');
})()`;

async function newPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused request is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  return page;
}

async function open(path: string): Promise<Page> {
  const page = await newPage();
  await page.goto(server.origin + path);
  return page;
}

/** Lets the page start by itself: whatever a test asks of a page counts as its user's gesture, which allows sound. */
async function untouched(page: Page): Promise<void> {
  await page.waitForTimeout(UNTOUCHED_MS);
}

function card(page: Page, text: string): Locator {
  return page.locator('millrace-player .card').getByText(text);
}

function waitForState(page: Page, state: string): Promise<void> {
  return waitFor(page, `document.querySelector('millrace-player')?.state`, state);
}

/** Asks from here: the page's own policy forbids the eval that a wait inside of it would be. */
async function waitFor(page: Page, expression: string, value: unknown = true): Promise<void> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  const matches = async () => (await page.evaluate(expression)) === value;
  while (!(await matches()) && performance.now() < untilMs) await page.waitForTimeout(50);
  assert.equal(await page.evaluate(expression), value);
}

/** Frames are painted, not only received. */
async function assertMoves(page: Page): Promise<void> {
  const painted = 'getVideoPlaybackQuality().totalVideoFrames';
  const first = (await video(page, painted)) as number;
  await page.waitForTimeout(1000);
  const frames = ((await video(page, painted)) as number) - first;
  assert.ok(frames > 5, `${frames} frames in a second`);
}

function player(page: Page, member: string): Promise<unknown> {
  return page.evaluate(`document.querySelector('millrace-player').${member}`);
}

function video(page: Page, member: string): Promise<unknown> {
  return player(page, `shadowRoot.querySelector('video').${member}`);
}

function posts(): number {
  return server.requests.filter((request) => request.startsWith('POST')).length;
}
