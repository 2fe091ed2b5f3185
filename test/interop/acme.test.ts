/** Certificates from a real ACME server, Debian's pebble. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { Pebble } from './pebble.ts';
import {
  connectTls,
  eventually,
  freeSecurePorts,
  getSecure,
  servedSerial,
  startSecure,
} from './secure-server.ts';
import type { TestServer } from './server.ts';

const NAME = 'live.example.net';

async function stage(options: Partial<Parameters<typeof Pebble.start>[0]> = {}) {
  const ports = await freeSecurePorts();
  const pebble = await Pebble.start({ httpPort: ports.http, httpsPort: ports.https, ...options });
  return { ports, pebble };
}

/** Asks for the home page; gives what came of the answer first, or nothing where the connection ends. */
async function askOver(socket: TLSSocket): Promise<string> {
  socket.write(`HEAD / HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
  return new Promise((resolve) => {
    socket.once('data', (data: Buffer) => resolve(data.toString()));
    socket.once('close', () => resolve(''));
  });
}

/** One line of the log, as an object. */
function logged(server: TestServer, text: string): string | undefined {
  return server.log.split('\n').find((line) => line.includes(text));
}

test('two names by HTTP-01, though many a nonce is refused; kept where nobody else can read', async () => {
  const { ports, pebble } = await stage({ badNonces: 30 });
  await using _pebble = pebble;
  await using server = await startSecure(pebble, {
    ports,
    domain: NAME,
    tls: ['names: [www.example.net]'],
  });
  const ca = await pebble.root();
  const serial = await eventually('HTTPS', () => servedSerial(ports.https, NAME, ca));
  assert.equal(await servedSerial(ports.https, 'www.example.net', ca), serial);
  assert.equal(await servedSerial(ports.oven, NAME, ca), serial);
  assert.equal((await getSecure(`https://${NAME}:${ports.https}/`, ca)).status, 200);
  assert.match(pebble.log, /validate w\/ HTTP/);

  const folder = join(server.stateDir, 'tls', readdirSync(join(server.stateDir, 'tls'))[0] ?? '');
  for (const path of [folder, ...readdirSync(folder).map((file) => join(folder, file))]) {
    assert.equal(statSync(path).mode & 0o077, 0, path);
  }
  assert.doesNotMatch(server.log, /PRIVATE KEY/);
  const kept = readFileSync(join(folder, 'certificate.pem'), 'utf8');
  assert.match(kept, /^-----BEGIN PRIVATE KEY-----[\s\S]+-----BEGIN CERTIFICATE-----/);
});

test('by TLS-ALPN-01 where port 80 is not open; port 80 leads to HTTPS where it is', async () => {
  const { ports, pebble } = await stage();
  await using _pebble = pebble;
  {
    await using _server = await startSecure(pebble, {
      ports,
      domain: NAME,
      tls: ['http_port: off', 'names: [www.example.net]'],
    });
    const ca = await pebble.root();
    await eventually('HTTPS', () => servedSerial(ports.https, 'www.example.net', ca));
    assert.doesNotMatch(pebble.log, /validate w\/ HTTP/);
    // Nobody else gets to see such a certificate, nor a connection.
    await assert.rejects(connectTls(ports.https, NAME, ca, ['acme-tls/1']));
  }
  await using _server = await startSecure(pebble, { ports, domain: NAME });
  await eventually('HTTPS', async () => servedSerial(ports.https, NAME, await pebble.root()));
  const answer = await fetch(`http://127.0.0.1:${ports.http}/show/stage?a=b`, {
    method: 'POST',
    redirect: 'manual',
  });
  assert.equal(answer.status, 308);
  assert.equal(answer.headers.get('location'), `https://${NAME}:${ports.https}/show/stage?a=b`);
});

test('a restart uses what was obtained before, and asks for nothing', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const { ports, pebble } = await stage();
  await using _pebble = pebble;
  const ca = await pebble.root();
  let serial: string | undefined;
  {
    await using _server = await startSecure(pebble, { ports, domain: NAME, stateDir });
    serial = await eventually('HTTPS', () => servedSerial(ports.https, NAME, ca));
  }
  await pebble.down();
  await using _server = await startSecure(pebble, { ports, domain: NAME, stateDir });
  assert.equal(await servedSerial(ports.https, NAME, ca), serial);
});

