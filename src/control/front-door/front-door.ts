/** Behind the one port: whoever connects is led to HTTPS, RTMP or the media, by what they say first. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { networkOf } from '../../base/remote-address.ts';
import { DeadlineTimer } from '../deadline-timer.ts';
import type { HttpEntrance, HttpsServer } from '../tls/https-server.ts';
import { classify, type Opening } from './classify.ts';
import type { Guest } from './guests.ts';
import { type Handover, remoteOf } from './handover.ts';
import { Undecided } from './undecided.ts';

export type FrontDoorDeps = {
  /** Undefined where there is no certificate: HTTP is taken in the clear then. */
  readonly https: HttpsServer | undefined;
  readonly http: Pick<HttpEntrance, 'takeOver'>;
  readonly handover: Pick<Handover, 'give' | 'bridge'>;
  readonly protocols: readonly Guest[];
  readonly complain: (text: string) => void;
};

/** Who has not said enough to tell what it wants. One costs 3 kB. */
const UNDECIDED_MAX = 4096;
/** TLS handshakes that are not done. One costs 65 kB, most of it OpenSSL's. */
const HANDSHAKES_MAX = 1024;
/** How long the answer to plain HTTP may take to leave. */
const LAST_WORDS_MS = 1000;
/** RTMP's C0, also inside TLS. */
const RTMP_VERSION = 3;

const NOTHING = Buffer.alloc(0);

const PLAIN_TEXT = 'This port takes HTTPS: write https:// instead of http://.\n';
const PLAIN_ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${PLAIN_TEXT.length}`,
  '',
  PLAIN_TEXT,
].join('\r\n');

export class FrontDoor {
  readonly #deps: FrontDoorDeps;
  readonly #undecided = new Undecided(UNDECIDED_MAX);
  readonly #shaking = new Undecided(HANDSHAKES_MAX);
  /** By {@link nameOf}: TLS does not tell which connection it was made of. */
  readonly #secured = new Map<string, () => void>();
  readonly #timer = new DeadlineTimer((nowMs) => {
    this.#undecided.advance(nowMs);
    this.#shaking.advance(nowMs);
    this.#setTimer();
  });

  constructor(deps: FrontDoorDeps) {
    this.#deps = deps;
    deps.https?.onSecured((socket) => this.#secured.get(nameOf(socket))?.());
    deps.https?.onUnnamed((socket) => this.#onUnnamed(socket));
  }

  /** Those who have not yet shown what they want, or not yet agreed on keys. */
  get undecidedCount(): number {
    return this.#undecided.size + this.#shaking.size;
  }

  /** Lets nobody in any more. Who was led on is for those to end who took them over. */
  close(): void {
    this.#undecided.close();
    this.#shaking.close();
    this.#timer.clear();
  }

  /** Takes over a TCP connection of which nothing was read. */
  accept(socket: Socket): void {
    const decided = this.#wait(socket, this.#undecided);
    let head: Buffer = NOTHING;
    const read = (chunk: Buffer): void => {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const opening = classify(head);
      if (opening === 'more') return;
      socket.off('data', read);
      decided();
      if (opening === 'unknown') socket.destroy();
      else this.#leads[opening](socket, head);
    };
    socket.on('data', read);
  }

  /** Inside TLS, a client that names no protocol: OBS and ffmpeg by RTMPS, and simple clients of HTTP. */
  #onUnnamed(socket: TLSSocket): void {
    const decided = this.#wait(socket, this.#undecided);
    socket.once('data', (chunk: Buffer) => {
      decided();
      if (chunk[0] === RTMP_VERSION) {
        if (this.#admits('rtmps')) this.#deps.handover.bridge(socket, chunk);
        else socket.destroy();
        return;
      }
      putBack(socket, chunk);
      this.#deps.https?.serveHttp1(socket);
      socket.resume();
    });
  }

  /** @returns to be called when it has decided */
  #wait(socket: Socket, room: Undecided): () => void {
    const { crowdedOut } = room;
    const { address } = remoteOf(socket);
    const leave = room.enter(networkOf(address), () => socket.destroy(), Date.now());
    if (room.crowdedOut > crowdedOut) {
      this.#deps.complain('limit-reached: too many connections that say nothing; the oldest go');
    }
    this.#setTimer();
    socket.on('error', () => {}); // 'close' follows
    socket.once('close', leave);
    return () => {
      socket.off('close', leave);
      leave();
    };
  }

  readonly #leads: Readonly<Record<Opening, (socket: Socket, head: Buffer) => void>> = {
    tls: (socket, head) => {
      const { https } = this.#deps;
      if (https === undefined) {
        socket.destroy();
        return;
      }
      this.#expectHandshake(socket);
      putBack(socket, head);
      https.accept(socket);
    },
    http: (socket, head) => {
      if (this.#deps.https === undefined) {
        putBack(socket, head);
        this.#deps.http.takeOver(socket);
        socket.resume();
      } else {
        socket.resume(); // closed with bytes unread, TCP would drop the answer
        socket.end(PLAIN_ANSWER);
        setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
      }
    },
    rtmp: (socket, head) => this.#give(socket, 'rtmp', head),
    'ice-tcp': (socket, head) => this.#give(socket, 'ice-tcp', head),
  };

  /** Half a handshake costs twenty times what an empty connection does. */
  #expectHandshake(socket: Socket): void {
    const name = nameOf(socket);
    const decided = this.#wait(socket, this.#shaking);
    const forget = () => void this.#secured.delete(name);
    this.#secured.set(name, () => {
      socket.off('close', forget);
      forget();
      decided();
    });
    socket.once('close', forget);
  }

  #give(socket: Socket, protocol: 'rtmp' | 'ice-tcp', head: Buffer): void {
    if (this.#admits(protocol)) this.#deps.handover.give(socket, protocol, head);
    else socket.destroy();
  }

  #admits(protocol: Guest): boolean {
    return this.#deps.protocols.includes(protocol);
  }

  #setTimer(): void {
    const rooms = [this.#undecided, this.#shaking];
    this.#timer.set(Math.min(...rooms.map((room) => room.deadlineMs ?? Number.POSITIVE_INFINITY)));
  }
}

/** The two ends, which a connection inside TLS shares with the one below. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** As if nobody had read it yet. TLS takes what lies there by itself; HTTP once it flows. */
function putBack(socket: Socket, head: Buffer): void {
  socket.pause();
  socket.unshift(head);
}
