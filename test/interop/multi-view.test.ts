/** Several streams on one page, for real: they come and go, one is looked at, one is heard, and what nobody sees costs nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.ts';
import { asOwner, Loops } from './loops.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';
import { until } from './until.ts';

const WAIT_MS_MAX = 30_000;

let server: TestServer;
let chromium: Chromium;
const loops = new Loops();
const ends: (() => Promise<void>)[] = [];

before(async () => {
  server = await TestServer.start({
    config: 'apps: {show: {viewer_count: true}, empty: , crew: {viewing: members}}',
  });
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  await asOwner(server, 'PUT', '/apps/show/slots/slot-1', { label: 'Ada <i>at</i> the desk' });
  for (const [index, colour] of ['teal', 'purple', 'orange', 'navy'].entries()) {
    ends.push(await loops.publish(server.rtmpUrl(`show/slot-${index + 1}`), colour));
  }
});
after(async () => {
  await loops.close();
  await chromium?.close();
  await server?.stop();
});

const origin = () => `http://127.0.0.1:${server.http}`;
const statesOf = (page: Page) =>
  page.evaluate(
    "Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) => [tile.dataset.stream, tile.querySelector('millrace-player').state]))",
  ) as Promise<Record<string, string>>;
const waitFor = (page: Page, condition: string) => until(page, condition, WAIT_MS_MAX);
const allLive = (count: number) =>
  `(() => { const players = [...document.querySelectorAll('.tile millrace-player')]; return players.length === ${count} && players.every(({ state }) => state === 'live'); })()`;
const HEARD =
  "[...document.querySelectorAll('.tile')].filter((tile) => !tile.querySelector('millrace-player').muted).map((tile) => tile.dataset.stream).join()";
/** Waits until these are heard, and no others. */
const heard = (page: Page, ...streams: string[]) =>
  until(page, `(${HEARD}) === '${streams.join()}'`);

test('all of an app play in a grid, without sound', async () => {
  const screen = await Screen.open(chromium, `${origin()}/show`);
  const { page } = screen;
  await waitFor(page, allLive(4));
  await heard(page);
  await page.getByText('Ada <i>at</i> the desk').waitFor();
  await screen.inspect('multi-four');
  await page.close();
});

test('sound is one at a time, or several where that is wanted', async () => {
  const page = await chromium.newPage();
  await page.goto(`${origin()}/show`);
  await waitFor(page, allLive(4));
  const sound = (name: string) => page.getByRole('button', { name: `Sound of ${name}` });
  await sound('slot-2').click();
  await heard(page, 'show/slot-2');
  await sound('slot-3').click();
  await heard(page, 'show/slot-3');
  await page.getByLabel('Several sounds').check();
  await sound('slot-2').click();
  await heard(page, 'show/slot-2', 'show/slot-3');
  await page.getByLabel('Several sounds').uncheck();
  await until(page, `!(${HEARD}).includes(',')`);
  await page.close();
});

test('one is looked at by click and by keys', async () => {
  const screen = await Screen.open(chromium, `${origin()}/show`);
  const { page } = screen;
  await waitFor(page, allLive(4));
  const focused = () =>
    page.evaluate("document.querySelector('.tile-focused')?.dataset.stream ?? null");
  await page.getByRole('button', { name: 'Look at slot-3' }).click();
  assert.equal(await focused(), 'show/slot-3');
  const widths = (await page.evaluate(
    "[...document.querySelectorAll('.tile')].map((tile) => tile.clientWidth)",
  )) as number[];
  assert.ok(widths[2]! > 2 * widths[0]!, `${widths}`);
  await screen.inspect('multi-focus');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), null);
  await page.keyboard.press('2');
  assert.equal(await focused(), 'show/slot-2');
  await page.keyboard.press('2');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.notEqual(await focused(), null);
  await page.keyboard.press('m');
  await heard(page, (await focused()) as string);
  await page.close();
});

test('streams appear by themselves, stay over a drop, and go', async () => {
  const page = await chromium.newPage();
  await page.goto(`${origin()}/show`);
  await waitFor(page, allLive(4));
  const end = await loops.publish(server.rtmpUrl('show/extra'), 'red');
  await waitFor(page, allLive(5));
  await end();
  await waitFor(
    page,
    "document.querySelector('[data-stream=\"show/extra\"] millrace-player')?.state === 'waiting'",
  );
  await waitFor(page, 'document.querySelector(\'[data-stream="show/extra"]\') === null');
  await waitFor(page, allLive(4));
  await page.close();
});

test('what is not in view costs nothing', async () => {
  const page = await chromium.newPage();
  await page.setViewportSize({ width: 390, height: 300 });
  const names = ['slot-1', 'slot-2', 'slot-3', 'slot-4', 'none-1', 'none-2', 'none-3', 'none-4'];
  await page.goto(`${origin()}/multi?${names.map((name) => `stream=show/${name}`).join('&')}`);
  await waitFor(page, "document.querySelector('.tile millrace-player').state === 'live'");
  const states = await statesOf(page);
  assert.equal(states['show/slot-1'], 'live');
  assert.equal(states['show/none-4'], 'idle', 'never asked for');
  await page.locator('[data-stream="show/none-4"]').scrollIntoViewIfNeeded();
  await waitFor(
    page,
    "document.querySelector('[data-stream=\"show/none-4\"] millrace-player').state === 'waiting'",
  );
  await waitFor(
    page,
    "document.querySelector('[data-stream=\"show/slot-1\"] millrace-player').state === 'paused'",
  );
  await server.waitFor('show/slot-1', (stream) => stream?.viewers.length === 0);
  await page.close();
});

test('an app without streams says what will happen, and a page without names how to name them', async () => {
  const screen = await Screen.open(chromium, `${origin()}/empty`);
  await screen.page.getByText('Nothing is live here right now').waitFor();
  await screen.inspect('multi-empty');
  await screen.page.evaluate("document.body.dataset.stays = 'yes'");
  const end = await loops.publish(server.rtmpUrl('empty/one'), 'green');
  await waitFor(screen.page, allLive(1));
  assert.equal(await screen.page.getByText('Nothing is live here right now').count(), 0);
  assert.equal(await screen.page.evaluate('document.body.dataset.stays'), 'yes', 'no reload');
  await end();
  await screen.page.getByText('Nothing is live here right now').waitFor();
  await screen.page.goto(`${origin()}/multi`);
  await screen.page.getByText('No streams are named').waitFor();
  await screen.page.close();
});

test('a closed app and no app at all are the same to strangers; who signs in sees what is live', async () => {
  const end = await loops.publish(server.rtmpUrl('crew/one'), 'maroon');
  const screen = await Screen.open(chromium, `${origin()}/nothing`);
  const { page } = screen;
  const told = async () => {
    await page.getByText('Nothing to watch here right now').waitFor();
    return (await page.locator('#page').textContent()) ?? '';
  };
  const unknown = await told();
  screen.forgive(/404/);
  await screen.inspect('multi-not-open');
  await page.goto(`${origin()}/crew`);
  assert.equal((await told()).replaceAll('crew', 'nothing'), unknown);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Name').waitFor();
  assert.equal(new URL(page.url()).search, '?next=/crew');
  const claim = { code: server.claimCode, name: 'Ada', password: 'correct horse battery' };
  await page.evaluate(
    (body) =>
      fetch('/api/claim', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      }),
    JSON.stringify(claim),
  );
  await page.goto(`${origin()}/crew`);
  await waitFor(page, allLive(1));
  await end();
  await page.getByText('Nothing is live here right now').waitFor();
  await page.close();
});
