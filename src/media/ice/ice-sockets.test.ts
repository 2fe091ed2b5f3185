/** Both ICE listeners on loopback: whose packet is it, and what strangers get. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { loadAddon } from '../../native/load.ts';
import { FrameReader, frame } from '../../protocols/ice/framing.ts';
import { LiteAgent } from '../../protocols/ice/lite-agent.ts';
import { parseStunMessage, writeStunMessage } from '../../protocols/stun/message.ts';
import type { IcePath } from './ice-path.ts';
import { IceRouter, type RouterSession } from './router.ts';
import { IceTcpListener } from './tcp-listener.ts';
import { IceUdpListener } from './udp-listener.ts';
import { IceUdpPort } from './udp-port.ts';

const router = new IceRouter();
const common = {
  address: '127.0.0.1',
  port: 0,
  router,
  addon: loadAddon(),
  complain: (text: string) => assert.fail(text),
  clockMs: () => performance.now(),
};
const udp = await IceUdpListener.open(common);
const tcp = await IceTcpListener.open(common);
const sockets: UdpSocket[] = [];
const streams: Socket[] = [];

after(() => {
  for (const socket of sockets) socket.close();
  for (const stream of streams) stream.destroy();
  udp.close();
  tcp.close();
});

/** Answers checks and keeps everything else. */
class Session implements RouterSession {
  readonly agent: LiteAgent;
  readonly heard: string[] = [];
  readonly closed: IcePath[] = [];
  path: IcePath | undefined;

  constructor(ufrag: string) {
    this.agent = new LiteAgent({
      local: { ufrag, pwd: `password of ${ufrag}` },
      remote: { ufrag: 'x', pwd: 'of no use: nobody moves here' },
      transports: ['udp', 'tcp'],
      random: randomBytes,
    });
    router.register(ufrag, this);
  }

  onPacket(bytes: Uint8Array, path: IcePath, nowMs: number): void {
    if (bytes[0] !== 0) {
      this.heard.push(Buffer.from(bytes).toString());
      return;
    }
    const result = this.agent.receive(bytes, path, nowMs);
    if (typeof result === 'string') return;
    this.path = path;
    if (result.response) path.write(result.response);
  }

  onPathClosed(path: IcePath): void {
    this.agent.forget(path);
    this.closed.push(path);
  }

  isValidPath(path: IcePath): boolean {
    return this.agent.isValid(path);
  }
}

function checkFor(ufrag: string, password: string): Uint8Array {
  return writeStunMessage(
    {
      class: 'request',
      transactionId: new Uint8Array(12),
      username: `${ufrag}:x`,
      role: 'controlling',
      useCandidate: true,
    },
    password,
  );
}

