/** The owner's dashboard in a real browser, against a real server: signing in leads to it, and what happens shows by itself. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { endProcess, FFMPEG } from './ffmpeg.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
const CONFIG = `
events: {ended_after: 1}
limits: {egress: 700M, egress_per_month: 20T}
`;

let server: TestServer;
let chromium: Chromium;
let screen: Screen;
let page: Page;
let encoder: ChildProcess | undefined;

before(async () => {
  server = await TestServer.start({ config: CONFIG });
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
});
after(async () => {
  await chromium?.close();
  if (encoder) await endProcess(encoder);
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

/** As OBS has it by default: with B-frames, which hurt. */
function publish(stream: string): ChildProcess {
  const video = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'];
  const audio = ['-f', 'lavfi', '-i', 'sine=frequency=440'];
  const encoders = [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '30', '-b:v', '800k'],
    ...['-c:a', 'aac', '-ac', '2'],
  ];
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', ...video, ...audio, ...encoders];
  return spawn(FFMPEG, [...args, '-t', '90', '-f', 'flv', server.rtmpUrl(stream)], {
    stdio: 'ignore',
  });
}

function card(name: string): Locator {
  return page.locator('.ui-card').filter({ has: page.getByRole('heading', { name, exact: true }) });
}

test('who is not signed in is sent to sign in, and comes back', async () => {
  screen = await Screen.open(chromium, `${origin()}/dashboard#server`);
  ({ page } = screen);
  await page.waitForURL('**/login?next=*');
  await page.goto(`${page.url()}#claim=${server.claimCode}`);
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.waitForURL(`${origin()}/dashboard#server`);
  await page.getByRole('heading', { name: 'Server', level: 1 }).waitFor();
  await page.getByText('Nothing happened yet').waitFor();
});

test('an empty server says what to do next', async () => {
  await page.getByRole('link', { name: 'Live', exact: true }).click();
  await page.getByText('Nothing is live right now').waitFor();
  await screen.inspect('dashboard-live-empty');
});

test('a stream that begins is there by itself, with what is wrong with it', async () => {
  encoder = publish('live/stage');
  const stage = card('live/stage');
  await stage.getByText('RTMP over TCP').waitFor();
  await stage.getByText('H.264, 640 × 360').waitFor();
  await stage.getByText('first key').waitFor();
  await stage.getByText('Health').click();
  await stage.getByRole('listitem').filter({ hasText: 'B-frames' }).waitFor();
  await page.getByText('live/stage is live').waitFor();
  await screen.until(`document.querySelector('.still video')?.videoWidth === 640`);
  await screen.inspect('dashboard-live-still');
});

test('a preview plays, and is a viewer like others', async () => {
  const stage = card('live/stage');
  await stage.getByRole('button', { name: 'Play a preview of live/stage' }).click();
  await screen.until(`document.querySelector('millrace-player')?.state === 'live'`);
  await stage.getByText('1 viewer (most at once').click();
  await stage.getByRole('cell', { name: 'WHEP over TCP' }).waitFor();
  await stage.getByRole('img', { name: /^Bit rate of live\/stage/ }).waitFor();
  await screen.until(`document.querySelector('.ui-graph canvas') !== null`);
  await screen.inspect('dashboard-live');
});

test('the tally light is one click', async () => {
  const stage = card('live/stage');
  await stage.getByRole('button', { name: 'On air', exact: true }).click();
  await stage.locator('.ui-badge', { hasText: 'On air' }).waitFor();
  assert.match(
    await page.evaluate(`fetch('/api/tally').then((response) => response.text())`),
    /"live\/stage","state":"program"/,
  );
});

test('where to watch can be copied and shown to a phone', async () => {
  await page.getByRole('button', { name: 'Share live/stage' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('img', { name: /^QR code/ }).waitFor();
  await dialog.getByText(`<iframe src="${origin()}/embed/live/stage"`).waitFor();
  await dialog.getByText(`<script src="${origin()}/player.js">`).waitFor();
  await screen.inspect('dashboard-share');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a viewer is sent away in one click, and its player comes back', async () => {
  const stage = card('live/stage');
  const [before] = (await server.stream('live/stage'))?.viewers ?? [];
  await stage.getByRole('button', { name: /^Send away/ }).click();
  await page.getByText('Sent away.').waitFor();
  await server.waitFor(
    'live/stage',
    (stream) => stream?.viewers.every(({ session }) => session !== before?.session) === true,
  );
});

test('a publisher is ended; what cannot be done is said in the server’s words', async () => {
  const ending = once(encoder ?? assert.fail(), 'close');
  await page.getByRole('button', { name: 'End live/stage' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Keep the address out').selectOption({ label: 'For 10 minutes' });
  await dialog.getByRole('button', { name: 'End the stream' }).click();
  await dialog.getByText(/a ban would keep out everybody/).waitFor();
  screen.forgive(/status of 422/);
  await screen.inspect('dashboard-end');
  await dialog.getByLabel('Keep the address out').selectOption({ label: 'Do not keep it out' });
  await dialog.getByRole('button', { name: 'End the stream' }).click();
  await ending;
  await dialog.waitFor({ state: 'detached' });
  await page.getByText(/live\/stage ended after/).waitFor();
  // Its picture or its viewers, asked for in the moment in which it ended.
  screen.forgive(/status of 404/);
});

test('all that happened is in the log, beside how the machine does', async () => {
  await page.getByRole('link', { name: 'All events' }).click();
  await page.getByRole('heading', { name: 'What happened' }).waitFor();
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  await page.getByText(/live\/stage ended after/).waitFor();
  await page.getByText(/of 20 TB/).waitFor();
  await page.getByRole('meter', { name: 'Processor' }).waitFor();
  await page.getByRole('button', { name: 'Read the configuration again' }).click();
  await page.getByText('Nothing in it has changed.').waitFor();
  await screen.inspect('dashboard-server');
});

test('every control is reached by keyboard, the skip link first', async () => {
  await page.reload();
  await page.getByRole('meter', { name: 'Processor' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Copy the address');
});

function focused(): Promise<string> {
  return page.evaluate(
    `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
  );
}

test('who may only watch is told so', async () => {
  const made = await page.evaluate(
    `fetch('/api/people', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({name: 'Vera', role: 'viewer', password: '${PASSWORD}'}),
    }).then((response) => response.status)`,
  );
  assert.equal(made, 201);
  await page.evaluate(`fetch('/api/logout', {method: 'POST'})`);
  await page.goto(`${origin()}/dashboard`);
  await page.waitForURL('**/login?next=*');
  await page.fill('#name', 'Vera');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.getByText('The dashboard is for owners and producers.').waitFor();
  await screen.inspect('dashboard-viewer');
});

test('a server that is gone is said to be, and one that is back is shown, with what went out before', async () => {
  await page.evaluate(`fetch('/api/logout', {method: 'POST'})`);
  await page.goto(`${origin()}/login?next=/dashboard`);
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.getByText('Nothing is live right now').waitFor();
  await endProcess(server.child);
  await page.getByText('The server does not answer.').waitFor();
  screen.forgive(/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED/);
  await screen.inspect('dashboard-gone');
  const again = spawn(process.execPath, ['src/main.ts', '--config', server.configFile], {
    stdio: 'ignore',
  });
  try {
    await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    const month = page.locator('.figures > div').filter({ hasText: 'Out this month' });
    assert.match((await month.textContent()) ?? '', /\d [kM]B/);
    // Told by the new server, to the page that was there before it.
    encoder = publish('live/again');
    await card('live/again').waitFor();
  } finally {
    await endProcess(again);
  }
});
