import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { SendTable } from '../../engine/send-table.ts';
import { loadAddon } from '../../native/load.ts';
import { socketFd } from '../../native/socket-fd.ts';
import { BatchSender } from './batch-sender.ts';
import { SessionOutlet, type Way } from './outlet.ts';

const addon = loadAddon();
const key = Uint8Array.from({ length: 16 }, (_, i) => i);
const salt = Uint8Array.from({ length: 12 }, (_, i) => 100 + i);
const HEADER_BYTES = 12;
const TAG_BYTES = 16;

/** A sender with one viewer whose packets are all `length` bytes of payload. */
class Sending {
  readonly sender = new BatchSender(addon);
  readonly table = new SendTable({
    register: (bytes) => addon.arenaRegister(bytes),
    release: (id) => addon.arenaRelease(id),
  });
  readonly srtp = addon.srtpNew(7, key, salt, key, salt);
  readonly outlet: SessionOutlet;
  writableCalls = 0;
  readonly #arena = Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff);
  readonly #arenaId = addon.arenaRegister(this.#arena);
  #index = 0;

  constructor(way: Way) {
    this.outlet = new SessionOutlet(this.srtp, way, () => this.writableCalls++);
  }

  send(lengths: readonly number[]): void {
    for (const length of lengths) {
      this.table.add(this.srtp, this.#index++, 0x80, 96, 0, 1, this.#arenaId, 0, length, 0);
    }
    this.table.endRun(this.outlet);
    this.sender.flush(this.table);
    this.table.clear();
  }

  /** Sequence number of a protected packet, checked to be authentic. */
  open(packet: Uint8Array): number {
    const plain = addon.srtpUnprotect(this.srtp, packet, HEADER_BYTES, 0);
    assert.equal(plain, packet.length - TAG_BYTES, 'the tag is right');
    return ((packet[2] as number) << 8) | (packet[3] as number);
  }
}

function tcpWay(socket: Socket): Way {
  const fd = socketFd(socket);
  return { transport: 'tcp', fd, socket, state: () => addon.tcpInfo(fd), sample: () => undefined };
}

async function tcpPair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const near = connect(port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  const close = (): void => {
    near.destroy();
    far.destroy();
    server.close();
  };
  return { near, far, close };
}

/** Packets out of RFC 4571 framing. */
function unframe(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    packets.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return packets;
}

test('over TCP a frame goes out in one write, framed and protected', async () => {
  const { near, far, close } = await tcpPair();
  const sending = new Sending(tcpWay(near));
  sending.send([1170, 1170, 300]);
  far.resume();
  const [data] = (await once(far, 'data')) as [Buffer];
  const packets = unframe(data);
  assert.deepEqual(
    packets.map((packet) => sending.open(packet)),
    [0, 1, 2],
  );
  assert.equal(packets[2]?.length, HEADER_BYTES + 300 + TAG_BYTES);
  close();
});

test('what a stalled reader does not take waits, closes the outlet, and arrives whole in the end', async () => {
  const { near, far, close } = await tcpPair();
  const sending = new Sending(tcpWay(near));
  let sent = 0;
  while (sending.outlet.writable) {
    sending.send(new Array(40).fill(1170));
    sent += 40;
    assert.ok(sent < 40_000, 'a reader that stands still blocks in the end');
  }
  assert.ok(sending.outlet.queuedBytes > 0);
  const chunks: Buffer[] = [];
  far.on('data', (chunk) => chunks.push(chunk)).resume();
  while (sending.writableCalls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(sending.outlet.writable);
  sending.send([100]);
  const total = sent * (2 + HEADER_BYTES + 1170 + TAG_BYTES) + 2 + HEADER_BYTES + 100 + TAG_BYTES;
  const received = (): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  while (received() < total) await new Promise((resolve) => setTimeout(resolve, 5));
  const numbers = unframe(Buffer.concat(chunks)).map((packet) => sending.open(packet));
  assert.deepEqual(
    numbers,
    Array.from({ length: sent + 1 }, (_, i) => i),
  );
  close();
});

test('over UDP packets of any sizes arrive as they were', async () => {
  const near: UdpSocket = createSocket('udp4').bind(0, '127.0.0.1');
  const far: UdpSocket = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([once(near, 'listening'), once(far, 'listening')]);
  const sockaddr = addon.socketAddress('127.0.0.1', far.address().port, false);
  const sending = new Sending({ transport: 'udp', fd: socketFd(near), sockaddr });
  const lengths = [50, 1170, 1170, 1170, 900, 1000, 1000, 1170, 20];
  const got: Uint8Array[] = [];
  far.on('message', (message) => got.push(message));
  sending.send(lengths);
  while (got.length < lengths.length) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(
    got.map((packet) => packet.length - HEADER_BYTES - TAG_BYTES),
    lengths,
  );
  assert.deepEqual(
    got.map((packet) => sending.open(packet)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  near.close();
  far.close();
});
