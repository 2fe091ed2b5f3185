import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { House } from '../../../test/fakes/front-door.ts';
import { frame } from '../../protocols/ice/framing.ts';
import { writeStunMessage } from '../../protocols/stun/message.ts';
import { UNDECIDED_PER_NETWORK_MAX } from './undecided.ts';

const HOST = '127.0.0.1';
const check = frame(
  writeStunMessage(
    { class: 'request', transactionId: new Uint8Array(12).fill(7), username: 'a:b' },
    'pw',
  ),
);
const c0c1 = Buffer.concat([Buffer.of(3), Buffer.alloc(1536, 5)]);

async function readAll(socket: Socket, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

const guests = [
  { name: 'ice-tcp', bytes: Buffer.from(check) },
  { name: 'rtmp', bytes: c0c1 },
] as const;

for (const { name, bytes } of guests) {
  test(`${name} moves with all that came, byte by byte, and nothing is lost behind`, async () => {
    const house = await House.open();
    const client = (await house.dial()).setNoDelay(true);
    for (const byte of bytes.subarray(0, 16)) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    client.write(bytes.subarray(16));
    const { connection, socket } = await house.given();
    client.write('and more');
    const want = Buffer.concat([bytes, Buffer.from('and more')]);
    assert.deepEqual(await readAll(socket, want.length), want);
    assert.equal(connection.protocol, name);
    assert.deepEqual(connection.remote, { address: HOST, port: client.localPort });
    socket.write('an answer');
    assert.equal((await readAll(client, 9)).toString(), 'an answer');
    socket.end();
    await once(client, 'close'); // only now
    assert.equal(house.door.undecidedCount, 0);
  });
}

test('a stream that goes on while the connection moves arrives whole', async () => {
  const house = await House.open();
  const client = await house.dial();
  const block = Buffer.alloc(64 * 1024, 1);
  client.write(c0c1);
  for (let index = 0; index < 200; index++) client.write(block);
  client.end();
  const { socket } = await house.given();
  const got = await readAll(socket);
  assert.equal(got.length, c0c1.length + 200 * block.length);
});

test('a connection that is reset while it moves does no harm', async () => {
  const house = await House.open();
  for (let index = 0; index < 50; index++) {
    const client = await house.dial();
    client.write(check, () => client.resetAndDestroy());
  }
  const client = await house.dial();
  client.write(check);
  for (;;) {
    const { connection, socket } = await house.given();
    socket.resume();
    if (connection.remote.port === client.localPort) break;
  }
});

test('HTTP/2, HTTP/1.1, and a client of HTTP that names no protocol', async () => {
  const house = await House.open();
  const session = connectHttp2(`https://127.0.0.1:${house.port}`, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/two' });
  let body = '';
  for await (const chunk of stream) body += chunk;
  session.close();
  assert.equal(body, `HTTP/2.0 127.0.0.1:${house.port} /two TLS`);
  for (const alpn of [['http/1.1'], undefined]) {
    const socket = await house.dialTls(alpn);
    socket.write('GET /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match((await readAll(socket)).toString(), /HTTP\/1\.1 x \/one TLS$/);
  }
});

test('a handshake that is done takes no place of those that are not', async () => {
  const house = await House.open();
  const socket = await house.dialTls(['http/1.1']);
  while (house.door.undecidedCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.write('GET /one HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.match((await readAll(socket, 1)).toString(), /^HTTP\/1\.1 200/);
  assert.equal(house.door.undecidedCount, 0);
});

test('in the clear: served where there is no certificate, and told where there is one', async () => {
  for (const isEncrypted of [true, false]) {
    const house = await House.open({ isEncrypted });
    const socket = await house.dial();
    socket.write('GET /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const answer = (await readAll(socket)).toString();
    assert.match(
      answer,
      isEncrypted ? /^HTTP\/1\.1 400 .*https:\/\//s : /HTTP\/1\.1 x \/one clear$/,
    );
  }
});

test('what is not let in is closed', async () => {
  const house = await House.open({ isEncrypted: true, protocols: [] });
  for (const { bytes } of guests) {
    const socket = await house.dial();
    socket.write(bytes);
    assert.equal((await readAll(socket).catch(() => Buffer.alloc(0))).length, 0);
  }
  const encoder = await house.dialTls();
  encoder.write(c0c1);
  assert.equal((await readAll(encoder).catch(() => Buffer.alloc(0))).length, 0);
  const junk = await house.dial();
  junk.write('\0\0\0\0');
  assert.equal((await readAll(junk)).length, 0);
  assert.equal(house.adopted.length, 0);
});

test('RTMPS is decrypted on the way; an encoder is held back while nobody reads', async () => {
  const house = await House.open();
  const encoder = await house.dialTls();
  encoder.write(c0c1);
  const { connection, socket } = await house.given();
  assert.equal(connection.protocol, 'rtmp');
  assert.deepEqual(connection.remote, { address: HOST, port: encoder.localPort });
  socket.write('S0S1S2');
  assert.equal((await readAll(encoder, 6)).toString(), 'S0S1S2');

  const block = Buffer.alloc(256 * 1024, 9);
  let written = c0c1.length;
  while (encoder.writableLength < 8 * block.length) {
    encoder.write(block);
    written += block.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(written < 64 * 1024 * 1024, 'it is never held back');
  }
  const heldBytes = written - encoder.writableLength;
  assert.ok(heldBytes < 16 * 1024 * 1024, `${heldBytes} bytes are on the way`);
  encoder.end();
  const got = await readAll(socket);
  assert.equal(got.length, written);
});

test('the last words of RTMPS arrive, and a client that stays is cut', async () => {
  const house = await House.open();
  const encoder = await house.dialTls();
  encoder.write(c0c1);
  const { socket } = await house.given();
  socket.resume();
  socket.end('goodbye');
  assert.equal((await readAll(encoder, 7)).toString(), 'goodbye');
  const startMs = performance.now();
  socket.destroy();
  await once(encoder.resume(), 'close');
  assert.ok(performance.now() - startMs < 3000);
});

test('the oldest of those that say nothing gives way to the next', async () => {
  const house = await House.open();
  const first = await house.dial();
  const closed = once(first.resume(), 'close');
  const others: Socket[] = [];
  for (let index = 0; index < UNDECIDED_PER_NETWORK_MAX; index++) others.push(await house.dial());
  await closed;
  assert.equal(house.door.undecidedCount, UNDECIDED_PER_NETWORK_MAX);
  assert.equal(house.complaints.length, 1);
  for (const socket of others) socket.destroy();
  while (house.door.undecidedCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});
