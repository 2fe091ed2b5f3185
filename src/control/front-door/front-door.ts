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
  readonly #undecided = new Undecided();
  readonly #timer = new DeadlineTimer((nowMs) => {
    this.#undecided.advance(nowMs);
    this.#setTimer();
  });

  constructor(deps: FrontDoorDeps) {
    this.#deps = deps;
    deps.https?.onUnnamed((socket) => this.#onUnnamed(socket));
  }

  /** Those who have not yet shown what they want. */
  get undecidedCount(): number {
    return this.#undecided.size;
  }

  /** Lets nobody in any more. Who was led on is for those to end who took them over. */
  close(): void {
    this.#undecided.close();
    this.#timer.clear();
  }

  /** Takes over a TCP connection of which nothing was read. */
  accept(socket: Socket): void {
    const decided = this.#wait(socket);
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
    const decided = this.#wait(socket);
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
  #wait(socket: Socket): () => void {
    const { crowdedOut } = this.#undecided;
    const { address } = remoteOf(socket);
    const leave = this.#undecided.enter(networkOf(address), () => socket.destroy(), Date.now());
    if (this.#undecided.crowdedOut > crowdedOut) {
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
      putBack(socket, head);
      https.accept(socket);
    },
    http: (socket, head) => {
      if (this.#deps.https === undefined) {
        putBack(socket, head);
        this.#deps.http.takeOver(socket);
        socket.resume();
      } else {
        socket.end(PLAIN_ANSWER, () => socket.destroy());
      }
    },
    rtmp: (socket, head) => this.#give(socket, 'rtmp', head),
    'ice-tcp': (socket, head) => this.#give(socket, 'ice-tcp', head),
  };

  #give(socket: Socket, protocol: 'rtmp' | 'ice-tcp', head: Buffer): void {
    if (this.#admits(protocol)) this.#deps.handover.give(socket, protocol, head);
    else socket.destroy();
  }

  #admits(protocol: Guest): boolean {
    return this.#deps.protocols.includes(protocol);
  }

  #setTimer(): void {
    this.#timer.set(this.#undecided.deadlineMs ?? Number.POSITIVE_INFINITY);
  }
}

/** As if nobody had read it yet. TLS takes what lies there by itself; HTTP once it flows. */
function putBack(socket: Socket, head: Buffer): void {
  socket.pause();
  socket.unshift(head);
}
