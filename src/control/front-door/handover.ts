/** Moves connections to the media thread. */
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { assert } from '../../base/assert.ts';
import { plainAddress } from '../../base/remote-address.ts';
import type { AdoptedProtocol, RemoteEnd } from '../../channel/messages.ts';
import type { MediaLink } from '../media-link.ts';

/** How long what the media thread said last may take to leave through TLS. */
const LAST_WORDS_MS = 1000;
const NOTHING = new Uint8Array(0);

/** What Node has no documented way for; src/native/descriptors.ts has it. */
export type Descriptors = {
  /** Throws where Node does not show it. */
  readonly of: (socket: Socket) => number;
  /** A second one of the same socket. Throws where none is left. */
  readonly copy: (fd: number) => number;
  /** The two ends of a stream inside this machine. Throws as {@link copy}. */
  readonly pair: () => { readonly near: number; readonly far: number };
};

export class Handover {
  readonly #descriptors: Descriptors;
  readonly #media: Pick<MediaLink, 'adopt'>;
  readonly #complain: (text: string) => void;

  constructor(
    descriptors: Descriptors,
    media: Pick<MediaLink, 'adopt'>,
    complain: (text: string) => void,
  ) {
    this.#descriptors = descriptors;
    this.#media = media;
    this.#complain = complain;
  }

  /** Throws where this Node does not show descriptors as it did: at the start, rather than at the first connection. */
  check(): void {
    const { near, far } = this.#descriptors.pair();
    const ends = [near, far].map((fd) => new Socket({ fd }));
    const shown = ends.map((end) => this.#descriptors.of(end));
    for (const end of ends) end.destroy();
    assert(shown[0] === near && shown[1] === far, 'Node shows the descriptor of a socket');
  }

  /**
   * Gives a TCP connection away. The other thread gets a descriptor of its own; ours is closed in the same breath, before
   * this event loop reads again: what comes now waits in the kernel, for the other one alone. The peer notices nothing,
   * since a socket ends with its last descriptor only.
   *
   * @param head all that was read
   */
  give(socket: Socket, protocol: AdoptedProtocol, head: Uint8Array): void {
    const remote = remoteOf(socket);
    const fd = this.#attempt(() => this.#descriptors.copy(this.#descriptors.of(socket)));
    socket.destroy();
    if (fd !== undefined) this.#media.adopt({ protocol, fd, head, remote });
  }

  /**
   * RTMP inside TLS. What is decrypted here goes through a pair of sockets: the kernel carries it once, and holds back who
   * is not read, through TLS to the encoder.
   *
   * @param head all that was read
   */
  bridge(encrypted: TLSSocket, head: Uint8Array): void {
    const remote = remoteOf(encrypted);
    const pair = this.#attempt(() => this.#descriptors.pair());
    if (pair === undefined) {
      encrypted.destroy();
      return;
    }
    const clear = new Socket({ fd: pair.near });
    clear.on('error', () => {}); // 'close' follows
    clear.on('close', () => {
      encrypted.end();
      setTimeout(() => encrypted.destroy(), LAST_WORDS_MS).unref();
    });
    encrypted.on('close', () => clear.destroy());
    clear.write(head);
    encrypted.pipe(clear).pipe(encrypted);
    this.#media.adopt({ protocol: 'rtmp', fd: pair.far, head: NOTHING, remote });
  }

  /** Descriptors run out: that connection is lost, and the others stay. */
  #attempt<Result>(open: () => Result): Result | undefined {
    try {
      return open();
    } catch (error) {
      this.#complain(`a connection was lost: ${(error as Error).message}`);
      return undefined;
    }
  }
}

export function remoteOf(socket: Socket): RemoteEnd {
  return { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
}
