/** Lists of the dashboard that have grown for a year: what one looks for is found. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';

let server: TestServer;
let chromium: Chromium;
let screen: Screen;
let page: Page;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  screen = await Screen.open(chromium, `${origin()}/login`);
  page = screen.page;
  const claim = { code: server.claimCode, name: 'Ada', password: PASSWORD };
  await page.evaluate(async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/claim', { method: 'POST', headers, body });
  }, JSON.stringify(claim));
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

test('a long list is searched by name and by stream', async () => {
  await page.goto(`${origin()}/dashboard#keys`);
  await page.getByText('first key').waitFor();
  await page.evaluate(async () => {
    const headers = { 'Content-Type': 'application/json' };
    const names = Array.from({ length: 20 }, (_, at) => `camera ${at}`);
    const answers = names.map((name, at) => {
      const body = JSON.stringify({ name, target: `many/slot-${at}` });
      return fetch('/api/keys', { method: 'POST', headers, body });
    });
    await Promise.all(answers);
  });
  await page.reload();
  const find = page.getByLabel('Find', { exact: true });
  await find.fill('MANY/slot-13');
  await page.getByText(/^1 of 21$/).waitFor();
  assert.equal(await page.getByRole('row').filter({ hasText: 'camera' }).count(), 1);
  await screen.inspect('manage-keys-found');
  await find.fill('nobody');
  await page.getByText(/^0 of 21$/).waitFor();
});
