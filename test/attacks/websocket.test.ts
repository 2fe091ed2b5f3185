/** Attack: WebSockets that are too large, too many words, too small pieces, or deaf; and those of other sites' pages. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { setStage } from './stage.ts';
import { closedWithin, dial, pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

/** One masked frame of a client's (RFC 6455 §5.2), its mask all zeros. */
function frame(opcode: number, payload: Uint8Array, isLast = true): Buffer {
  const header = Buffer.alloc(payload.length < 126 ? 6 : 8);
  header[0] = (isLast ? 0x80 : 0) | opcode;
  header[1] = 0x80 | Math.min(payload.length, 126);
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** A WebSocket whose frames are ours to write. */
async function upgraded(port: number, path = '/show/nobody'): Promise<Socket> {
  const socket = await dial(port);
  socket.write(
    [
      ...[`GET ${path} HTTP/1.1`, 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Version: 13'],
      ...['', ''],
    ].join('\r\n'),
  );
  const [head] = await once(socket, 'data');
  assert.match(String(head), /^HTTP\/1\.1 101 /);
  return socket;
}

const tooMuch: Readonly<Record<string, () => Buffer>> = {
  'a message of 100 kB': () =>
    Buffer.concat([
      Buffer.of(0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0),
      Buffer.alloc(100_000),
    ]),
  'a message of 2^62 bytes': () =>
    Buffer.of(0x81, 0xff, 0x3f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0),
  'pieces that add up to more': () =>
    Buffer.concat([
      frame(OPCODE.text, Buffer.alloc(40_000, 32), false),
      frame(OPCODE.continuation, Buffer.alloc(40_000, 32)),
    ]),
  'a text in a thousand pieces': () =>
    Buffer.concat([
      frame(OPCODE.text, Buffer.from(' '), false),
      ...Array.from({ length: 1000 }, () => frame(OPCODE.continuation, Buffer.from(' '), false)),
    ]),
  'a thousand messages': () =>
    Buffer.concat(
      Array.from({ length: 1000 }, () => frame(OPCODE.text, Buffer.from('{"command":"pong"}'))),
    ),
  'binary messages': () => frame(OPCODE.binary, Buffer.alloc(8)),
  'a text that is no UTF-8': () => frame(OPCODE.text, Buffer.of(0xff, 0xfe)),
  'frames without a mask': () => Buffer.of(0x81, 2, 0x7b, 0x7d),
  'reserved bits': () => frame(0x70 | OPCODE.text, Buffer.from('{}')),
  'JSON 20 000 deep': () => frame(OPCODE.text, Buffer.from('['.repeat(20_000))),
  'no object': () => frame(OPCODE.text, Buffer.from('null')),
  'an unknown command': () => frame(OPCODE.text, Buffer.from('{"command":"__proto__"}')),
  'an answer to nothing': () =>
    frame(
      OPCODE.text,
      Buffer.from('{"command":"answer","id":1,"sdp":{"type":"answer","sdp":"v=0"}}'),
    ),
};

test('what no player sends ends the socket', () =>
  stage.innocents.untouchedBy(async () => {
    for (const [name, bytes] of Object.entries(tooMuch)) {
      const socket = await upgraded(stage.server.http);
      socket.write(bytes());
      // A close frame is to be answered by the other side; ours does not.
      const closing = once(socket, 'data', { signal: AbortSignal.timeout(3000) }).then(
        () => true,
        () => false,
      );
      const ended = await Promise.race([closedWithin(socket, 3000), closing]);
      assert.ok(ended, name);
      socket.destroy();
    }
  }));

test('sockets that ask without reading the answers are ended, and hold little meanwhile', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sockets = await Promise.all(Array.from({ length: 4 }, () => upgraded(server.http)));
    const cost = await costOf(server, '4 deaf WebSockets that ping', async () => {
      await Promise.all(sockets.map(pingWithoutReading));
    });
    assert.ok(cost.grownMiB < 64, `${cost.grownMiB} MiB more`);
  }));

/** Up to 200 MB of pings: far more than what the kernel keeps for a deaf peer. */
async function pingWithoutReading(socket: Socket): Promise<void> {
  const pings = Buffer.concat(
    Array.from({ length: 1000 }, () => frame(OPCODE.ping, Buffer.alloc(125))),
  );
  let closed = false;
  const closing = new Promise<void>((resolve) => {
    socket.once('close', () => {
      closed = true;
      resolve();
    });
  });
  socket.pause();
  for (let round = 0; round < 1500 && !closed; round++) {
    const isTaken = socket.write(pings);
    if (!isTaken)
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closing]);
  }
  assert.ok(closed, 'ended');
}

test('messages that never end hold little', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const pieces = Buffer.concat(
      Array.from({ length: 4000 }, () => frame(OPCODE.continuation, Buffer.from(' '), false)),
    );
    const sockets: Socket[] = [];
    const cost = await costOf(
      server,
      '100 WebSockets with 4000 pieces of a message each',
      async () => {
        for (let index = 0; index < 100; index++) {
          const socket = await upgraded(server.http);
          socket.write(frame(OPCODE.text, Buffer.from(' '), false));
          socket.write(pieces);
          sockets.push(socket);
        }
        await pause(500);
      },
    );
    for (const socket of sockets) socket.destroy();
    assert.ok(cost.grownMiB < 48, `${cost.grownMiB} MiB more`);
  }));

test('a refused upgrade does not leave its connection behind', () =>
  stage.innocents.untouchedBy(async () => {
    for (const path of ['/', '/no/such/app', '/%00/x', '//x', '/a b']) {
      const socket = await dial(stage.server.http);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
      );
      assert.ok(await ended(socket), path);
    }
  }));

/** Whether the other side lets go, though we never close our half. */
async function ended(socket: Socket): Promise<boolean> {
  socket.allowHalfOpen = true;
  socket.resume();
  await once(socket, 'end');
  // Had it only closed its half, this would be taken in.
  const endMs = performance.now() + 3000;
  while (!socket.destroyed && performance.now() < endMs) {
    socket.write('x');
    await pause(50);
  }
  return socket.destroyed;
}

test("a page of another site gets what its visitors' browsers may see anyway: the stream, nothing of the owner's", () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const socket = new WebSocket(server.websocket('show/innocent'), {
      origin: 'https://evil.example',
    });
    await once(socket, 'open');
    socket.send('{"command":"request_offer"}');
    const [offer] = await once(socket, 'message');
    assert.match(String(offer), /"command":"offer"/);
    assert.ok(!String(offer).includes(server.key));
    socket.close();
    const publishing = new WebSocket(`${server.websocket('show/innocent')}?direction=send`, {
      origin: 'https://evil.example',
    });
    await once(publishing, 'open');
    publishing.send('{"command":"request_offer"}');
    const [refusal] = await once(publishing, 'message');
    assert.match(String(refusal), /"code":404/);
    publishing.close();
  }));
