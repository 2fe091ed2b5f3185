import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { EngineDouble, TranscoderDouble } from '../../../test/doubles/publishing.ts';
import { rtmpCaptures } from '../../../test/vectors/rtmp/read.ts';
import type { StreamName } from '../../base/names.ts';
import type { AccessDecision } from '../../channel/messages.ts';
import { RtmpListener, type RtmpListenerOptions } from './listener.ts';

function options(engine: EngineDouble, complaints: string[]): RtmpListenerOptions {
  return {
    address: '127.0.0.1',
    port: 0,
    opusBitrateBps: () => 128_000,
    bFrames: () => 'drop',
    authorise: async ({ stream }) => ({ allowed: true, stream, lifetimeMs: undefined }),
    onAskerGone: () => {},
    publish: (stream, _, source, listener) => engine.publish(stream, source, listener),
    rttMs: () => undefined,
    createTranscoder: new TranscoderDouble().create,
    complain: (text) => complaints.push(text),
    clockMs: () => performance.now(),
  };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What the server says until it closes. */
async function listen(socket: Socket): Promise<string> {
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
  });
  await once(socket, 'close');
  return said;
}

test('a port in use is an error with its code', async () => {
  const first = await RtmpListener.open(options(new EngineDouble(), []));
  const second = { ...options(new EngineDouble(), []), port: first.port };
  await assert.rejects(RtmpListener.open(second), { code: 'EADDRINUSE' });
  await first.close('server-stopping');
});

test('a capture over a real socket', async () => {
  const engine = new EngineDouble();
  const listener = await RtmpListener.open(options(engine, []));
  const socket = await dial(listener.port);
  socket.write(rtmpCaptures.librtmp);
  await listen(socket);
  assert.equal(engine.publishers[0]?.closeReason, 'left');
  assert.equal(engine.publishers[0].tracks.video?.frames().length, 10);
  await listener.close('server-stopping');
  assert.equal(listener.connectionCount, 0);
});

test('a connection that another port accepted is one like its own, until the end', async () => {
  const elsewhere = createServer();
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const { port } = elsewhere.address() as AddressInfo;
  const engine = new EngineDouble();
  const asked: string[] = [];
  const listener = await RtmpListener.open({
    ...options(engine, []),
    authorise: async ({ stream, client }) => {
      asked.push(`${client.address}:${client.port}`);
      return { allowed: true, stream, lifetimeMs: undefined };
    },
  });
  const adoptNext = async (): Promise<Socket> => {
    const accepting = once(elsewhere, 'connection');
    const socket = await dial(port);
    const [accepted] = (await accepting) as [Socket];
    listener.adopt(accepted, { address: '198.51.100.7', port: 7 });
    return socket;
  };
  const socket = await adoptNext();
  socket.write(rtmpCaptures.librtmp);
  await listen(socket);
  assert.deepEqual(asked, ['198.51.100.7:7']);
  assert.equal(engine.publishers[0]?.closeReason, 'left');
  await listener.close('server-stopping');
  const late = await adoptNext();
  await once(late.resume(), 'close');
  assert.equal(listener.connectionCount, 0);
  elsewhere.close();
});

test('what is no RTMP is shown the door, and counted', async () => {
  const complaints: string[] = [];
  const listener = await RtmpListener.open(options(new EngineDouble(), complaints));
  const socket = await dial(listener.port);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  assert.equal(await listen(socket), '');
  assert.deepEqual(complaints, ['rtmp: handshake-not-rtmp']);
  await listener.close('server-stopping');
});

test('a refusal reaches the encoder in words', async () => {
  const refused: AccessDecision = {
    allowed: false,
    reason: 'wrong-key',
    message: 'Not this key.',
    retryAfterS: undefined,
  };
  const engine = new EngineDouble();
  const listener = await RtmpListener.open({
    ...options(engine, []),
    authorise: async () => refused,
  });
  const socket = await dial(listener.port);
  socket.write(rtmpCaptures.ffmpeg);
  assert.match(await listen(socket), /NetStream\.Publish\.Denied.*Not this key\./s);
  assert.deepEqual(engine.publishers, []);
  await listener.close('server-stopping');
});

test('a decision that comes too late, or never well, costs one connection', async () => {
  const engine = new EngineDouble();
  let decide: (decision: AccessDecision) => void = () => {};
  const listener = await RtmpListener.open({
    ...options(engine, []),
    authorise: () =>
      new Promise((resolve) => {
        decide = resolve;
      }),
  });
  const socket = await dial(listener.port);
  socket.write(rtmpCaptures.ffmpeg.subarray(0, 5000));
  await once(socket, 'data');
  socket.destroy();
  while (listener.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  decide({ allowed: true, stream: 'show/late' as StreamName, lifetimeMs: undefined });
  await listener.close('server-stopping');
  assert.deepEqual(engine.publishers, []);

  const failing = await RtmpListener.open({
    ...options(engine, []),
    authorise: () => Promise.reject(new Error('the control plane is gone')),
  });
  const other = await dial(failing.port);
  other.write(rtmpCaptures.ffmpeg);
  await listen(other);
  await failing.close('server-stopping');
});

test('our own bug ends one connection, and the listener goes on', async () => {
  const complaints: string[] = [];
  const engine = new EngineDouble();
  let calls = 0;
  const listener = await RtmpListener.open({
    ...options(engine, complaints),
    publish: (stream, _, source, heard) => {
      calls++;
      if (calls === 1) throw new Error('a bug');
      return engine.publish(stream, source, heard);
    },
  });
  for (const capture of [rtmpCaptures.ffmpeg, rtmpCaptures.ffmpeg]) {
    const socket = await dial(listener.port);
    socket.write(capture);
    await listen(socket);
  }
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!, /^rtmp show\/slot-1: internal-error: Error: a bug/);
  assert.equal(engine.publishers[0]?.closeReason, 'left');
  await listener.close('server-stopping');
});

test('connections of one address are bounded', async () => {
  const complaints: string[] = [];
  const listener = await RtmpListener.open(options(new EngineDouble(), complaints));
  const sockets: Socket[] = [];
  for (let count = 0; count < 40; count++) sockets.push(await dial(listener.port));
  while (complaints.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(listener.connectionCount, 32);
  for (const socket of sockets) socket.destroy();
  await listener.close('server-stopping');
  assert.equal(complaints.length, 8);
});

test('closing ends all connections, and publishers hear why', async () => {
  const engine = new EngineDouble();
  const listener = await RtmpListener.open(options(engine, []));
  const socket = await dial(listener.port);
  socket.write(rtmpCaptures.librtmp.subarray(0, 8000));
  while (!engine.publishers[0]) await new Promise((resolve) => setTimeout(resolve, 5));
  const startMs = performance.now();
  await Promise.all([listener.close('server-stopping'), listen(socket)]);
  assert(performance.now() - startMs < 1500);
  assert.equal(engine.publishers[0].closeReason, 'server-stopping');
});
