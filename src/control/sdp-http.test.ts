/** What goes over the wire, as encoders with simple HTTP clients see it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { FakeMedia, PUBLISH_KEY, signallingDeps } from '../../test/fakes/media-gate.ts';
import { readSdp } from '../../test/vectors/sdp/read.ts';
import { whipRoutes } from './whip.ts';

async function start(context: TestContext): Promise<(request: string) => Promise<string>> {
  const app = new Hono().route('/', whipRoutes(signallingDeps(new FakeMedia())));
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (request) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1').on('data', (data) => {
      heard += data;
    });
    // A server may answer and close before it has read all of a body that is too long.
    socket.on('error', () => {});
    socket.write(request);
    await once(socket, 'close');
    return heard;
  };
}

function post(body: string, headers: readonly string[]): string {
  const lines = [
    'POST /show/slot-1/whip HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: close',
    'Content-Type: application/sdp',
    `Authorization: Bearer ${PUBLISH_KEY}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

const offer = readSdp('publish-ffmpeg-9.sdp');

test('the answer has its length and comes in one piece', async (context) => {
  const ask = await start(context);
  const response = await ask(post(offer, [`Content-Length: ${offer.length}`]));
  const [head = '', body = ''] = response.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 201 Created\r\n/);
  assert.doesNotMatch(head, /transfer-encoding/i);
  assert.equal(/content-length: (\d+)/i.exec(head)?.[1], String(body.length));
  const path = /location: (\S+)/i.exec(head)?.[1];
  const end = await ask(`DELETE ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assert.match(end, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(end, /content-length: 0/i);
  assert.doesNotMatch(end, /transfer-encoding/i);
});

test('waits for 100 Continue, as libcurl does', async (context) => {
  const ask = await start(context);
  const headers = [`Content-Length: ${offer.length}`, 'Expect: 100-continue'];
  const response = await ask(post(offer, headers));
  assert.match(response, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/);
});

test('a body that does not say its length is read up to the limit', async (context) => {
  const ask = await start(context);
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const body = `${chunk.repeat(8)}0\r\n\r\n`;
  const response = await ask(post(body, ['Transfer-Encoding: chunked']));
  assert.match(response, /^HTTP\/1\.1 413 /);
});
