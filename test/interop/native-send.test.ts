/** The addon's batch sends on real sockets of the loopback. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAddon } from '../../src/native/load.ts';
import { socketFd } from '../../src/native/socket-fd.ts';

const { EAGAIN, EBADF, EPIPE, ECONNRESET } = constants.errno;

const NARROW = join(import.meta.dirname, 'narrow-path.ts');

const addon = loadAddon();

describe('tcpSendBatch', () => {
  test('sends each socket its part', async () => {
    const pairs = [await openTcpPair(), await openTcpPair()];
    const results = new Int32Array(2);
    const fds = Int32Array.from(pairs, (pair) => socketFd(pair.sender));
    addon.tcpSendBatch(fds, Uint32Array.of(0, 3, 3, 8), 2, bytesOf('onetwo!!'), results);
    deepEqual([...results], [3, 5]);
    const heard = await Promise.all(pairs.map((pair) => once(pair.receiver, 'data')));
    deepEqual(heard.map(String), ['one', 'two!!']);
    for (const pair of pairs) pair.close();
  });

  test('a stalled reader: part of it, then EAGAIN, and in the end every byte in order', async () => {
    const pair = await openTcpPair();
    pair.receiver.pause();
    addon.tcpTune(socketFd(pair.sender), 32 * 1024, false);
    const data = Uint8Array.from({ length: 16 << 20 }, (_, i) => (i * 31) >> 8);
    let sent = 0;
    const sendRest = () => {
      const results = new Int32Array(1);
      const offsets = Uint32Array.of(sent, data.length);
      addon.tcpSendBatch(Int32Array.of(socketFd(pair.sender)), offsets, 1, data, results);
      sent += Math.max(results[0]!, 0);
      return results[0]!;
    };
    const first = sendRest();
    ok(first > 0 && first < data.length, `${first}`);
    while (sendRest() > 0);
    equal(sendRest(), -EAGAIN);
    const info = addon.tcpInfo(socketFd(pair.sender));
    ok(info !== undefined && info.queuedBytes > 0 && info.queuedBytes >= info.notsentBytes);
    const received: Buffer[] = [];
    pair.receiver.on('data', (chunk: Buffer) => received.push(chunk)).resume();
    while (sent < data.length) {
      sendRest();
      await sleep(1);
    }
    pair.sender.end();
    await once(pair.receiver, 'end');
    ok(Buffer.concat(received).equals(data));
    pair.close();
  });

  test('a socket that is gone costs only itself', async () => {
    const pair = await openTcpPair();
    const gone = await openTcpPair();
    const goneFd = socketFd(gone.sender);
    gone.receiver.resetAndDestroy();
    await sleep(20);
    const results = new Int32Array(3);
    const fds = Int32Array.of(goneFd, -1, socketFd(pair.sender));
    addon.tcpSendBatch(fds, Uint32Array.of(0, 3, 0, 3, 0, 3), 3, bytesOf('abc'), results);
    ok([-EPIPE, -ECONNRESET, -EBADF].includes(results[0]!), `${results[0]}`);
    equal(results[1], -EBADF);
    equal(results[2], 3);
    pair.close();
    gone.close();
  });

  test('throws on offsets outside the buffer before anything is sent', async () => {
    const pair = await openTcpPair();
    const heard: Buffer[] = [];
    pair.receiver.on('data', (chunk: Buffer) => heard.push(chunk));
    const fds = new Int32Array(2).fill(socketFd(pair.sender));
    const results = new Int32Array(2);
    for (const wrong of [
      [0, 3, 2, 4],
      [0, 3, 2, 1],
      [0, 3, 0xffff_ffff, 0xffff_ffff],
      [0, 3],
    ]) {
      const send = () =>
        addon.tcpSendBatch(fds, Uint32Array.from(wrong), 2, bytesOf('abc'), results);
      throws(send, RangeError);
    }
    await sleep(20);
    deepEqual(heard, []);
    pair.close();
  });

  test('tcpTune and tcpInfo on a live socket, and on none', async () => {
    const pair = await openTcpPair();
    ok(addon.tcpTune(socketFd(pair.sender), 32 * 1024, false).length > 0);
    ok(['bbr', 'cubic', 'reno'].includes(addon.tcpTune(socketFd(pair.sender), 32 * 1024, true)));
    const info = addon.tcpInfo(socketFd(pair.sender));
    ok(info !== undefined && info.rttUs > 0 && info.queuedBytes === 0 && info.retransmits === 0);
    equal(addon.tcpTune(-1, 32 * 1024, true), '');
    equal(addon.tcpInfo(-1), undefined);
    pair.close();
  });

  const offered = controls('available').includes('bbr');
  const allowed = process.getuid?.() === 0 || controls('allowed').includes('bbr');
  test('BBR is in force where the kernel offers and allows it', {
    skip: offered && allowed ? false : 'this kernel has no BBR for us',
  }, async () => {
    const pair = await openTcpPair();
    const fd = socketFd(pair.sender);
    equal(addon.tcpTune(fd, 64 * 1024, true), 'bbr');
    equal(addon.tcpTune(fd, 64 * 1024, false), 'bbr', 'and stays so');
    pair.close();
  });

  test('tcpSample counts what waits and what has arrived', async () => {
    const pair = await openTcpPair();
    const fd = socketFd(pair.sender);
    const values = new Float64Array(4);
    ok(addon.tcpSample(fd, values));
    const [queued, notsent, before = 0, minRttUs = 0] = values;
    deepEqual([queued, notsent], [0, 0]);
    ok(minRttUs > 0);
    // More than the receiver's buffer holds, which nobody reads: some of it waits unsent.
    pair.receiver.pause();
    addon.tcpTune(fd, 8 * 1024 * 1024, false);
    const results = new Int32Array(1);
    const block = new Uint8Array(1024 * 1024);
    let taken = 0;
    for (let sent = 1; sent > 0; taken += Math.max(0, sent)) {
      addon.tcpSendBatch(Int32Array.of(fd), Uint32Array.of(0, block.length), 1, block, results);
      sent = results[0] ?? 0;
    }
    await sleep(50);
    ok(addon.tcpSample(fd, values));
    const [queuedBytes = 0, notsentBytes = 0, after = 0] = values;
    ok(notsentBytes > 0 && notsentBytes <= queuedBytes, `${notsentBytes} of ${queuedBytes}`);
    ok(Math.abs(after - before + queuedBytes - taken) < 2, `${after - before} of ${taken}`);
    throws(() => addon.tcpSample(fd, new Float64Array(3)), RangeError);
    equal(addon.tcpSample(-1, values), false);
    pair.close();
  });
});

for (const family of ['udp4', 'udp6'] as const) {
  describe(`udpSendBatch over ${family}`, () => {
    test('GSO arrives as the datagrams that were meant', async () => {
      const pair = await openUdpPair(family);
      const data = Uint8Array.from({ length: 7 * 1200 - 300 }, (_, i) => i * 7);
      const results = new Int32Array(3);
      const addresses = Uint8Array.from(Array.from({ length: 3 }, () => [...pair.address]).flat());
      const offsets = Uint32Array.of(0, data.length, 0, 500, 0, 2400);
      addon.udpSendBatch(
        socketFd(pair.sender),
        addresses,
        offsets,
        Uint32Array.of(1200, 0, 1200),
        3,
        data,
        results,
      );
      deepEqual([...results], [data.length, 500, 2400]);
      const heard = await pair.receive(10);
      deepEqual(
        heard.map((datagram) => datagram.length),
        [...Array(6).fill(1200), 900, 500, 1200, 1200],
      );
      ok(Buffer.concat(heard.slice(0, 7)).equals(data));
      pair.close();
    });

    test('more than 64 segments, or 64 KB, go in several calls', async () => {
      const pair = await openUdpPair(family);
      const data = Uint8Array.from({ length: 200 * 700 }, (_, i) => i >> 5);
      addon.udpTune(socketFd(pair.receiver), 4 << 20, 4 << 20);
      const results = new Int32Array(1);
      const end = Uint32Array.of(0, 100 * 700);
      addon.udpSendBatch(
        socketFd(pair.sender),
        pair.address,
        end,
        Uint32Array.of(700),
        1,
        data,
        results,
      );
      equal(results[0], 100 * 700);
      const heard = await pair.receive(100);
      ok(Buffer.concat(heard).equals(data.subarray(0, 100 * 700)));
      const tiny = Uint32Array.of(0, 130 * 10);
      addon.udpSendBatch(
        socketFd(pair.sender),
        pair.address,
        tiny,
        Uint32Array.of(10),
        1,
        data,
        results,
      );
      equal(results[0], 1300);
      equal((await pair.receive(130)).length, 130);
      pair.close();
    });
  });
}

test('where a path is too narrow for GSO the same datagrams go singly', (t) => {
  const child = spawnSync(
    'unshare',
    ['-rn', 'sh', '-c', `ip link set lo mtu 1000 up && exec "$0" "$@"`, process.execPath, NARROW],
    { encoding: 'utf8', timeout: 10_000 },
  );
  if (child.error !== undefined || /unshare|Operation not permitted/.test(child.stderr)) {
    t.skip('needs user namespaces');
    return;
  }
  equal(child.stdout, '3000: 1200 1200 600\n3000: 1200 1200 600\n', child.stderr);
});

describe('socketAddress', () => {
  const table: [string, number, boolean, string][] = [
    ['127.0.0.1', 3478, false, `0200 0d96 7f000001 ${'00'.repeat(20)}`],
    ['::1', 3478, true, `0a00 0d96 00000000 ${'00'.repeat(15)}01 00000000`],
    ['10.0.0.7', 10000, true, `0a00 2710 00000000 ${'00'.repeat(10)}ffff0a000007 00000000`],
  ];
  for (const [address, port, v6, want] of table) {
    test(`${address} on an ${v6 ? 'IPv6' : 'IPv4'} socket`, () => {
      const bytes = addon.socketAddress(address, port, v6);
      equal(Buffer.from(bytes).toString('hex'), want.replaceAll(' ', ''));
    });
  }

  test('a link-local address keeps its zone', () => {
    equal(addon.socketAddress('fe80::1%lo', 1, true)[24], 1);
  });

  test('what is no address throws', () => {
    throws(() => addon.socketAddress('localhost', 1, false), RangeError);
    throws(() => addon.socketAddress('::1', 1, false), RangeError);
    throws(() => addon.socketAddress('1.2.3.4', 65_536, false), RangeError);
  });
});

test('udpSendBatch throws on tables that are too short and on no address', async () => {
  const pair = await openUdpPair('udp4');
  const fd = socketFd(pair.sender);
  const data = new Uint8Array(10);
  const results = new Int32Array(2);
  const segments = new Uint32Array(2);
  const offsets = new Uint32Array(4);
  const send =
    (addresses: Uint8Array, count: number, ends = offsets, sizes = segments) =>
    () =>
      addon.udpSendBatch(fd, addresses, ends, sizes, count, data, results);
  send(pair.address, 1)();
  throws(send(pair.address, 2), RangeError);
  throws(send(new Uint8Array(28), 1), RangeError);
  throws(send(pair.address, 1, Uint32Array.of(0, 11)), RangeError);
  throws(send(pair.address, 1, offsets, Uint32Array.of(100_000)), RangeError);
  pair.close();
});

/** Congestion controls, as Linux lists them. */
function controls(which: 'available' | 'allowed'): readonly string[] {
  const file = `/proc/sys/net/ipv4/tcp_${which}_congestion_control`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : [];
}

