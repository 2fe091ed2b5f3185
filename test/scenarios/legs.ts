/**
 * Ways between a client and the server in virtual time: a UDP 5-tuple that a NAT may rebind, a TCP connection that
 * may stall. The server's ends behave as the listeners of src/media/ice do, over the real router.
 */
import type { IcePath } from '../../src/media/ice/ice-path.ts';
import type { IceRouter, RouterSession } from '../../src/media/ice/router.ts';
import type { TcpWay, UdpWay } from '../../src/media/send/outlet.ts';
import { FrameReader, frame } from '../../src/protocols/ice/framing.ts';
import type { Path } from '../../src/protocols/ice/path.ts';
import { packetKind } from '../../src/protocols/webrtc/demux.ts';
import { fakeSockaddr, type SocketTable } from './fake-addon.ts';
import { Link, type LinkOptions, type Timed } from './network.ts';
import { type TcpOptions, TcpSocket } from './tcp-socket.ts';

/** As in the listeners: how long the goodbye may take to leave once a session is over. */
const LAST_WORDS_MS = 1000;

/** One of a client's ways to the server, as the client holds it. */
export interface Leg extends Timed {
  /** The client's name for it; the server has its own. */
  readonly path: Path;
  /** What arrives at the client. */
  onPacket: (bytes: Uint8Array, nowMs: number) => void;
  /** From the client. */
  send(bytes: Uint8Array, nowMs: number): void;
}

/** The server's sockets. */
export class ServerPorts implements SocketTable {
  readonly router: IceRouter;
  readonly clockMs: () => number;
  /** By the path's id: which session proved a UDP path, and where its packets go. */
  readonly #udpSessions = new Map<IcePath, RouterSession>();
  readonly #udpLegs = new Map<number, UdpLeg>();
  readonly tcpLegs = new Map<number, TcpLeg>();
  /** Packets from strangers over UDP. */
  strangers = 0;
  #nextId = 1;

  constructor(router: IceRouter, clockMs: () => number) {
    this.router = router;
    this.clockMs = clockMs;
  }

  /** Paths that belong to a session, and connections still open. */
  get pathCount(): number {
    return this.#udpSessions.size + this.tcpLegs.size;
  }

  newId(): number {
    return this.#nextId++;
  }

  /** Packets to this address reach this leg from now on, and no other. */
  address(path: IcePath, leg: UdpLeg, former: IcePath | undefined): void {
    if (former) this.#udpLegs.delete(former.id);
    this.#udpLegs.set(path.id, leg);
  }

  tcpSend(fd: number, bytes: Uint8Array): number | undefined {
    const socket = this.tcpLegs.get(fd)?.socket;
    return socket === undefined || socket.destroyed ? undefined : socket.kernelSend(bytes);
  }

  udpSend(addressId: number, datagram: Uint8Array): void {
    this.#udpLegs.get(addressId)?.arriveDown(datagram, this.clockMs());
  }

  /** As IceUdpListener: a path is known once a check from it proved to be a session's. */
  receiveUdp(bytes: Uint8Array, path: IcePath, nowMs: number): void {
    const known = this.#udpSessions.get(path);
    const named = packetKind(bytes) === 'stun' ? this.router.sessionOf(bytes) : undefined;
    const session = named ?? known;
    if (!session) this.strangers++;
    else if (session === known) session.onPacket(bytes, path, nowMs);
    else this.#tryPath(bytes, path, session, nowMs);
  }

  #tryPath(bytes: Uint8Array, path: IcePath, session: RouterSession, nowMs: number): void {
    const release = (): void => {
      if (this.#udpSessions.get(path) === session) this.#udpSessions.delete(path);
    };
    const former = this.#udpSessions.get(path);
    this.#udpSessions.set(path, session);
    this.router.whenOver(session, release);
    session.onPacket(bytes, path, nowMs);
    if (session.isValidPath(path)) {
      former?.onPathClosed(path, nowMs);
      return;
    }
    this.router.forget(session, release);
    if (former) this.#udpSessions.set(path, former);
    else release();
  }
}

export class UdpLeg implements Leg {
  readonly path: Path;
  readonly up: Link;
  readonly down: Link;
  onPacket: (bytes: Uint8Array, nowMs: number) => void = () => {};
  readonly #ports: ServerPorts;
  #serverPath: IcePath;

