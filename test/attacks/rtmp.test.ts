/** Attack: RTMP that lies about its sizes, nests without end, or does nothing, before and after the key was shown. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { type AmfValue, amfObject, writeAmf0 } from '../../src/protocols/amf/amf0.ts';
import { ChunkWriter } from '../../src/protocols/rtmp/chunk-writer.ts';
import { HANDSHAKE_BYTES } from '../../src/protocols/rtmp/handshake.ts';
import { MESSAGE, writeUint32, writeUserControl } from '../../src/protocols/rtmp/message.ts';
import { RtmpSession } from '../../src/protocols/rtmp/session.ts';
import { setStage } from './stage.ts';
import { closedWithin, dial, pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

const HELLO = Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE_BYTES)]);
/** Our own writer keeps to 4096 bytes a chunk; both ends know that from this message. */
const chunkWriter = (): ChunkWriter => new ChunkWriter();

function message(type: number, body: Uint8Array, chunkStream = 3, streamId = 0): Uint8Array {
  return chunkWriter().write(chunkStream, { type, streamId, timestampMs: 0, body });
}

function command(...values: AmfValue[]): Uint8Array {
  return message(MESSAGE.commandAmf0, writeAmf0(values));
}

const connect = (): Uint8Array => command('connect', 1, amfObject({ app: 'show' }));

/** The header of a message that claims `length` bytes, with fmt 0. */
function claim(chunkStream: number, length: number, type: number = MESSAGE.video): Uint8Array {
  const header = Buffer.alloc(12);
  header[0] = chunkStream;
  header.writeUIntBE(length, 4, 3);
  header[7] = type;
  return header;
}

/** `depth` objects, each the member of the one before. */
function nested(depth: number, marker: 3 | 8 | 10): Uint8Array {
  const open: Readonly<Record<typeof marker, number[]>> = {
    3: [3, 0, 1, 97],
    8: [8, 0xff, 0xff, 0xff, 0xff, 0, 1, 97],
    10: [10, 0xff, 0xff, 0xff, 0xff],
  };
  return Uint8Array.from([
    2,
    0,
    1,
    97,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...Array.from({ length: depth }, () => open[marker]).flat(),
  ]);
}

/** What ends a connection at once. */
const bombs: Readonly<Record<string, () => Uint8Array>> = {
  'objects 10 000 deep': () => message(MESSAGE.commandAmf0, nested(10_000, 3)),
  'ECMA arrays of 2^32 members, 5000 deep': () => message(MESSAGE.commandAmf0, nested(5000, 8)),
  'strict arrays of 2^32 values, 10 000 deep': () =>
    message(MESSAGE.commandAmf0, nested(10_000, 10)),
  'a strict array of 60 000 values': () =>
    message(
      MESSAGE.commandAmf0,
      Buffer.concat([Buffer.of(10, 0, 0, 0xea, 0x60), Buffer.alloc(60_000, 5)]),
    ),
  'a string that is longer than its message': () =>
    message(MESSAGE.commandAmf0, Buffer.of(12, 0xff, 0xff, 0xff, 0xff, 97)),
  'chunks of 1 byte': () => message(MESSAGE.setChunkSize, writeUint32(1), 2),
  'chunks of 2 GB with the forbidden bit': () =>
    message(MESSAGE.setChunkSize, writeUint32(0xffff_ffff), 2),
  'a message of 16 MB': () =>
    Buffer.concat([
      message(MESSAGE.setChunkSize, writeUint32(0x7fff_ffff), 2),
      claim(4, 0xff_ffff),
    ]),
  'a message on each of 64 chunk streams': () =>
    Buffer.concat(
      Array.from({ length: 61 }, (_, index) =>
        Buffer.concat([claim(3 + index, 60_000), Buffer.alloc(128)]),
      ),
    ),
  'AMF3, which nobody agreed on': () => message(MESSAGE.commandAmf3, nested(10_000, 3)),
  'a chunk that goes on with nothing': () => Buffer.of(0xc0 | 9, 1, 2, 3),
  'a second header in the middle of a message': () =>
    Buffer.concat([claim(4, 1000), Buffer.alloc(128), claim(4, 1000)]),
  'an aggregate that does not add up': () => message(MESSAGE.aggregate, Buffer.alloc(100, 9)),
  'streams without end': () =>
    Buffer.concat([
      connect(),
      ...Array.from({ length: 20 }, () => command('createStream', 2, null)),
    ]),
};

async function greeted(port: number, from?: string): Promise<Socket> {
  const socket = await dial(port, from);
  socket.write(HELLO);
  return socket;
}

test('bombs end their connection, and nothing else', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const cost = await costOf(server, `${20 * Object.keys(bombs).length} RTMP bombs`, async () => {
      for (const [name, bomb] of Object.entries(bombs)) {
        for (let round = 0; round < 20; round++) {
          const socket = await greeted(server.rtmp);
          socket.write(bomb());
          assert.ok(await closedWithin(socket, 3000), name);
        }
      }
    });
    assert.ok(cost.grownMiB < 64, `${cost.grownMiB} MiB more`);
  }));