async function openTcpPair(): Promise<{ sender: Socket; receiver: Socket; close(): void }> {
  const server = createServer({ pauseOnConnect: false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[sender]] = await Promise.all([once(server, 'connection'), once(receiver, 'connect')]);
  for (const socket of [sender, receiver]) socket.on('error', () => undefined); // resets are meant
  const close = () => {
    for (const socket of [sender, receiver]) socket.destroy();
    server.close();
  };
  return { sender, receiver, close };
}

type UdpPair = {
  readonly sender: UdpSocket;
  readonly receiver: UdpSocket;
  /** The receiver's, as the addon takes it. */
  readonly address: Uint8Array;
  receive(count: number): Promise<Buffer[]>;
  close(): void;
};

async function openUdpPair(family: 'udp4' | 'udp6'): Promise<UdpPair> {
  const host = family === 'udp4' ? '127.0.0.1' : '::1';
  const sender = createSocket(family).bind(0, host);
  const receiver = createSocket(family).bind(0, host);
  await Promise.all([once(sender, 'listening'), once(receiver, 'listening')]);
  const heard: Buffer[] = [];
  receiver.on('message', (datagram: Buffer) => heard.push(datagram));
  return {
    sender,
    receiver,
    address: addon.socketAddress(host, receiver.address().port, family === 'udp6'),
    receive: async (count) => {
      const endMs = performance.now() + 2000;
      while (heard.length < count && performance.now() < endMs) await sleep(2);
      return heard.splice(0);
    },
    close: () => {
      sender.close();
      receiver.close();
    },
  };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
