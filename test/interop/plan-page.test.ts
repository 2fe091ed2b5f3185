/** The bandwidth planner in a real browser: the numbers are those of the command. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { millrace } from './command.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
const WAIT_MS_MAX = 10_000;

let server: TestServer;
let chromium: Chromium;
let screen: Screen;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
  screen = await Screen.open(chromium, `${origin()}/plan`);
  screen.page.setDefaultTimeout(WAIT_MS_MAX);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

/** Names and values of the result, as `millrace plan` writes them. */
async function shown(): Promise<string[]> {
  const { page } = screen;
  const [names, values] = await Promise.all([
    page.locator('dl dt').allTextContents(),
    page.locator('dl dd').allTextContents(),
  ]);
  return names.map((name, at) => `${name.toLowerCase()} ${values[at]}`);
}

async function told(command: string): Promise<string[]> {
  const [, ...words] = command.split(' ');
  const { out } = await millrace(words);
  const lines = out.split('\n').filter((line) => line !== '' && !line.startsWith('warning'));
  return lines.map((line) => line.replace(/ {2,}/, ' '));
}

test('anybody may plan, in the words and numbers of the command', async () => {
  const { page } = screen;
  const number = (label: string) => page.getByLabel(label, { exact: true });
  const command = page.getByRole('group', { name: 'The same in the terminal' }).locator('code');
  await number('Viewers').fill('5');
  await number('Transit of the month, GB').fill('1000');
  await page.getByText('It fits what the host offers.').waitFor();
  assert.deepEqual(await shown(), await told((await command.textContent()) ?? ''));
  await screen.inspect('plan');
  await page.getByLabel('What it is').selectOption('call');
  await page.getByText('8 in, 64 out').waitFor();
  await number('Line, Mbit/s').fill('100');
  await page.getByText('The line of 100 Mbit/s has too little room').waitFor();
  assert.deepEqual(await shown(), await told((await command.textContent()) ?? ''));
  await page.getByText('Everybody gets their own picture back').click();
  await page.getByText('8 in, 56 out').waitFor();
  await screen.inspect('plan-tight');
  await number('Hours a day').fill('25');
  await page.getByText('Write a number from 0 to 24.').waitFor();
  await page.getByText('Correct the marked numbers first.').waitFor();
  await number('Hours a day').fill('5');
  await page.waitForURL(/hours=5/);
  await page.reload();
  await page.getByText('8 in, 56 out').waitFor();
  assert.equal(await page.getByText('Take what is live now').count(), 0);
});

test('who may see what is live plans with it', async () => {
  const { page } = screen;
  const body = JSON.stringify({ code: server.claimCode, name: 'Ada', password: PASSWORD });
  await page.evaluate(async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/claim', { method: 'POST', headers, body });
  }, body);
  await page.goto(`${origin()}/plan`);
  await page.getByRole('button', { name: 'Take what is live now' }).click();
  await page.getByText('Nothing is live now.').waitFor();
  await using _encoder = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('show/stage') },
  });
  await server.waitFor('show/stage', (stream) => (stream?.publisher?.video?.bitrateBps ?? 0) > 0);
  await page.getByRole('button', { name: 'Take what is live now' }).click();
  await page.getByText('1 in, 0 out').waitFor();
  const kbps = Number(await page.getByLabel('Picture, kbit/s').inputValue());
  assert.ok(kbps > 0, `${kbps}`);
  assert.equal(await page.getByLabel('Streamers use RTMP').isChecked(), true);
});
