import { createServer, type Server, type Socket } from 'node:net';
import { networkOf, plainAddress } from '../../base/remote-address.ts';
import type { RemoteEnd } from '../../channel/messages.ts';
import { socketFd } from '../../native/socket-fd.ts';
import { NOTSENT_BYTES, type TcpSample } from '../../protocols/congestion/tcp-backlog.ts';
import { FrameReader, frame } from '../../protocols/ice/framing.ts';
import { writeTransportAddress } from '../../protocols/stun/address.ts';
import { packetKind } from '../../protocols/webrtc/demux.ts';
import type { TcpState, TcpWay } from '../send/outlet.ts';
import { type IcePath, newPathId } from './ice-path.ts';
import type { IceListenerOptions } from './listener-options.ts';
import type { RouterSession } from './router.ts';

/** Connections at once; each viewer over TCP has one, or two for a moment when it changes networks. */
const CONNECTIONS_MAX = 8000;
/** Of one network: a school or a carrier's NAT has many viewers behind one. */
const CONNECTIONS_PER_NETWORK_MAX = 1000;
/** Connections that have not yet shown a check of a session of ours: those are what a stranger can open. */
const UNPROVEN_MAX = 2000;
/** Of one network, so that one stranger does not keep everybody out. An honest one proves itself within a round trip. */
const UNPROVEN_PER_NETWORK_MAX = 256;
/** From connect to the first check; browsers send it at once. */
const PROVE_MS_MAX = 10_000;
/**
 * What a connection may send before that. A browser may dial while its answer is still on its way to us (OvenPlayer):
 * the check that nobody knows yet is left unanswered, and repeated by the browser.
 */
const UNPROVEN_PACKETS_MAX = 16;
/** Control traffic that a peer leaves unread before we stop adding to it. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** How long the goodbye may take to leave once a session is over. */
const LAST_WORDS_MS = 1000;
/** What {@link Addon.tcpSample} fills: one for all, read at once. */
const sampled = new Float64Array(4);

/** What one network has open here. */
type Share = { connections: number; unproven: number };

/** ICE over TCP, passive side (RFC 6544): each connection is one path, its packets framed as in RFC 4571. */
export class IceTcpListener {
  readonly #options: IceListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<TcpPath>();
  readonly #bySession = new Map<RouterSession, Set<TcpPath>>();
  readonly #perNetwork = new Map<string, Share>();
  #unproven = 0;

  /** Opens the port; rejects with the system's error where it cannot. */
  static open(options: IceListenerOptions): Promise<IceTcpListener> {
    const listener = new IceTcpListener(options);
    return new Promise((resolve, reject) => {
      const server = listener.#server;
      server.once('error', reject);
      server.listen({ port: options.port, host: options.address, backlog: 1024 }, () => {
        server.off('error', reject);
        server.on('error', (error) => options.complain(`ice-tcp: ${error.message}`));
        resolve(listener);
      });
    });
  }

  private constructor(options: IceListenerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) =>
      this.adopt(socket, {
        address: plainAddress(socket.remoteAddress),
        port: socket.remotePort ?? 0,
      }),
    );
  }

  /** As bound. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Stops listening and cuts what is still connected. */
  close(): void {
    this.#server.close();
    for (const path of this.#connections) path.cut();
  }

  /** Takes a connection over; those of our own port, and what came in by another. */
  adopt(socket: Socket, remote: RemoteEnd): void {
    const network = networkOf(remote.address);
    const share = this.#perNetwork.get(network) ?? { connections: 0, unproven: 0 };
    socket.on('error', () => {}); // 'close' follows, and is all that matters
    const full = this.#isFull(share);
    if (full || remote.address === '' || !this.#server.listening) {
      if (full) this.#options.complain('ice-tcp: limit-reached: too many connections');
      socket.destroy();
      return;
    }
    this.#perNetwork.set(network, share);
    share.connections++;
    share.unproven++;
    this.#unproven++;
    const path = new TcpPath(socket, remote, this.#options, {
      onSettled: () => {
        share.unproven--;
        this.#unproven--;
      },
      onProven: (session) => this.#keep(path, session),
    });
    this.#connections.add(path);
    socket.on('close', () => {
      this.#connections.delete(path);
      this.#forget(path);
      share.connections--;
      if (share.connections === 0) this.#perNetwork.delete(network);
    });
  }

  #isFull({ connections, unproven }: Share): boolean {
    return (
      this.#connections.size >= CONNECTIONS_MAX ||
      connections >= CONNECTIONS_PER_NETWORK_MAX ||
      this.#unproven >= UNPROVEN_MAX ||
      unproven >= UNPROVEN_PER_NETWORK_MAX
    );
  }

  /** A session remembers few paths. So must we, or one password could take all connections that there are. */
  #keep(path: TcpPath, session: RouterSession): void {
    const ofSession = this.#bySession.get(session) ?? new Set();
    this.#bySession.set(session, ofSession.add(path));
    for (const other of ofSession) {
      if (!session.isValidPath(other)) other.cut();
    }
  }

  #forget(path: TcpPath): void {
    const { session } = path;
    const ofSession = session && this.#bySession.get(session);
    if (!ofSession?.delete(path) || ofSession.size > 0) return;
    this.#bySession.delete(session!);
  }
}

