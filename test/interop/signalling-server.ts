/** WHIP, WHEP and OvenPlayer's signalling on real ports, before a media plane that only waits for the first check. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { TestContext } from 'node:test';
import { Hono } from 'hono';
import { ovenSocket } from '../../src/control/oven.ts';
import { whepRoutes } from '../../src/control/whep.ts';
import { whipRoutes } from '../../src/control/whip.ts';
import { nodeEnv } from '../fakes/access.ts';
import { FakeMedia, PUBLISH_KEY, signallingDeps, streamName } from '../fakes/media-gate.ts';

const TIMEOUT_MS = 10_000;

/** Listens where our candidates point, for STUN checks; gives the USERNAME of the first (RFC 8489 §14.3). */
async function listenForChecks(context: TestContext) {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  const tcp = createTcpServer().listen(0, '127.0.0.1');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  context.after(() => {
    udp.close();
    tcp.close();
  });
  const first = Promise.withResolvers<{ username: string; transport: 'udp' | 'tcp' }>();
  udp.on('message', (message) =>
    first.resolve({ username: usernameOf(message), transport: 'udp' }),
  );
  tcp.on('connection', (socket) => {
    context.after(() => socket.destroy());
    // RFC 4571: two bytes of length go before each message.
    socket.once('data', (data) =>
      first.resolve({ username: usernameOf(data.subarray(2)), transport: 'tcp' }),
    );
    socket.on('error', () => {});
  });
  const late = setTimeout(() => first.reject(new Error('no check came')), TIMEOUT_MS);
  context.after(() => clearTimeout(late));
  first.promise.catch(() => {}); // not every test waits for it
  const ports = { udp: udp.address().port, tcp: (tcp.address() as AddressInfo).port };
  return { ports, firstCheck: first.promise };
}

function usernameOf(message: Buffer): string {
  assert.equal(message.readUInt16BE(0), 1, 'a Binding request');
  for (let at = 20; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    if (message.readUInt16BE(at) === 6) return message.toString('latin1', at + 4, at + 4 + length);
    at += 4 + length + (-length & 3);
  }
  return assert.fail('a check without USERNAME');
}

/** Starts it all; it ends with the test. */
export async function startSignalling(context: TestContext) {
  const { ports, firstCheck } = await listenForChecks(context);
  const media = new FakeMedia();
  const deps = {
    ...signallingDeps(media),
    candidates: (transports: readonly ('udp' | 'tcp')[]) =>
      transports.map((transport) => ({ transport, address: '127.0.0.1', port: ports[transport] })),
  };
  const app = new Hono().route('/', whipRoutes(deps)).route('/', whepRoutes(deps));
  const oven = ovenSocket(deps);
  const server = createHttpServer();
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '', 'http://x');
    oven.handleUpgrade(request, socket, head, streamName(url.pathname.slice(1)), url.searchParams);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    oven.close();
    server.close();
  });
  const post = async (url: string, body: string) => {
    const headers = { 'Content-Type': 'application/sdp', Authorization: `Bearer ${PUBLISH_KEY}` };
    const response = await app.request(url, { method: 'POST', headers, body }, nodeEnv(headers));
    const text = await response.text();
    assert.equal(response.status, 201, text);
    return { answer: text, location: response.headers.get('location') ?? '' };
  };
  return { media, app, post, firstCheck, port: (server.address() as AddressInfo).port };
}