test('a name more, in a running server: another certificate, and no connection lost', async () => {
  const { ports, pebble } = await stage();
  await using _pebble = pebble;
  await using server = await startSecure(pebble, { ports, domain: NAME });
  const ca = await pebble.root();
  const serial = await eventually('HTTPS', () => servedSerial(ports.https, NAME, ca));
  const kept = await connectTls(ports.https, NAME, ca);
  const before = readFileSync(server.configFile, 'utf8');
  writeFileSync(server.configFile, before.replace('tls:', 'tls:\n  names: [www.example.net]'));
  server.child.kill('SIGHUP');
  const both = await eventually('both names', () =>
    servedSerial(ports.https, 'www.example.net', ca),
  );
  assert.notEqual(both, serial);
  assert.equal(await servedSerial(ports.https, NAME, ca), both);
  assert.match(await askOver(kept), /^HTTP\/1.1 200/);
  kept.destroy();
  assert.match(server.log, /"applied":\["tls\.names"\]/);
});

test('is renewed without a connection lost; what was obtained is served while the authority is away', async () => {
  const { ports, pebble } = await stage({ lifetimeSeconds: 16 });
  await using _pebble = pebble;
  // By TLS-ALPN-01, while the port serves the old certificate.
  await using server = await startSecure(pebble, { ports, domain: NAME, tls: ['http_port: off'] });
  const ca = await pebble.root();
  const first = await eventually('HTTPS', () => servedSerial(ports.https, NAME, ca));
  const kept = await connectTls(ports.https, NAME, ca);
  const second = await eventually('the renewal', async () => {
    assert.match(await askOver(kept), /^HTTP\/1.1 200/);
    const serial = await servedSerial(ports.https, NAME, ca);
    return serial === first ? undefined : serial;
  });
  assert.match(await askOver(kept), /^HTTP\/1.1 200/);
  kept.destroy();

  await pebble.down();
  await new Promise((resolve) => setTimeout(resolve, 9500)); // past the next renewal, with time left
  assert.equal(await servedSerial(ports.https, NAME, ca), second);
  assert.equal((await fetch(server.page(''))).status, 200);
});

test('an authority that is away at the start is asked again; the rest is served meanwhile', async () => {
  const { ports, pebble } = await stage();
  await using _pebble = pebble;
  await pebble.down();
  await using server = await startSecure(pebble, { ports, domain: NAME });
  assert.equal((await fetch(server.page(''))).status, 200);
  await assert.rejects(connectTls(ports.https, NAME, ''));
  // Without a certificate, port 80 leads to where the pages are now.
  const answer = await fetch(`http://127.0.0.1:${ports.http}/`, { redirect: 'manual' });
  assert.equal(answer.status, 307);
  assert.equal(answer.headers.get('location'), `http://${NAME}:${server.http}/`);
  await pebble.up();
  await eventually(
    'HTTPS',
    async () => servedSerial(ports.https, NAME, await pebble.root()),
    40_000,
  );
});

test('a refusal says what to do: DNS, a firewall, another server', async () => {
  const { ports, pebble } = await stage();
  await using _pebble = pebble;
  await pebble.resolve('nowhere.example.net', undefined);
  await pebble.resolve('closed.example.net', '127.0.0.2');
  for (const [name, remedy] of [
    ['nowhere.example.net', /check that nowhere\.example\.net resolves to this server/],
    ['closed.example.net', /Open the TCP ports 80 and 443/],
  ] as const) {
    await using server = await startSecure(pebble, {
      ports,
      domain: NAME,
      tls: [`names: [${name}]`],
    });
    const line = await eventually('a warning', () => logged(server, 'certificate.trouble'));
    assert.match(line, remedy);
    assert.match(line, /It is tried again at 20/);
    assert.equal((await fetch(server.page(''))).status, 200);
  }
});

test('an account of the authority’s own (external account binding)', async () => {
  const key = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
  const { ports, pebble } = await stage({ externalAccount: ['kid-1', key] });
  await using _pebble = pebble;
  {
    await using server = await startSecure(pebble, { ports, domain: NAME });
    const line = await eventually('a warning', () => logged(server, 'certificate.trouble'));
    assert.match(line, /set tls\.external_account_id/);
  }
  await using server = await startSecure(pebble, {
    ports,
    domain: NAME,
    tls: ['external_account_id: kid-1', `external_account_key: "${key}"`],
  });
  await eventually('HTTPS', async () => servedSerial(ports.https, NAME, await pebble.root()));
  assert.ok(!server.log.includes(key));
});
