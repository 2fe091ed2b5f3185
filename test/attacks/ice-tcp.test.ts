/** Attack: to take all connections of the port that viewers come in by. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { frame } from '../../src/protocols/ice/framing.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { check, closedWithin, dial, pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

function openOf(sockets: readonly Socket[]): number {
  return sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
}

test('one address full of silent connections keeps nobody else out', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sockets: Socket[] = [];
    await costOf(server, '2500 silent ICE-TCP connections', async () => {
      for (let index = 0; index < 2500; index++) {
        const socket = await dial(server.iceTcp, '127.0.0.7');
        socket.resume();
        sockets.push(socket);
      }
    });
    await pause(200);
    assert.ok(openOf(sockets) <= 300, `${openOf(sockets)} stay`);
    const session = await OwnSession.connected(server, 'viewer', 'show/innocent', 'tcp');
    await pause(500);
    assert.ok(session.packets > 0, 'another viewer comes in');
    await session.leave();
    const closed = sockets.map((socket) => closedWithin(socket, 12_000));
    assert.ok((await Promise.all(closed)).every(Boolean), 'and silence ends after ten seconds');
  }));

test('one password opens a few connections, not a thousand', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await OwnSession.connected(server, 'viewer', 'show/innocent', 'tcp');
    const { ufrag, pwd } = session.options.remote;
    const sockets: Socket[] = [];
    for (let index = 0; index < 200; index++) {
      const socket = await dial(server.iceTcp);
      socket.resume();
      socket.write(frame(check(ufrag, pwd, false)));
      sockets.push(socket);
    }
    await pause(500);
    assert.ok(openOf(sockets) <= 16, `${openOf(sockets)} stay`);
    assert.equal(session.closed, undefined, 'the one that carries the media among them');
    await session.leave();
    assert.ok(
      (await Promise.all(sockets.map((socket) => closedWithin(socket, 3000)))).every(Boolean),
    );
  }));

const junk: Readonly<Record<string, () => Uint8Array>> = {
  'frames of 64 kB': () => Buffer.concat([Buffer.of(0xff, 0xff), Buffer.alloc(65_535)]),
  'empty frames': () => Buffer.alloc(2000),
  'a check a hundred times over for a name that nobody has': () =>
    Buffer.concat(Array.from({ length: 100 }, () => frame(check('nobody', 'x')))),
  TLS: () => Buffer.from('16030100f1010000ed0303', 'hex'),
};

test('connections that begin with something else are cut', () =>
  stage.innocents.untouchedBy(async () => {
    for (const [name, bytes] of Object.entries(junk)) {
      const socket = await dial(stage.server.iceTcp);
      socket.write(bytes());
      assert.ok(await closedWithin(socket, 2000), name);
    }
  }));
