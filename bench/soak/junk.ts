/** What strangers send to open ports: noise, halves of real things, real things at the wrong place. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { writeStunMessage } from '../../src/protocols/stun/message.ts';
import type { Dice } from './dice.ts';

export type JunkTarget = {
  readonly origin: string;
  readonly httpPort: number;
  readonly rtmpPort: number;
  readonly iceTcpPort: number;
  readonly iceUdpPort: number;
};

type Throw = (target: JunkTarget, dice: Dice) => Promise<unknown>;

const HOST = '127.0.0.1';
const DATAGRAMS = 50;
/** A connection that says nothing more stays open for so long, at most. */
const LINGER_MS = 15_000;
const HTTP_TIMEOUT_MS = 5000;
const RTMP_HANDSHAKE_BYTES = 1536;
const OFFER = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'],
  ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=rtcp-mux', 'a=mid:0', 'a=recvonly'],
  ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=setup:actpass'],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  ...['a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=1;profile-level-id=42e01f', ''],
].join('\r\n');

/** Starts bytes that look like STUN, DTLS, RTP or nothing (RFC 7983 §7). */
const FIRST_BYTES = [0, 1, 20, 22, 23, 64, 128, 144, 255];

const throws: Readonly<Record<string, Throw>> = {
  datagrams: async ({ iceUdpPort }, dice) => {
    const socket = createSocket('udp4');
    for (let count = 0; count < DATAGRAMS; count++) {
      socket.send(datagramOf(dice), iceUdpPort, HOST);
      if (count % 10 === 9) await delay(5);
    }
    await delay(200);
    socket.close();
  },
  'ice-tcp': ({ iceTcpPort }, dice) =>
    throwAt(iceTcpPort, dice, () => {
      const datagram = datagramOf(dice);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(dice.chance(0.7) ? datagram.length : dice.below(65_536));
      return Buffer.concat([length, datagram]);
    }),
  'tcp-noise': ({ iceTcpPort, rtmpPort, httpPort }, dice) =>
    throwAt(dice.pick([iceTcpPort, rtmpPort, httpPort]), dice, () => dice.bytes(dice.below(4000))),
  silence: ({ iceTcpPort, rtmpPort, httpPort }, dice) =>
    throwAt(dice.pick([iceTcpPort, rtmpPort, httpPort]), dice, () => Buffer.alloc(0)),
  rtmp: ({ rtmpPort }, dice) => {
    let first = true;
    return throwAt(rtmpPort, dice, () => {
      if (!first) return dice.bytes(dice.below(2000));
      first = false; // a whole handshake, then chunks of noise
      return Buffer.concat([Buffer.of(3), dice.bytes(2 * RTMP_HANDSHAKE_BYTES)]);
    });
  },
  http: async ({ origin }, dice) => {
    const paths = [
      '/soak/clock/whep',
      '/soak/clock/whip',
      '/a b',
      '/api/streams',
      '/%ff',
      '/x/y/z',
    ];
    const end = dice.below(OFFER.length * 2);
    await fetch(origin + dice.pick(paths), {
      method: dice.pick(['POST', 'PATCH', 'DELETE', 'PUT']),
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer wrong' },
      body: end < OFFER.length ? OFFER.slice(0, end) : dice.bytes(dice.below(100_000)),
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    }).then((response) => response.arrayBuffer());
  },
  /** Streams that nobody publishes, sessions that nobody comes to. */
  'awaited-stream': async ({ origin }, dice) => {
    const response = await fetch(`${origin}/soak/nobody-${dice.below(1e9)}/whep`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: OFFER,
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (response.status !== 201) throw new Error(`an honest offer was answered ${response.status}`);
  },
  websocket: async ({ origin }, dice) => {
    const name = dice.chance(0.5) ? 'clock' : `nobody-${dice.below(1e9)}`;
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/soak/${name}`);
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.send(JSON.stringify({ command: 'request_offer' }));
      if (dice.chance(0.5)) socket.send(dice.bytes(dice.below(5000)));
      if (dice.chance(0.5))
        socket.send('{"command":"answer","id":1,"peer_id":0,"sdp":{"sdp":"v=0"}}');
    });
    await delay(dice.between(0, LINGER_MS));
    socket.terminate();
  },
};

/** Throws one thing of each kind a second, roughly, until `signal`. */
export async function throwJunk(
  target: JunkTarget,
  dice: Dice,
  count: (what: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const under = new Set<Promise<unknown>>();
  while (!signal.aborted) {
    await delay(dice.between(50, 200));
    const name = dice.pick(Object.keys(throws));
    count(`junk-${name}`);
    const thrown = throws[name]!(target, dice)
      .catch((error: unknown) => count(`junk-${name}-failed: ${String(error).slice(0, 60)}`))
      .finally(() => under.delete(thrown));
    under.add(thrown);
  }
  await Promise.all(under);
}

function datagramOf(dice: Dice): Buffer {
  const bytes = dice.bytes(dice.below(dice.chance(0.1) ? 3000 : 200));
  if (dice.chance(0.3)) {
    const request = writeStunMessage(
      {
        class: 'request',
        transactionId: dice.bytes(12),
        username: `${dice.below(1e6)}:guess`,
        priority: 1,
        role: 'controlling',
        tieBreaker: dice.bytes(8),
        useCandidate: true,
      },
      'a password of nobody',
    );
    return Buffer.from(
      request.subarray(0, dice.chance(0.5) ? request.length : dice.below(request.length)),
    );
  }
  if (bytes.length > 0) bytes[0] = dice.pick(FIRST_BYTES);
  return bytes;
}

/** Connects, writes a few times, and leaves: politely, rudely, or not for a while. */
async function throwAt(port: number, dice: Dice, next: () => Buffer): Promise<void> {
  const socket: Socket = connect(port, HOST);
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const writes = dice.below(5);
  for (let count = 0; count < writes && !socket.destroyed; count++) {
    socket.write(next());
    await delay(dice.between(0, 300));
  }
  if (dice.chance(0.3)) await Promise.race([closed, delay(dice.between(0, LINGER_MS))]);
  if (dice.chance(0.5)) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}