type PathListener = {
  /** Once: the connection proved to be a session's, or ended. */
  readonly onSettled: () => void;
  readonly onProven: (session: RouterSession) => void;
};

/** One accepted connection. Whose it is, its first packet must tell. */
class TcpPath implements IcePath {
  readonly id = newPathId();
  readonly transport = 'tcp';
  readonly remote: string;
  readonly way: TcpWay;
  readonly #socket: Socket;
  readonly #options: IceListenerOptions;
  readonly #reader = new FrameReader();
  readonly #listener: PathListener;
  readonly #proveTimer: NodeJS.Timeout;
  #session: RouterSession | undefined;
  #unprovenPackets = 0;
  #settled = false;
  #over = false;
  readonly #release = (): void => this.#end();

  constructor(
    socket: Socket,
    { address, port }: RemoteEnd,
    options: IceListenerOptions,
    listener: PathListener,
  ) {
    this.remote = writeTransportAddress(address, port);
    this.#socket = socket;
    this.#options = options;
    this.#listener = listener;
    const fd = socketFd(socket);
    this.way = {
      transport: 'tcp',
      fd,
      socket,
      state: () => this.#state(fd),
      sample: () => this.#sample(fd),
    };
    this.#proveTimer = setTimeout(() => this.cut(), PROVE_MS_MAX);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => this.#onClose());
  }

  /** Whose connection it proved to be. */
  get session(): RouterSession | undefined {
    return this.#session;
  }

  write(packet: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableLength > UNREAD_BYTES_MAX) return;
    this.#socket.write(frame(packet));
  }

  #state(fd: number): TcpState | undefined {
    return this.#socket.destroyed ? undefined : this.#options.addon.tcpInfo(fd);
  }

  #sample(fd: number): TcpSample | undefined {
    if (this.#socket.destroyed || !this.#options.addon.tcpSample(fd, sampled)) return undefined;
    const [queuedBytes = 0, notsentBytes = 0, deliveredBytes = 0, minRttUs = 0] = sampled;
    return { queuedBytes, notsentBytes, deliveredBytes, minRttMs: minRttUs / 1000 };
  }

  cut(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#over) return;
    const nowMs = this.#options.clockMs();
    this.#reader.receive(chunk);
    for (let packet = this.#reader.poll(); packet !== undefined; packet = this.#reader.poll()) {
      if (typeof packet === 'string' || !this.#deliver(packet, nowMs)) {
        this.cut();
        return;
      }
    }
  }

  /** @returns false when the connection is a stranger's */
  #deliver(packet: Uint8Array, nowMs: number): boolean {
    if (this.#session) {
      this.#session.onPacket(packet, this, nowMs);
      return true;
    }
    if (packetKind(packet) !== 'stun' || ++this.#unprovenPackets > UNPROVEN_PACKETS_MAX)
      return false;
    const session = this.#options.router.sessionOf(packet);
    if (!session) return true;
    session.onPacket(packet, this, nowMs);
    if (!session.isValidPath(this)) return false;
    this.#session = session;
    this.#settle();
    this.#options.addon.tcpTune(this.way.fd, NOTSENT_BYTES, true);
    this.#options.router.whenOver(session, this.#release);
    this.#listener.onProven(session);
    return true;
  }

  #onClose(): void {
    this.#settle();
    if (!this.#session) return;
    this.#options.router.forget(this.#session, this.#release);
    if (!this.#over) this.#session.onPathClosed(this, this.#options.clockMs());
    this.#over = true;
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#proveTimer);
    this.#listener.onSettled();
  }

  /** The session is over: its last words leave, then the connection. */
  #end(): void {
    this.#over = true;
    this.#socket.end();
    setTimeout(() => this.cut(), LAST_WORDS_MS).unref();
  }
}
