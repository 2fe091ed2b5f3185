/** A guest whose link came by plain HTTP, at a server that has HTTPS: the page leads there, and from there on all goes encrypted. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { Owner } from './invited.ts';
import { Screen } from './screens.ts';
import { freeSecurePorts, type SecurePorts, startWithTls } from './secure-server.ts';
import type { TestServer } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const DOMAIN = 'live.example.test';
const STREAM = 'show/grace';

const authority = new TestAuthority();
let ports: SecurePorts;
let server: TestServer;
let chromium: Chromium;

before(async () => {
  authority.issue([DOMAIN]);
  ports = await freeSecurePorts();
  server = await startWithTls({
    ports,
    domain: DOMAIN,
    tls: ['mode: files', `certificate: ${authority.certificateFile}`, `key: ${authority.keyFile}`],
  });
  chromium = await Chromium.start({
    ...{ autoplay: 'allowed', keepsPolicy: true },
    arguments: [
      `--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${authority.fingerprint}`,
    ],
  });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  authority[Symbol.dispose]();
});

test('over plain HTTP the page leads to HTTPS with the same link, where the guest goes live', async () => {
  const { secret } = await new Owner(server).invite('Grace', [STREAM]);
  const screen = await Screen.open(chromium, `http://${DOMAIN}:${server.http}/invite#${secret}`);
  const { page } = screen;
  await page.getByText('The browser gives this page no camera').waitFor();
  await screen.inspect('invite-use-https');
  await page.getByRole('link', { name: 'Open it by HTTPS' }).click();
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  assert.equal(page.url(), `https://${DOMAIN}:${ports.https}/invite`);
  const cookies = await page.context().cookies(page.url());
  const cookie = cookies.find(({ name }) => name === '__Host-millrace_guest');
  assert.ok(cookie?.secure && cookie.httpOnly);
  await page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor(STREAM, (stream) => (stream?.publisher?.video?.fps ?? 0) > 5);
  await page.getByRole('tab', { name: 'OBS' }).click();
  await page.getByRole('button', { name: 'Show the fields' }).click();
  await page.getByText(`https://${DOMAIN}:${ports.https}/${STREAM}/whip`).waitFor();
});

test('a server that is gone is told, and the page comes back with it', async () => {
  const { secret } = await new Owner(server).invite('Ada', ['show/ada']);
  const screen = await Screen.open(chromium, `https://${DOMAIN}:${ports.https}/invite#${secret}`);
  const { page } = screen;
  await page.getByRole('heading', { name: 'Hello Ada' }).waitFor();
  await page.route('**/api/**', (route) => route.abort());
  await page.reload();
  await page.getByText('The invite cannot be opened now').waitFor();
  screen.forgive(/ERR_/);
  await screen.inspect('invite-unreachable');
  await page.unroute('**/api/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Hello Ada' }).waitFor();
});
