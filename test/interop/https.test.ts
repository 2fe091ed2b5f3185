/** Everything over TLS, with certificate files of one's own: pages, WHIP, WHEP, OvenPlayer's signalling. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Chromium } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import {
  connectTls,
  eventually,
  freeSecurePorts,
  getSecure,
  type SecurePorts,
  servedSerial,
  startWithTls,
} from './secure-server.ts';
import type { TestServer } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const authority = new TestAuthority();
let ports: SecurePorts;
let server: TestServer;
let chromium: Chromium;

before(async () => {
  authority.issue(['localhost']);
  ports = await freeSecurePorts();
  server = await startWithTls({
    ports,
    domain: 'localhost',
    tls: [
      'mode: files',
      `certificate: ${authority.certificateFile}`,
      `key: ${authority.keyFile}`,
      'hsts: 31536000',
    ],
  });
  chromium = await Chromium.start({
    autoplay: 'allowed',
    arguments: [`--ignore-certificate-errors-spki-list=${authority.fingerprint}`],
  });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  authority[Symbol.dispose]();
});

const site = (port = ports.https) => `https://localhost:${port}`;

for (const port of ['https', 'oven'] as const) {
  test(`OBS's library publishes by WHIP over https, Chromium watches by WHEP over HTTP/2: ${port} port`, async (t) => {
    const origin = site(ports[port]);
    await using publisher = await startPublisher(
      { url: `${origin}/live/${port}/whip`, key: server.key },
      ['env', `NODE_EXTRA_CA_CERTS=${authority.caFile}`],
    );
    const viewer = await chromium.open(`${origin}/live/${port}`);
    t.diagnostic(`picture after ${Math.round(await viewer.waitForPicture())} ms`);
    assert.ok(await viewer.page.evaluate('isSecureContext'));
    const protocols: string[] = await viewer.page.evaluate(
      `performance.getEntries().map(({ nextHopProtocol }) => nextHopProtocol).filter(Boolean)`,
    );
    assert.ok(
      protocols.length > 2 && protocols.every((protocol) => protocol === 'h2'),
      String(protocols),
    );
    const watched = await viewer.watch(2000);
    assert.ok(watched.frames.length > 15, `${watched.frames.length} frames in 2 s`);
    assert.equal(await publisher.stop(), 200);
    await viewer.page.close();
  });
}

for (const port of ['https', 'oven'] as const) {
  test(`ffmpeg publishes by RTMPS: ${port} port`, async () => {
    const name = `live/rtmps-${port}`;
    const rtmp = `rtmps://localhost:${ports[port]}/${name}?key=${server.key}`;
    await using _source = new ClockSource({ gopSeconds: 1, output: { rtmp } });
    await server.waitFor(name, (stream) => stream?.live === true, 20_000);
    assert.equal((await server.stream(name))?.publisher?.protocol, 'rtmp');
  });
}

test('OvenPlayer’s signalling by wss', async () => {
  await using _publisher = await startPublisher({
    url: server.whip('live/oven-wss'),
    key: server.key,
  });
  const socket = new WebSocket(`wss://localhost:${ports.oven}/live/oven-wss`, { ca: authority.ca });
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('{"command":"request_offer"}'));
    socket.on('message', (data) => resolve(String(data)));
    socket.on('error', reject);
  });
  assert.equal(JSON.parse(await answer).command, 'offer');
  socket.terminate();
});

test('browsers are asked to stay with HTTPS by HTTPS alone', async () => {
  const session = connectHttp2(site(), { ca: authority.ca });
  const header = await new Promise<unknown>((resolve, reject) => {
    session.on('error', reject);
    const request = session.request({ ':path': '/' });
    request.on('response', (headers) => resolve(headers['strict-transport-security']));
    request.end();
  });
  session.destroy();
  assert.equal(header, 'max-age=31536000');
  const plain = await fetch(server.page(''));
  assert.equal(plain.headers.get('strict-transport-security'), null);
  assert.equal((await getSecure(site(), authority.ca)).status, 200);
});

test('TLS 1.2 with forward secrecy at least', async () => {
  const { connect } = await import('node:tls');
  const attempt = (options: object) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        port: ports.https,
        ca: authority.ca,
        servername: 'localhost',
        ...options,
      });
      socket.on('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  assert.match(await attempt({}), /^TLSv1\.3 /);
  assert.match(await attempt({ maxVersion: 'TLSv1.2' }), /^TLSv1\.2 ECDHE-ECDSA-.*(GCM|POLY1305)/);
  await assert.rejects(
    attempt({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  );
  await assert.rejects(
    attempt({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256' }),
  );
});

test('replaced files are served to the next connection, and nobody’s picture stops', async () => {
  const name = 'live/swap';
  await using _publisher = await startPublisher(
    { url: `${site()}/${name}/whip`, key: server.key },
    ['env', `NODE_EXTRA_CA_CERTS=${authority.caFile}`],
  );
  const viewer = await chromium.open(`${site()}/${name}`);
  await viewer.waitForPicture();
  const kept = await connectTls(ports.https, 'localhost', authority.ca);
  const before = await servedSerial(ports.https, 'localhost', authority.ca);
  authority.issue(['localhost'], 90);
  await eventually('the new certificate', async () => {
    const serial = await servedSerial(ports.https, 'localhost', authority.ca);
    return serial === before ? undefined : serial;
  });
  const watched = await viewer.watch(2000);
  assert.ok(watched.frames.length > 15, `${watched.frames.length} frames in 2 s`);
  assert.ok(!kept.destroyed);
  kept.destroy();
  await viewer.page.close();

  // Half a file is complained about, and what was good stays.
  const after = await servedSerial(ports.https, 'localhost', authority.ca);
  writeFileSync(authority.keyFile, 'not a key');
  await eventually(
    'a warning',
    () => (server.log.includes('holds no private key') ? true : undefined),
    30_000,
  );
  assert.equal(await servedSerial(ports.https, 'localhost', authority.ca), after);
});
