import type { Outlet, TcpFlow } from '../../engine/outlet.ts';
import type { Addon } from '../../native/addon.ts';
import { TcpBacklog, type TcpSample } from '../../protocols/congestion/tcp-backlog.ts';

/** What we need of a node:net Socket. */
export type TcpStream = {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  /** Bytes that it still holds. */
  readonly writableLength: number;
  write(bytes: Uint8Array | string, written?: () => void): boolean;
};

/** What the kernel says of a TCP connection. */
export type TcpState = Pick<
  NonNullable<ReturnType<Addon['tcpInfo']>>,
  'rttUs' | 'queuedBytes' | 'deliveryRateBps'
>;

/** A connected TCP path, natively writable. */
export type TcpWay = {
  readonly transport: 'tcp';
  readonly fd: number;
  readonly socket: TcpStream;
  /** Undefined once it is gone. */
  readonly state: () => TcpState | undefined;
  /** The same for the bound on what waits, with less ado. */
  readonly sample: () => TcpSample | undefined;
};
/** A remote address behind one of our UDP sockets. */
export type UdpWay = {
  readonly transport: 'udp';
  readonly fd: number;
  /** 28 bytes, as made by the addon's socketAddress(). */
  readonly sockaddr: Uint8Array;
};
export type Way = TcpWay | UdpWay;

/**
 * One viewer's way out: its SRTP keys and the path that ICE selected, which may change in mid-session.
 *
 * Media goes to the file descriptor natively, past Node's stream; what the kernel does not take at once is handed to
 * the stream, which waits for room. Nothing is sent natively while the stream still holds bytes: order is kept.
 */
export class SessionOutlet implements Outlet {
  readonly srtp: number;
  #way: Way | undefined;
  readonly #onWritable: () => void;
  #waiting = false;
  #backlog: TcpBacklog | undefined;

  constructor(srtp: number, way: Way, onWritable: () => void) {
    this.srtp = srtp;
    this.#onWritable = onWritable;
    this.move(way);
  }

  get backlog(): TcpBacklog | undefined {
    return this.#backlog;
  }

  /** Undefined while ICE has lost every path. */
  get way(): Way | undefined {
    return this.#way;
  }

  get reliable(): boolean {
    return this.#way?.transport === 'tcp';
  }

  get writable(): boolean {
    const way = this.#way;
    if (!way) return false;
    if (way.transport === 'udp') return true;
    if (way.socket.destroyed || way.socket.writableEnded) return false;
    if (way.socket.writableLength === 0) return true;
    this.#awaitRoom(way.socket);
    return false;
  }

  /** ICE selected another path, or lost the last. */
  move(way: Way | undefined): void {
    this.#way = way;
    this.#waiting = false;
    this.#backlog = way?.transport === 'tcp' ? new TcpBacklog(way.sample) : undefined;
  }

  /** Bytes that the other end has not confirmed yet: those that wait here, in the kernel, and on the way. */
  get queuedBytes(): number {
    if (this.#way?.transport !== 'tcp') return 0;
    return this.#way.socket.writableLength + (this.#way.state()?.queuedBytes ?? 0);
  }

  tcpFlow(): TcpFlow | undefined {
    const state = this.#way?.transport === 'tcp' ? this.#way.state() : undefined;
    if (!state || state.deliveryRateBps === 0) return undefined;
    return {
      queuedBytes: state.queuedBytes,
      deliveryBps: state.deliveryRateBps,
      rttMs: state.rttUs / 1000,
    };
  }

  /** TCP's own, smoothed (RFC 6298); undefined over UDP. */
  get rttMs(): number | undefined {
    const state = this.#way?.transport === 'tcp' ? this.#way.state() : undefined;
    return state && state.rttUs / 1000;
  }

  /** The kernel took only a part of a batch: the rest goes first from now on. */
  queueRest(rest: Uint8Array): void {
    if (this.#way?.transport !== 'tcp') return;
    const { socket } = this.#way;
    socket.write(Buffer.from(rest));
    this.#awaitRoom(socket);
  }

  /** Asks the stream once to tell when all that it holds has left: an empty write is called back after the others. */
  #awaitRoom(socket: TcpStream): void {
    if (this.#waiting) return;
    this.#waiting = true;
    socket.write('', () => {
      if (this.#way?.transport !== 'tcp' || this.#way.socket !== socket) return;
      this.#waiting = false;
      if (!socket.destroyed && socket.writableLength === 0) this.#onWritable();
    });
  }
}