async function openUdp(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function openTcp(): Promise<Socket> {
  const stream = connect(tcp.port, '127.0.0.1');
  streams.push(stream);
  stream.on('error', () => {}); // a cut connection may say ECONNRESET before it says 'close'
  await once(stream, 'connect');
  return stream;
}

/** Sends a check and gives the address that the answer shows. */
async function checkOverUdp(socket: UdpSocket, ufrag: string): Promise<number | undefined> {
  const answer = once(socket, 'message');
  socket.send(checkFor(ufrag, `password of ${ufrag}`), udp.port, '127.0.0.1');
  const [bytes] = await answer;
  const message = parseStunMessage(bytes);
  assert.ok(typeof message === 'object', `${message}`);
  return message.mappedAddress?.port;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 5000;
  while (!isTrue()) {
    assert.ok(performance.now() < endMs, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('UDP: a check makes the address a path, and what follows is the session’s', async () => {
  const session = new Session('udp-one');
  const socket = await openUdp();
  assert.equal(await checkOverUdp(socket, 'udp-one'), socket.address().port);
  assert.equal(session.path?.remote, `127.0.0.1:${socket.address().port}`);
  socket.send('media', udp.port, '127.0.0.1');
  await until(() => session.heard.length === 1, 'media');
  const before = udp.pathCount;
  router.unregister(session);
  assert.equal(udp.pathCount, before - 1);
});

test('TCP: a connection that another port accepted is one like its own', async () => {
  const session = new Session('adopted');
  const elsewhere = createServer();
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const { port } = elsewhere.address() as AddressInfo;
  const stream = connect(port, '127.0.0.1');
  streams.push(stream);
  const [socket] = (await once(elsewhere, 'connection')) as [Socket];
  elsewhere.close();
  const check = frame(checkFor('adopted', 'password of adopted'));
  socket.unshift(check.subarray(0, 10));
  tcp.adopt(socket, { address: '198.51.100.7', port: 7 });
  stream.write(check.subarray(10));
  await until(() => session.path !== undefined, 'the check');
  assert.equal(session.path?.remote, '198.51.100.7:7');
  router.unregister(session);
  await once(stream.resume(), 'close');
});

test('UDP: strangers get no answer and leave nothing behind', async () => {
  const session = new Session('udp-two');
  const socket = await openUdp();
  const answers: unknown[] = [];
  socket.on('message', (bytes) => answers.push(bytes));
  const before = { paths: udp.pathCount, strangers: udp.strangers };
  socket.send('media', udp.port, '127.0.0.1');
  socket.send(checkFor('nobody', 'x'), udp.port, '127.0.0.1');
  socket.send(checkFor('udp-two', 'wrong'), udp.port, '127.0.0.1');
  socket.send('media', udp.port, '127.0.0.1');
  await until(() => udp.strangers === before.strangers + 3, 'three strangers');
  assert.equal(udp.pathCount, before.paths);
  assert.deepEqual([answers, session.heard], [[], []]);
  router.unregister(session);
});

test('UDP: an address goes over to the session that proves it, and to no other', async () => {
  const [former, next] = [new Session('udp-former'), new Session('udp-next')];
  const socket = await openUdp();
  await checkOverUdp(socket, 'udp-former');
  const path = former.path;
  socket.send(checkFor('udp-next', 'wrong'), udp.port, '127.0.0.1');
  socket.send('still the former', udp.port, '127.0.0.1');
  await until(() => former.heard.length === 1, 'the former hears');
  await checkOverUdp(socket, 'udp-next');
  assert.deepEqual(former.closed, [path]);
  socket.send('for the next', udp.port, '127.0.0.1');
  await until(() => next.heard.length === 1, 'the next hears');
  assert.deepEqual(former.heard, ['still the former']);
  router.unregister(former);
  socket.send('again', udp.port, '127.0.0.1');
  await until(() => next.heard.length === 2, 'the former takes nothing with it');
  router.unregister(next);
});

test('UDP: one session’s password does not fill our memory from many addresses', async () => {
  const session = new Session('udp-many');
  const before = udp.pathCount;
  for (let index = 0; index < 60; index++) await checkOverUdp(await openUdp(), 'udp-many');
  assert.equal(udp.pathCount - before, session.agent.validPaths);
  assert.ok(session.agent.validPaths < 60);
  router.unregister(session);
  assert.equal(udp.pathCount, before);
});

test('TCP: frames go both ways, and the end of the connection is told', async () => {
  const session = new Session('tcp-one');
  const stream = await openTcp();
  const answer = once(stream, 'data');
  stream.write(frame(checkFor('tcp-one', 'password of tcp-one')));
  const reader = new FrameReader();
  reader.receive((await answer)[0]);
  const packet = reader.poll();
  assert.ok(packet instanceof Uint8Array);
  const message = parseStunMessage(packet);
  assert.ok(typeof message === 'object');
  assert.equal(message.mappedAddress?.port, stream.localPort);
  const media = frame(Buffer.from('media'));
  for (const byte of media) stream.write(Uint8Array.of(byte));
  await until(() => session.heard.length === 1, 'media');
  stream.end();
  await until(() => session.closed.length === 1, 'the end');
  router.unregister(session);
});

test('TCP: a connection ends with its session', async () => {
  const session = new Session('tcp-two');
  const stream = await openTcp();
  stream.write(frame(checkFor('tcp-two', 'password of tcp-two')));
  await until(() => session.path !== undefined, 'the check');
  session.path?.write(Buffer.from('goodbye'));
  const heard: Buffer[] = [];
  stream.on('data', (chunk) => heard.push(chunk));
  router.unregister(session);
  await once(stream, 'close');
  assert.ok(Buffer.concat(heard).toString('latin1').includes('goodbye'));
  assert.deepEqual(session.closed, [], 'it knows already');
});

const strangers = [
  { name: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
  { name: 'media first', bytes: frame(Buffer.from('media')) },
  { name: 'an empty frame', bytes: frame(new Uint8Array()) },
  { name: 'the wrong password', bytes: frame(checkFor('tcp-three', 'wrong')) },
];

test('TCP: strangers are cut off', async () => {
  const session = new Session('tcp-three');
  for (const { name, bytes } of strangers) {
    const stream = await openTcp();
    let answered = false;
    stream.on('data', () => {
      answered = true;
    });
    stream.write(bytes);
    await once(stream, 'close');
    assert.ok(!answered, name);
  }
  await until(() => tcp.connectionCount === 0, 'all forgotten');
  assert.deepEqual(session.heard, []);
  router.unregister(session);
});

test('where a family has several addresses, each has a socket: answers come from where the question went', async () => {
  const several = ['127.0.0.1', '127.0.0.2', '10.77.0.200', '::1', '2001:db8::1'];
  const one = await IceUdpPort.open({ ...common, address: '0.0.0.0' }, () => ['127.0.0.1']);
  assert.equal(one.socketCount, 1);
  one.close();
  const specific = await IceUdpPort.open({ ...common, address: '127.0.0.2' }, () => several);
  assert.equal(specific.socketCount, 1);
  specific.close();
  // Of these only the loopback ones can be bound on the machine that tests.
  const many = await IceUdpPort.open({ ...common, address: '0.0.0.0' }, () => [
    ...several,
    '10.77.0.201',
  ]);
  assert.equal(many.socketCount, 2);
  assert.ok(many.port > 0);
  many.close();
  const taken = createSocket('udp4').bind(0, '127.0.0.2');
  await once(taken, 'listening');
  const { port } = taken.address();
  const opening = IceUdpPort.open({ ...common, address: '0.0.0.0', port }, () => [
    ...several,
    '10.77.0.201',
  ]);
  await assert.rejects(opening, { code: 'EADDRINUSE' });
  taken.close();
});
