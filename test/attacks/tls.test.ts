/** Attack: TLS that never comes to an end, that is none, and HTTP/2 that asks for too much. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { after, test } from 'node:test';
import { connectTls, freeSecurePorts, getSecure, tlsConfig } from '../interop/secure-server.ts';
import { TestAuthority } from '../interop/test-authority.ts';
import { setStage } from './stage.ts';
import { closedWithin, dial, openSession, pause, viewerOffer } from './stranger.ts';
import { costOf } from './usage.ts';

const authority = new TestAuthority();
authority.issue(['localhost']);
after(() => authority[Symbol.dispose]());
const ports = await freeSecurePorts();
const stage = setStage({
  config: tlsConfig({
    ports,
    domain: 'localhost',
    tls: ['mode: files', `certificate: ${authority.certificateFile}`, `key: ${authority.keyFile}`],
  }),
});
const site = `https://localhost:${ports.https}`;

/** The head of a ClientHello record of 512 bytes, of which no more comes. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');
const CROWD = 300;
const LOGIN = ['/api/login', 'application/json'] as const;
const WHEP = ['/show/nobody/whep', 'application/sdp'] as const;
/** With 64 bodies each: 290 MB. */
const BODY_CONNECTIONS = 70;
/** Of the 64 kB that a body may have. */
const ALMOST_ALL = Buffer.alloc(65_000, 32);

/** One connection of HTTP/2, whose end is no error. */
async function openHttp2(): Promise<ClientHttp2Session> {
  const session = connectHttp2(site, { ca: authority.ca });
  session.on('error', () => {});
  await new Promise((resolve) => session.once('connect', resolve));
  return session;
}

for (const [name, port] of [
  ['the HTTPS port', ports.https],
  ["OvenPlayer's port", ports.oven],
] as const) {
  test(`handshakes that stop, and bytes that are none, end in time: ${name}`, () =>
    stage.innocents.untouchedBy(async () => {
      const openings = [
        Buffer.alloc(0),
        HALF_HELLO,
        randomBytes(300),
        Buffer.from('GET / HTTP/1.1\r\n'),
      ];
      const crowd = await Promise.all(
        Array.from({ length: CROWD }, async (_, index) => {
          const socket = await dial(port);
          socket.write(openings[index % openings.length] ?? '');
          return socket;
        }),
      );
      assert.equal((await getSecure(`${site}/`, authority.ca)).status, 200, 'meanwhile');
      const closed = await Promise.all(crowd.map((socket) => closedWithin(socket, 16_000)));
      for (const socket of crowd) socket.destroy();
      assert.equal(closed.filter((isClosed) => !isClosed).length, 0);
    }));
}

test('a connection that was encrypted and then says nothing ends in time', () =>
  stage.innocents.untouchedBy(async () => {
    for (const alpn of [['http/1.1'], ['h2'], []]) {
      const socket = await connectTls(ports.https, 'localhost', authority.ca, alpn);
      assert.ok(await closedWithin(socket, 34_000), String(alpn));
    }
  }));

test('HTTP/2: few streams at once, and resets without end close the connection', () =>
  stage.innocents.untouchedBy(async () => {
    // Rapid reset: opened and taken back at once, again and again.
    const flood = await openHttp2();
    await pause(200);
    assert.equal(flood.remoteSettings.maxConcurrentStreams, 64);
    const closed = new Promise<boolean>((resolve) => flood.once('close', () => resolve(true)));
    for (let round = 0; round < 30; round++) {
      for (let index = 0; index < 200 && !flood.destroyed && !flood.closed; index++) {
        const request = flood.request({ ':path': '/' });
        request.on('error', () => {});
        request.close(constants.NGHTTP2_CANCEL);
      }
      await pause(20);
    }
    const ended = await Promise.race([closed, pause(15_000).then(() => false)]);
    flood.destroy();
    assert.ok(ended, 'the server ended the connection');
    assert.equal((await getSecure(`${site}/`, authority.ca)).status, 200);
  }));

test('HTTP/2: a body that trickles is cut off in time', () =>
  stage.innocents.untouchedBy(async () => {
    const session = await openHttp2();
    const request = session.request({
      ':path': '/show/innocent/whep',
      ':method': 'POST',
      'content-type': 'application/sdp',
    });
    request.on('error', () => {});
    const startMs = performance.now();
    const dripping = setInterval(() => request.write('v'), 500);
    await Promise.race([new Promise((resolve) => request.once('close', resolve)), pause(30_000)]);
    clearInterval(dripping);
    const waitMs = performance.now() - startMs;
    session.destroy();
    assert.ok(waitMs < 24_000, `${Math.round(waitMs)} ms`);
  }));

test('HTTP/2: bodies that never end hold little, and keep nobody else from watching', () =>
  stage.innocents.untouchedBy(async () => {
    const sessions: ClientHttp2Session[] = [];
    const flood = async () => {
      for (let index = 0; index < BODY_CONNECTIONS; index++) {
        const session = await openHttp2();
        sessions.push(session);
        sendBodies(session, index % 2 === 0 ? '203.0.113.7' : `10.1.${index}.1`);
      }
      await pause(2000);
      await openSession(stage.server, 'show/innocent/whep', viewerOffer(), {
        'x-forwarded-for': '192.0.2.7',
      });
    };
    const cost = await costOf(
      stage.server,
      `${64 * BODY_CONNECTIONS} bodies that never end`,
      flood,
    );
    for (const session of sessions) session.destroy();
    assert.ok(cost.grownMiB < 350, `${cost.grownMiB} MiB`);
  }));

/** As many as one connection may have under way, none of which ends. */
function sendBodies(session: ClientHttp2Session, from: string): void {
  for (let index = 0; index < 64; index++) {
    const [path, type] = index % 2 === 0 ? LOGIN : WHEP;
    const request = session.request({
      ...{ ':path': path, ':method': 'POST', 'content-type': type, 'x-forwarded-for': from },
    });
    request.on('error', () => {});
    request.write(ALMOST_ALL);
  }
}
