/** Streams on pages of another site, for real: in a frame and by our script, where the app lets that site, and where it does not. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Frame, Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { Loops } from './loops.ts';
import { TestServer } from './server.ts';
import { until } from './until.ts';

/** Long enough for a frame that was let in to have its page. */
const REFUSED_MS = 2_000;

let server: TestServer;
let chromium: Chromium;
/** The other site: `localhost` is another origin than `127.0.0.1`. */
let site: Server;
let siteOrigin: string;
let html = '';
const loops = new Loops();

before(async () => {
  site = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>Another site</title>${html}`);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteOrigin = `http://localhost:${(site.address() as AddressInfo).port}`;
  server = await TestServer.start({
    config: `
apps:
  show:
  named: {embed_origins: ["${siteOrigin}"]}
  other: {embed_origins: ["https://www.example.net"]}
  none: {embed_origins: []}
`,
  });
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  for (const app of ['show', 'named', 'other', 'none']) {
    await loops.publish(server.rtmpUrl(`${app}/stage`), 'teal');
  }
});
after(async () => {
  await loops.close();
  await chromium?.close();
  await server?.stop();
  await new Promise((resolve) => site.close(resolve));
});

async function openSite(content: string): Promise<Page> {
  html = content;
  const page = await chromium.newPage();
  await page.goto(siteOrigin);
  return page;
}

const isLive = "['live', 'live-muted'].includes(document.querySelector('millrace-player')?.state)";

async function frameOf(page: Page): Promise<Frame> {
  const handle = await page.waitForSelector('iframe');
  const frame = await handle.contentFrame();
  assert.ok(frame);
  return frame;
}

const framed = (path: string) =>
  openSite(
    `<iframe src="http://127.0.0.1:${server.http}/${path}" width="640" height="360" allow="autoplay"></iframe>`,
  );

for (const path of ['embed/show/stage', 'show/stage', 'embed/named/stage', 'named/stage']) {
  test(`${path} plays in the other site's frame`, async () => {
    const page = await framed(path);
    const refusals: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('screen-wake-lock')) refusals.push(message.text());
    });
    const frame = await frameOf(page);
    await until(frame, isLive);
    await page.waitForTimeout(REFUSED_MS);
    assert.ok(
      refusals.length <= 1,
      `asked again and again for what the frame may not: ${refusals}`,
    );
    if (path === 'embed/show/stage') {
      await page.screenshot({ path: 'test-results/screens/embed.png' });
    }
    // Any site gets the bare page, also by the watch page's own address; a site that is named gets what it asks for.
    assert.equal(await frame.locator('.corner').count(), path === 'named/stage' ? 1 : 0);
    await page.close();
  });
}

for (const path of ['embed/other/stage', 'embed/none/stage', 'other/stage']) {
  test(`${path} is not shown in the other site's frame`, async () => {
    const page = await framed(path);
    await page.waitForTimeout(REFUSED_MS);
    const frame = await frameOf(page);
    const isThere = await frame
      .evaluate("document.querySelector('millrace-player') !== null")
      .catch(() => false);
    assert.equal(isThere, false);
    await page.close();
  });
}

const scripted = (stream: string) =>
  openSite(
    `<script src="http://127.0.0.1:${server.http}/player.js"></script><millrace-player src="/${stream}" muted></millrace-player>`,
  );

test('the script plays on the other site where the app lets it', async () => {
  for (const stream of ['show/stage', 'named/stage']) {
    const page = await scripted(stream);
    await until(page, isLive);
    await page.close();
  }
});

test('the script says why it does not play where the app does not', async () => {
  for (const stream of ['other/stage', 'none/stage']) {
    const page = await scripted(stream);
    await page.locator('.text', { hasText: 'may not be shown on this site' }).waitFor();
    await page.close();
  }
});

test('what oEmbed gives plays', async () => {
  const url = encodeURIComponent(server.page('show/stage'));
  const answer = await fetch(`http://127.0.0.1:${server.http}/oembed?url=${url}`);
  const { html: snippet } = (await answer.json()) as { html: string };
  const page = await openSite(snippet);
  const frame = await frameOf(page);
  await until(frame, isLive);
  await page.close();
});
