/** The owner's dashboard in a real browser, against a real server: signing in leads to it, and what happens shows by itself. */
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';

let server: TestServer;
let chromium: Chromium;
let screen: Screen;

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

test('who is not signed in is sent to sign in, and comes back', async () => {
  screen = await Screen.open(chromium, `${origin()}/dashboard#server`);
  const { page } = screen;
  await page.waitForURL('**/login?next=*');
  const [, code = ''] = /#claim=([\w-]+)/.exec(server.log) ?? [];
  await page.goto(`${page.url()}#claim=${code}`);
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.waitForURL(`${origin()}/dashboard#server`);
  await page.getByRole('heading', { name: 'Server', level: 1 }).waitFor();
  await screen.inspect('dashboard-server');
});

test('an empty server says what to do next', async () => {
  const { page } = screen;
  await page.getByRole('link', { name: 'Live', exact: true }).click();
  await page.getByText('Nothing is live right now').waitFor();
  await screen.inspect('dashboard-live-empty');
});
