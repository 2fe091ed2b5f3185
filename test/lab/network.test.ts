/** The lab itself: what it says it does to packets, it does. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { ADDRESSES, type Lab, labRefusal, openLab } from './network.ts';

const skip = labRefusal() ?? false;

/** Sends numbered datagrams from server to client, one each `everyMs`, and gives which came when, in order of arrival. */
async function sendDown(lab: Lab, count: number, everyMs: number, bytes = 100): Promise<Arrival[]> {
  const receiver = lab.run('client', process.execPath, ['-e', RECEIVE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  const ready = new Promise<void>((resolve) => {
    receiver.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      resolve();
    });
  });
  await ready;
  const sender = lab.run(
    'server',
    process.execPath,
    ['-e', SEND, String(count), String(everyMs), String(bytes)],
    { stdio: 'inherit' },
  );
  await new Promise((resolve) => sender.once('exit', resolve));
  await new Promise((resolve) => setTimeout(resolve, 500));
  receiver.stdin!.end();
  await new Promise((resolve) => receiver.once('close', resolve));
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [number, sentMs, arrivedMs] = line.split(' ').map(Number);
      return { number: number!, tookMs: arrivedMs! - sentMs!, arrivedMs: arrivedMs! };
    });
}

type Arrival = { readonly number: number; readonly tookMs: number; readonly arrivedMs: number };

const RECEIVE = `
  const socket = require('node:dgram').createSocket('udp4').bind(7000, '${ADDRESSES.client.ipv4}');
  const lines = ['ready'];
  socket.on('listening', () => console.log('ready'));
  const now = () => performance.timeOrigin + performance.now();
  socket.on('message', (m) => console.log(m.readUInt32BE(0), m.readDoubleBE(4), now()));
  process.stdin.on('end', () => process.exit(0)).resume();`;
const SEND = `
  const [count, everyMs, bytes] = process.argv.slice(1).map(Number);
  const socket = require('node:dgram').createSocket('udp4');
  const now = () => performance.timeOrigin + performance.now();
  const startMs = now();
  let number = 0;
  const timer = setInterval(() => {
    for (; number < count && startMs + number * everyMs <= now(); number++) {
      const datagram = Buffer.alloc(bytes);
      datagram.writeUInt32BE(number, 0);
      datagram.writeDoubleBE(now(), 4);
      socket.send(datagram, 7000, '${ADDRESSES.client.ipv4}');
    }
    if (number === count) { clearInterval(timer); setTimeout(() => socket.close(), 100); }
  }, 1);`;

function numbersOf(arrivals: readonly Arrival[]): number[] {
  return arrivals.map(({ number }) => number);
}

test('without conditions everything passes, in order, at once', { skip }, async () => {
  await using lab = await openLab();
  const arrivals = await sendDown(lab, 200, 2);
  assert.deepEqual(
    numbersOf(arrivals),
    Array.from({ length: 200 }, (_, index) => index),
  );
  const took = arrivals.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  assert.ok(took[100]! < 10, `${took[100]} ms`);
});

test('loss is the seed', { skip }, async () => {
  const runs: number[][] = [];
  for (const seed of [5, 5, 6]) {
    await using lab = await openLab({ seed, down: { loss: 0.1 } });
    runs.push(numbersOf(await sendDown(lab, 500, 1)));
    const { down } = await lab.counts();
    assert.ok(down.lost > 20 && down.lost < 90, `${down.lost} of 500 lost`);
  }
  const lost = (run: number[]) => 500 - run.length;
  // The kernel sends a few packets of its own (IPv6 neighbours), so a run may be shifted by them.
  assert.ok(Math.abs(lost(runs[0]!) - lost(runs[1]!)) < 5);
  assert.notDeepEqual(runs[0], runs[2]);
});

test('delay and jitter keep the order; reordering does not', { skip }, async () => {
  await using lab = await openLab({ down: { delayMs: 100, jitterMs: 50 } });
  const late = await sendDown(lab, 200, 2);
  assert.deepEqual(
    numbersOf(late),
    numbersOf(late).toSorted((a, b) => a - b),
  );
  assert.ok(late.every(({ tookMs }) => tookMs >= 99));
  assert.ok(late.some(({ tookMs }) => tookMs > 140));
  lab.change({ down: { delayMs: 0, jitterMs: 0, reorder: 0.1 } });
  const mixed = await sendDown(lab, 200, 2);
  assert.equal(new Set(numbersOf(mixed)).size, 200);
  assert.notDeepEqual(
    numbersOf(mixed),
    numbersOf(mixed).toSorted((a, b) => a - b),
  );
});

test('a rate limit queues, and loses what the queue does not hold', { skip }, async () => {
  await using lab = await openLab({ down: { rateBps: 1e6, queueBytes: 20_000 } });
  const arrivals = await sendDown(lab, 100, 1, 972); // 1000 bytes with its headers
  const { down } = await lab.counts();
  assert.ok(down.overflowed > 0, 'nothing was too much');
  assert.ok(arrivals.length < 100 && arrivals.length >= 20);
  const spanMs = arrivals.at(-1)!.arrivedMs - arrivals[0]!.arrivedMs;
  const bps = ((arrivals.length - 1) * 8000) / (spanMs / 1000);
  assert.ok(bps > 0.9e6 && bps < 1.1e6, `${bps} bit/s`);
  assert.ok(Math.max(...arrivals.map(({ tookMs }) => tookMs)) < 250);
});

test('a cut cuts, both ways, and ends', { skip }, async () => {
  await using lab = await openLab();
  lab.cut(60_000);
  assert.deepEqual(await sendDown(lab, 20, 2), []);
  lab.cut(0);
  assert.equal((await sendDown(lab, 20, 2)).length, 20);
});

test('carries IPv6 and TCP, and leaves nothing behind', { skip }, async () => {
  let path = '';
  {
    await using lab = await openLab({ down: { loss: 0.02 }, up: { loss: 0.02 } });
    const serve = `require('node:net').createServer((s) => s.end(Buffer.alloc(1e6)))
      .listen(7001, '${ADDRESSES.server.ipv6}', () => console.log('ready'))`;
    const server = lab.run('server', process.execPath, ['-e', serve], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => server.stdout!.once('data', resolve));
    const count = `let n = 0; require('node:net').connect(7001, '${ADDRESSES.server.ipv6}')
      .on('data', (d) => { n += d.length; }).on('end', () => console.log(n))`;
    const client = lab.run('client', process.execPath, ['-e', count], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [bytes] = await new Promise<[Buffer]>((resolve) =>
      client.stdout!.once('data', (chunk: Buffer) => resolve([chunk])),
    );
    assert.equal(Number(bytes), 1e6);
    path = await lab.relay('server', 7001);
    assert.ok(existsSync(path));
  }
  assert.ok(!existsSync(dirname(path)));
});
