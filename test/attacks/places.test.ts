/** Attack: to take all places that the owner gives to viewers, by asking for them and never coming. */
import { after, before, test } from 'node:test';
import { TestServer } from '../interop/server.ts';
import { dial, openSession, pause, viewerOffer } from './stranger.ts';

const PLACES = 40;

let server: TestServer;

before(async () => {
  server = await TestServer.start({ config: `limits: {viewers: ${PLACES}}` });
});
after(() => server?.stop());

const from = (address: string) => ({ 'x-forwarded-for': address });

function watch(address: string): Promise<unknown> {
  return openSession(server, 'show/x/whep', viewerOffer(), from(address));
}

test('offers of which the rest never comes leave places to others', async () => {
  const head = [
    'POST /show/x/whep HTTP/1.1',
    'Host: x',
    'X-Forwarded-For: 203.0.113.7',
    'Content-Type: application/sdp',
    'Content-Length: 6000',
  ];
  const sockets = await Promise.all(Array.from({ length: 2 * PLACES }, () => dial(server.http)));
  for (const socket of sockets) socket.write(`${head.join('\r\n')}\r\n\r\nv=0\r\n`);
  await pause(500);
  await watch('192.0.2.7');
  for (const socket of sockets) socket.destroy();
});

test('so do offers that were answered, and that nobody comes by', async () => {
  for (let index = 0; index < 2 * PLACES; index++) {
    await watch('203.0.113.8').catch(() => undefined);
  }
  await watch('192.0.2.8');
});
