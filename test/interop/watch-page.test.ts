/** The watch page in a real browser on real streams: before, during and after, shared, previewed, and bare for OBS. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { ffmpegOutput } from './ffmpeg.ts';
import { asOwner, Loops } from './loops.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';
import { until } from './until.ts';

const CONFIG = `
apps:
  show: {viewer_count: true, snapshots: last}
  press: {viewing: link}
`;
const STAGE = 'show/stage';

let server: TestServer;
let chromium: Chromium;
const loops = new Loops();

before(async () => {
  server = await TestServer.start({ config: CONFIG });
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  const label = { label: 'The <b>Main</b> Stage 🎪' };
  assert.equal((await asOwner(server, 'PUT', '/apps/show/slots/stage', label)).status, 200);
});
after(async () => {
  await loops.close();
  await chromium?.close();
  await server?.stop();
});

const state = (page: Page): Promise<string> =>
  page.evaluate("document.querySelector('millrace-player').state");
const waitForState = (page: Page, wanted: string) =>
  until(page, `document.querySelector('millrace-player').state === '${wanted}'`).catch(
    async (error: unknown) => {
      throw new Error(`${await state(page)}, not ${wanted}`, { cause: error });
    },
  );

test('a stream that is not live has its poster, and begins by itself', async () => {
  const poster = await ffmpegOutput([
    ...['-f', 'lavfi', '-i', 'gradients=size=1280x720:c0=0x204060:c1=0xd08030:n=2'],
    ...['-frames:v', '1', '-f', 'image2pipe', '-c:v', 'mjpeg'],
  ]);
  const put = await asOwner(server, 'PUT', '/streams/show/stage/poster', poster, 'image/jpeg');
  assert.equal(put.status, 200);
  const screen = await Screen.open(chromium, server.page(STAGE));
  const { page } = screen;
  await waitForState(page, 'waiting');
  await page.getByText('Not live yet', { exact: true }).waitFor();
  const shown = await page.evaluate(
    "document.querySelector('millrace-player').shadowRoot.querySelector('img.poster').naturalWidth",
  );
  assert.equal(shown, 1280);
  assert.match(await page.title(), /^The <b>Main<\/b> Stage 🎪 · Millrace$/);
  await screen.inspect('watch-waiting');
  const end = await loops.publish(server.rtmpUrl(STAGE), 'teal');
  // Looking from outside counts as a touch: that sound may need a click is tried in player.test.ts.
  await until(page, "document.querySelector('millrace-player').state.startsWith('live')");
  assert.match(await page.title(), /^● The <b>Main/);
  await page.mouse.move(200, 200);
  await page.getByText('1 watching').waitFor();
  await screen.inspect('watch-live');
  await end();
  await page.close();
});

test('sharing offers the link, the frame and the script; what is pasted plays', async () => {
  await asOwner(server, 'POST', '/short-links', { stream: STAGE, name: 'stage' });
  const screen = await Screen.open(chromium, `${server.page(STAGE)}?muted=1`);
  const { page } = screen;
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/\/~stage$/).waitFor();
  await screen.inspect('watch-share');
  await dialog.getByRole('tab', { name: 'Embed' }).click();
  await dialog.getByText('<iframe src=').waitFor();
  await dialog.getByRole('tab', { name: 'Script' }).click();
  await dialog.getByText('<millrace-player').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.goto(server.page('~stage'));
  assert.equal(page.url(), server.page(STAGE));
  await page.close();
});

test('what OBS shows is bare, whatever the page has around it', async () => {
  const end = await loops.publish(server.rtmpUrl('show/obs'), 'teal');
  const query = '?controls=0&cards=0&background=transparent&muted=1';
  const page = await chromium.newPage();
  await page.goto(server.page('show/obs', query));
  await waitForState(page, 'live');
  await page.mouse.move(100, 100);
  assert.equal(await page.getByRole('button', { name: 'Share' }).isVisible(), false);
  assert.equal(await page.locator('.corner').isVisible(), false);
  const picture = (await page.evaluate(`(() => {
    const { x, y, width, height } = document.querySelector('millrace-player').getBoundingClientRect();
    return [x, y, width - innerWidth, height - innerHeight];
  })()`)) as number[];
  assert.deepEqual(picture, [0, 0, 0, 0]);
  const background = await page.evaluate(
    'getComputedStyle(document.documentElement).backgroundColor',
  );
  assert.equal(background, 'rgba(0, 0, 0, 0)');
  await end();
  await page.close();
});

test('after its end a stream shows its last picture, which the server made without decoding', async () => {
  const end = await loops.publish(server.rtmpUrl('show/film'), 'purple');
  await server.waitFor('show/film', (stream) => (stream?.publisher?.video?.width ?? 0) > 0);
  const url = `http://127.0.0.1:${server.http}/api/streams/show/film/snapshot`;
  const live = await fetch(url);
  assert.equal(live.headers.get('content-type'), 'video/mp4');
  await end();
  await server.waitFor('show/film', (stream) => stream?.live !== true);
  const page = await chromium.newPage();
  await page.goto(server.page('show/film'));
  await waitForState(page, 'waiting');
  await until(
    page,
    `(() => {
      const film = document.querySelector('millrace-player').shadowRoot.querySelector('video.poster');
      return !film.hidden && film.videoWidth === 640;
    })()`,
  );
  await page.screenshot({ path: 'test-results/screens/watch-last-picture.png' });
  await page.close();
});

test('a link in the address lets in, and is not in what is shared', async () => {
  const made = await asOwner(server, 'POST', '/links', { name: 'press', target: 'press/room' });
  const { url, token } = (await made.json()) as { url: string; token: string };
  const page = await chromium.newPage();
  await page.goto(server.page('press/room', new URL(url).search));
  await waitForState(page, 'waiting');
  await page.mouse.move(100, 100);
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('needs what you needed').waitFor();
  assert.ok(!(await dialog.textContent())?.includes(token));
  assert.equal(await dialog.getByRole('tab', { name: 'Embed' }).count(), 0);
  await page.goto(server.page('press/room'));
  await waitForState(page, 'error');
  await page.locator('.text', { hasText: 'Watching needs a link' }).waitFor();
  await page.close();
});

test('who finds all places taken is told so, and gets in by himself', async () => {
  await using small = await TestServer.start({ config: 'limits: {viewers: 3}' });
  const pages: Page[] = [];
  for (let index = 0; index < 4; index++) {
    const page = await chromium.newPage();
    pages.push(page);
    await page.goto(small.page('show/full', '?muted=1'));
    if (index < 3) await waitForState(page, 'waiting');
  }
  const [first, , , last] = pages;
  await last!.locator('.text', { hasText: 'All places are taken' }).waitFor();
  assert.equal(await state(last!), 'reconnecting');
  await last!.screenshot({ path: 'test-results/screens/watch-full.png' });
  await first!.close();
  // The server says to come back in half a minute.
  await until(last!, "document.querySelector('millrace-player').state === 'waiting'", 45_000);
  await Promise.all(pages.slice(1).map((page) => page.close()));
});