test('silence, half a handshake and a trickle all end after ten seconds', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const beginnings = [
      new Uint8Array(),
      HELLO.subarray(0, 1),
      HELLO.subarray(0, 1 + HANDSHAKE_BYTES),
      HELLO,
      Buffer.concat([HELLO, connect()]),
      Buffer.concat([HELLO, claim(3, 60_000, MESSAGE.commandAmf0)]),
    ];
    const startMs = performance.now();
    const ends = beginnings.map(async (bytes) => {
      const socket = await dial(server.rtmp);
      socket.write(bytes);
      const trickle = setInterval(() => socket.write(Buffer.of(3)), 1000);
      const closed = await closedWithin(socket, 13_000);
      clearInterval(trickle);
      return closed;
    });
    assert.ok((await Promise.all(ends)).every(Boolean));
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < 13_000, `${tookMs} ms`);
  }));

test('a stranger may send a megabyte at most, whatever it is, and gets little back', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const harmless = [
      () => message(MESSAGE.userControl, writeUserControl(6, Buffer.alloc(4)), 2),
      () => message(MESSAGE.video, Buffer.alloc(4000)),
      () => message(99, Buffer.alloc(0)),
      () => command('releaseStream', 2, null, 'x'),
    ];
    for (const bytes of harmless) {
      const socket = await greeted(server.rtmp);
      let answered = 0;
      socket.on('data', (chunk) => {
        answered += chunk.length;
      });
      socket.write(connect());
      const block = Buffer.concat(Array.from({ length: 16 }, bytes));
      let sent = 0;
      while (!socket.destroyed && sent < 4 * 1024 * 1024) {
        if (!socket.write(block)) await pause(1);
        sent += block.length;
      }
      assert.ok(await closedWithin(socket, 3000), 'closed');
      assert.ok(answered < 2 * 1024 * 1024, `${answered} bytes in return`);
    }
  }));

test('unfinished messages on many connections hold little', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const claims = Buffer.concat(
      Array.from({ length: 30 }, (_, index) =>
        Buffer.concat([claim(3 + index, 65_536), Buffer.alloc(128)]),
      ),
    );
    const sockets: Socket[] = [];
    const cost = await costOf(
      server,
      '30 unfinished messages on each of 200 connections',
      async () => {
        for (let index = 0; index < 200; index++) {
          const socket = await greeted(server.rtmp, `127.0.0.${2 + Math.floor(index / 30)}`);
          socket.write(claims);
          sockets.push(socket);
        }
        await pause(1000);
      },
    );
    for (const socket of sockets) socket.destroy();
    // 400 MB were claimed, and 25 kB sent by each.
    assert.ok(cost.grownMiB < 160, `${cost.grownMiB} MiB more`);
  }));

test('one address cannot take the connections of the others', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sockets = await Promise.all(
      Array.from({ length: 80 }, () => dial(server.rtmp, '127.0.0.9')),
    );
    await pause(300);
    const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    assert.ok(open <= 40, `${open} of 80 stay`);
    const other = await greeted(server.rtmp);
    const answered = new Promise((resolve) => other.once('data', resolve));
    await answered;
    for (const socket of [...sockets, other]) socket.destroy();
  }));

/** Feeds a session of the protocol layer alone, and says what a byte cost. */
function nanosecondsPerByte(bytes: Uint8Array, pieceBytes: number): number {
  const session = new RtmpSession({ random: new Uint8Array(2 * HANDSHAKE_BYTES), nowMs: 0 });
  const startMs = performance.now();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    session.receive(bytes.slice(at, at + pieceBytes), 0);
    for (let output = session.poll(); output; output = session.poll()) {
      if (output.type === 'publish') session.acceptPublish(0);
    }
  }
  return ((performance.now() - startMs) * 1e6) / bytes.length;
}

test('no byte costs more than its share of time, however it is dressed', () => {
  const publishing = [
    HELLO,
    connect(),
    command('createStream', 2, null),
    command('publish', 3, null, 'x'),
  ];
  const many = (bytes: Uint8Array, total: number) =>
    Buffer.concat([
      ...publishing,
      ...Array.from({ length: Math.ceil(total / bytes.length) }, () => bytes),
    ]);
  const costs: Readonly<Record<string, number>> = {
    'single bytes of a large message': nanosecondsPerByte(
      many(message(MESSAGE.video, Buffer.alloc(100_000)), 200_000),
      1,
    ),
    'empty messages': nanosecondsPerByte(many(message(99, Buffer.alloc(0)), 500_000), 1460),
    pings: nanosecondsPerByte(
      many(message(MESSAGE.userControl, writeUserControl(6, Buffer.alloc(4)), 2), 500_000),
      1460,
    ),
    'metadata of many values': nanosecondsPerByte(
      many(
        message(
          MESSAGE.dataAmf0,
          Buffer.concat([Buffer.of(10, 0, 0, 3, 0xe8), Buffer.alloc(1000, 5)]),
        ),
        500_000,
      ),
      1460,
    ),
    'large aggregates of empty tags': nanosecondsPerByte(
      many(message(MESSAGE.aggregate, Buffer.alloc(15_000)), 500_000),
      1460,
    ),
  };
  for (const [name, cost] of Object.entries(costs)) {
    assert.ok(cost < 4000, `${name}: ${Math.round(cost)} ns a byte`);
  }
});
