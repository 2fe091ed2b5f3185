/** What strangers have: sockets, and whatever bytes they like. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { loadCrypto } from '../../bench/client/crypto.ts';
import { writeDescription } from '../../bench/client/description.ts';
import { iceCredentials } from '../../bench/client/ice-agent.ts';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import { writeStunMessage } from '../../src/protocols/stun/message.ts';
import type { TestServer } from '../interop/server.ts';

const HOST = '127.0.0.1';
const crypto = loadCrypto();

/** A UDP socket that remembers what it was sent. */
export class Stranger {
  readonly heard: Buffer[] = [];
  readonly #socket: UdpSocket;
  readonly #port: number;

  private constructor(socket: UdpSocket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (bytes) => this.heard.push(bytes));
  }

  /** @param from another address of loopback's: another machine */
  static async at(port: number, from = HOST): Promise<Stranger> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
    socket.bind(0, from);
    await once(socket, 'listening');
    return new Stranger(socket, port);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#port, HOST);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A session that a stranger may open: anyone may watch. */
export type OpenedSession = {
  readonly answer: string;
  readonly location: string;
  readonly ufrag: string;
  readonly pwd: string;
};

export function viewerOffer(): string {
  return writeDescription(crypto, iceCredentials(), 'actpass', [
    { kind: 'video', mid: '0', direction: 'recvonly', payloadType: 102, ssrc: undefined },
    { kind: 'audio', mid: '1', direction: 'recvonly', payloadType: 111, ssrc: undefined },
  ]);
}

export function publisherOffer(): string {
  return writeDescription(crypto, iceCredentials(), 'actpass', [
    { kind: 'video', mid: '0', direction: 'sendonly', payloadType: 102, ssrc: 1 },
    { kind: 'audio', mid: '1', direction: 'sendonly', payloadType: 111, ssrc: 2 },
  ]);
}

export async function openSession(
  server: TestServer,
  path: string,
  offer: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenedSession> {
  const response = await fetch(`http://${HOST}:${server.http}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', ...headers },
    body: offer,
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${path}: ${response.status} ${answer}`);
  const value = (name: string) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(answer)?.[1] ?? '';
  const location = response.headers.get('location') ?? '';
  return { answer, location, ufrag: value('ice-ufrag'), pwd: value('ice-pwd') };
}

/** A connectivity check as a controlling agent sends it. */
export function check(
  ufrag: string,
  password: string | undefined,
  useCandidate = true,
): Uint8Array {
  return writeStunMessage(
    {
      class: 'request',
      transactionId: randomBytes(12),
      username: `${ufrag}:${'x'.repeat(4)}`,
      priority: 2 ** 31 - 1,
      role: 'controlling',
      tieBreaker: randomBytes(8),
      useCandidate,
    },
    password,
  );
}

/** A DTLS 1.2 ClientHello, as OpenSSL's client sends it first (RFC 6347 §4.2.2). */
export function clientHello(): Uint8Array {
  const dtls = crypto.createDtls('client', false);
  dtls.start(0);
  const output = dtls.poll();
  dtls.free();
  if (output?.type !== 'transmit') throw new Error('no ClientHello');
  return output.datagram;
}

export function plainRtp(ssrc = 0x11223344, payloadBytes = 1000): Uint8Array {
  return writeRtpPacket({
    payloadType: 102,
    marker: true,
    sequenceNumber: randomBytes(2).readUInt16BE(),
    timestamp: randomBytes(4).readUInt32BE(),
    ssrc,
    payload: randomBytes(payloadBytes),
  });
}

/** A goodbye and a keyframe request in the clear. */
export function plainRtcp(ssrc = 0x11223344): Uint8Array {
  return new RtcpWriter().receiverReport(1, []).pictureLoss(1, ssrc).goodbye([ssrc]).bytes();
}

/** A TCP connection whose errors are expected. @param from another address of loopback's: another client */
export async function dial(port: number, from = HOST): Promise<Socket> {
  const socket = connect({ port, host: HOST, localAddress: from });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Resolves with true when the other side ends the connection, with false when it has not in time. */
export function closedWithin(socket: Socket, timeoutMs: number): Promise<boolean> {
  if (socket.closed) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends what `next` makes, `count` times, spread so that the kernel's buffers are not what stops it. */
export async function spray(
  targets: readonly Stranger[],
  count: number,
  next: (index: number) => Uint8Array,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    targets[index % targets.length]?.send(next(index));
    if (index % 50 === 49) await pause(5);
  }
}
