/** Attack: thousands of connections to the one port that say nothing, little, or half of a handshake. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCertificate, onePortConfig } from '../interop/certificate.ts';
import { freeTcpPort } from '../interop/server.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { closedWithin, dial, pause } from './stranger.ts';
import { costOf } from './usage.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-attacks-'));
after(() => rmSync(folder, { recursive: true }));
const port = await freeTcpPort();
const stage = setStage({ config: onePortConfig(port, makeCertificate(folder)) });

/** Each from its own address; fewer from one than the server lets one have. */
const ADDRESSES = 16;
const PER_ADDRESS = 190;
/** DECIDE_MS_MAX, and what a busy machine adds. */
const DECIDE_MS = 10_000 + 4000;

async function dialMany(count: number, greet: (socket: Socket, index: number) => void) {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = await dial(port, `127.0.1.${1 + (index % ADDRESSES)}`);
    socket.resume();
    greet(socket, index);
    sockets.push(socket);
  }
  return sockets;
}

function openOf(sockets: readonly Socket[]): number {
  return sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
}

async function allClosed(sockets: readonly Socket[], withinMs: number): Promise<void> {
  await Promise.all(sockets.map((socket) => closedWithin(socket, withinMs)));
  assert.equal(openOf(sockets), 0);
}

/** How long a page takes, by a connection of its own. */
async function pageMs(): Promise<number> {
  const startMs = performance.now();
  const agent = new Agent({ keepAlive: false });
  const asked = request(`https://127.0.0.1:${port}/`, { rejectUnauthorized: false, agent });
  asked.end();
  const [response] = await once(asked, 'response');
  response.resume();
  await once(response, 'end');
  assert.equal(response.statusCode, 200);
  return performance.now() - startMs;
}

/** What a real client says first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = connectTls({ port: address.port, host: '127.0.0.1' });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  socket.destroy();
  server.close();
  return bytes;
}

/** Beginnings that could still become something. */
const beginnings = [[], [0x16], [0x03, 0x00], [0x00], [0x00, 0x54, 0x00, 0x01, 0x00]];

test('three thousand that say nothing, or the beginning of something', () =>
  stage.innocents.untouchedBy(async () => {
    let sockets: Socket[] = [];
    const cost = await costOf(stage.server, '3040 undecided connections', async () => {
      sockets = await dialMany(ADDRESSES * PER_ADDRESS, (socket, index) => {
        socket.write(Buffer.from(beginnings[index % beginnings.length] ?? []));
      });
      await pause(500);
    });
    assert.ok(cost.grownMiB < 64, `${cost.grownMiB} MiB more`);
    const held = openOf(sockets);
    assert.ok(held > 2500, `only ${held} are held, which shows nothing`);
    assert.ok((await pageMs()) < 2000);
    const session = await OwnSession.connected(stage.server, 'viewer', 'show/innocent', 'tcp');
    await pause(500);
    assert.ok(session.packets > 0, 'another viewer comes in');
    await session.leave();
    await allClosed(sockets, DECIDE_MS);
  }));

test('those that trickle are not given more time', () =>
  stage.innocents.untouchedBy(async () => {
    const check = Buffer.from('0054000100402112a4', 'hex'); // one byte short
    const sockets = await dialMany(200, (socket) => {
      let sent = 0;
      const timer = setInterval(() => socket.write(check.subarray(sent, ++sent)), 1200);
      socket.once('close', () => clearInterval(timer));
    });
    await allClosed(sockets, DECIDE_MS);
  }));

test('two thousand handshakes that stop half way', () =>
  stage.innocents.untouchedBy(async () => {
    const hello = await clientHello();
    let sockets: Socket[] = [];
    const cost = await costOf(stage.server, '2000 half handshakes', async () => {
      sockets = await dialMany(2000, (socket) => socket.write(hello));
      await pause(500);
    });
    assert.ok(cost.grownMiB < 128, `${cost.grownMiB} MiB more`);
    assert.ok(openOf(sockets) <= 1024 + 16, `${openOf(sockets)} stay`);
    assert.ok((await pageMs()) < 2000);
    await allClosed(sockets, DECIDE_MS);
  }));

test('encrypted connections that say nothing', () =>
  stage.innocents.untouchedBy(async () => {
    const sockets: Socket[] = [];
    await costOf(stage.server, '200 silent TLS connections', async () => {
      for (let index = 0; index < 200; index++) {
        const options = { port, host: '127.0.0.1', localAddress: '127.0.1.99' };
        const socket = connectTls({ ...options, rejectUnauthorized: false });
        socket.on('error', () => {});
        await once(socket, 'secureConnect');
        sockets.push(socket.resume());
      }
    });
    await allClosed(sockets, DECIDE_MS);
  }));

test('connections that are reset while they move leave no descriptor behind', () =>
  stage.innocents.untouchedBy(async () => {
    const descriptors = () => readdirSync(`/proc/${stage.server.child.pid}/fd`).length;
    const before = descriptors();
    const openings = [Buffer.from('0054000100402112a442', 'hex'), Buffer.alloc(1537, 3)];
    for (let index = 0; index < 1000; index++) {
      const socket = await dial(port, `127.0.3.${1 + (index % ADDRESSES)}`);
      const opening = openings[index % openings.length] ?? '';
      socket.write(opening, () => (index % 3 === 0 ? socket.destroy() : socket.resetAndDestroy()));
    }
    for (let waitedMs = 0; descriptors() > before + 4 && waitedMs < DECIDE_MS; waitedMs += 250) {
      await pause(250);
    }
    assert.ok(descriptors() <= before + 4, `${before} descriptors became ${descriptors()}`);
  }));

test('one address does not keep the others out', () =>
  stage.innocents.untouchedBy(async () => {
    const sockets: Socket[] = [];
    for (let index = 0; index < 1500; index++) {
      const socket = await dial(port, '127.0.2.1');
      sockets.push(socket.resume());
    }
    await pause(300);
    assert.ok(openOf(sockets) <= 300, `${openOf(sockets)} stay`);
    assert.ok((await pageMs()) < 2000);
    await allClosed(sockets, DECIDE_MS);
  }));