  constructor(ports: ServerPorts, remote: string, up: LinkOptions, down: LinkOptions) {
    this.#ports = ports;
    this.path = { id: ports.newId(), transport: 'udp', remote };
    this.#serverPath = this.#newServerPath(remote, undefined);
    this.up = new Link(up, (bytes, nowMs) => ports.receiveUdp(bytes, this.#serverPath, nowMs));
    this.down = new Link(down, (bytes, nowMs) => this.onPacket(bytes, nowMs));
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = Math.min(this.up.deadlineMs ?? Infinity, this.down.deadlineMs ?? Infinity);
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    this.up.advance(nowMs);
    this.down.advance(nowMs);
  }

  send(bytes: Uint8Array, nowMs: number): void {
    this.up.send(bytes, nowMs);
  }

  /** From the server, to our current address. */
  arriveDown(bytes: Uint8Array, nowMs: number): void {
    this.down.send(bytes, nowMs);
  }

  /** The NAT forgets the mapping: the server sees us come from elsewhere, and the old address leads nowhere. */
  rebind(remote: string): void {
    this.#serverPath = this.#newServerPath(remote, this.#serverPath);
  }

  #newServerPath(remote: string, former: IcePath | undefined): IcePath {
    const ports = this.#ports;
    const id = ports.newId();
    const way: UdpWay = { transport: 'udp', fd: 3, sockaddr: fakeSockaddr(id) };
    const write = (packet: Uint8Array): void => ports.udpSend(id, packet);
    const path: IcePath = { id, transport: 'udp', remote, way, write };
    ports.address(path, this, former);
    return path;
  }
}

export class TcpLeg implements Leg {
  readonly path: Path;
  readonly socket: TcpSocket;
  readonly up: Link;
  onPacket: (bytes: Uint8Array, nowMs: number) => void = () => {};
  readonly #ports: ServerPorts;
  readonly #serverPath: IcePath;
  readonly #reader = new FrameReader();
  #session: RouterSession | undefined;
  #over = false;
  #cutMs: number | undefined;
  readonly #release = (): void => this.#end();

  constructor(ports: ServerPorts, remote: string, up: LinkOptions, down: TcpOptions) {
    this.#ports = ports;
    const id = ports.newId();
    const socket = new TcpSocket(down, ports.clockMs);
    const way: TcpWay = {
      transport: 'tcp',
      fd: id,
      socket,
      state: () => undefined,
      sample: () => socket.sample(),
    };
    const write = (packet: Uint8Array): void => {
      socket.write(frame(packet));
    };
    this.path = { id, transport: 'tcp', remote };
    this.#serverPath = { id, transport: 'tcp', remote, way, write };
    this.socket = socket;
    socket.onData = (bytes, nowMs) => this.#read(bytes, nowMs);
    socket.onClose = (nowMs) => this.#onClose(nowMs);
    this.up = new Link({ ...up, isReliable: true }, (bytes, nowMs) => this.#deliver(bytes, nowMs));
    ports.tcpLegs.set(id, this);
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = Math.min(
      this.socket.deadlineMs ?? Infinity,
      this.up.deadlineMs ?? Infinity,
      this.#cutMs ?? Infinity,
    );
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    this.socket.advance(nowMs);
    this.up.advance(nowMs);
    if (this.#cutMs === undefined || nowMs < this.#cutMs) return;
    this.#cutMs = undefined;
    this.socket.destroy();
  }

  send(bytes: Uint8Array, nowMs: number): void {
    if (!this.socket.destroyed) this.up.send(bytes, nowMs);
  }

  /** Closes the connection from the client's side. */
  close(): void {
    this.socket.destroy();
  }

  #read(bytes: Uint8Array, nowMs: number): void {
    this.#reader.receive(bytes);
    for (let packet = this.#reader.poll(); packet !== undefined; packet = this.#reader.poll()) {
      if (typeof packet === 'string') throw new Error(`the server's framing is broken: ${packet}`);
      this.onPacket(new Uint8Array(packet), nowMs);
    }
  }

  /** As TcpPath in IceTcpListener. */
  #deliver(bytes: Uint8Array, nowMs: number): void {
    if (this.#over || this.socket.destroyed) return;
    if (this.#session) {
      this.#session.onPacket(bytes, this.#serverPath, nowMs);
      return;
    }
    const session = this.#ports.router.sessionOf(bytes);
    if (packetKind(bytes) !== 'stun') this.socket.destroy();
    if (!session) return;
    session.onPacket(bytes, this.#serverPath, nowMs);
    if (!session.isValidPath(this.#serverPath)) {
      this.socket.destroy();
      return;
    }
    this.#session = session;
    this.#ports.router.whenOver(session, this.#release);
  }

  #end(): void {
    this.#over = true;
    this.socket.end();
    this.#cutMs = this.#ports.clockMs() + LAST_WORDS_MS;
  }

  #onClose(nowMs: number): void {
    this.#ports.tcpLegs.delete(this.path.id);
    if (!this.#session) return;
    this.#ports.router.forget(this.#session, this.#release);
    if (!this.#over) this.#session.onPathClosed(this.#serverPath, nowMs);
    this.#over = true;
  }
}
