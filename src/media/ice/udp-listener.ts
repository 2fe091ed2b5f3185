import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { plainAddress } from '../../base/remote-address.ts';
import { socketFd } from '../../native/socket-fd.ts';
import { writeTransportAddress } from '../../protocols/stun/address.ts';
import { packetKind } from '../../protocols/webrtc/demux.ts';
import type { UdpWay } from '../send/outlet.ts';
import { type IcePath, newPathId } from './ice-path.ts';
import type { IceListenerOptions } from './listener-options.ts';
import type { RouterSession } from './router.ts';

/** Keyframes of many publishers at once arrive faster than one thread is scheduled. The kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** One wave of a keyframe to all UDP viewers. */
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

/** One UDP port for all sessions: a remote address is a path once a check from it proved to be a session's. */
export class IceUdpListener {
  readonly #options: IceListenerOptions;
  readonly #socket: Socket;
  readonly #isV6: boolean;
  /** By remote `address:port`. */
  readonly #paths = new Map<string, UdpPath>();
  readonly #bySession = new Map<RouterSession, Set<UdpPath>>();
  #fd = -1;
  /** Packets from strangers: neither of a known path nor a check for a session of ours. */
  strangers = 0;

  /** Opens the port; rejects with the system's error where it cannot. */
  static open(options: IceListenerOptions): Promise<IceUdpListener> {
    const listener = new IceUdpListener(options);
    return new Promise((resolve, reject) => {
      const socket = listener.#socket;
      socket.once('error', reject);
      socket.bind(options.port, options.address, () => {
        socket.off('error', reject);
        socket.on('error', (error) => options.complain(`udp: ${error.message}`));
        listener.#fd = socketFd(socket);
        options.addon.udpTune(listener.#fd, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
        resolve(listener);
      });
    });
  }

  private constructor(options: IceListenerOptions) {
    this.#options = options;
    this.#isV6 = options.address.includes(':');
    this.#socket = createSocket(this.#isV6 ? 'udp6' : 'udp4');
    this.#socket.on('message', (bytes, remote) => this.#receive(bytes, remote));
  }

  /** As bound. */
  get port(): number {
    return this.#socket.address().port;
  }

  get pathCount(): number {
    return this.#paths.size;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(bytes: Uint8Array, remote: RemoteInfo): void {
    const nowMs = this.#options.clockMs();
    const key = `${remote.address}:${remote.port}`;
    const known = this.#paths.get(key);
    if (known && packetKind(bytes) !== 'stun') {
      known.session.onPacket(bytes, known, nowMs);
      return;
    }
    const session = this.#options.router.sessionOf(bytes) ?? known?.session;
    if (!session) this.strangers++;
    else if (known?.session === session) session.onPacket(bytes, known, nowMs);
    else this.#tryPath(bytes, key, remote, session, nowMs);
  }

  /** A check from an address that is not (or not yet) this session's: only a right password makes it so. */
  #tryPath(
    bytes: Uint8Array,
    key: string,
    remote: RemoteInfo,
    session: RouterSession,
    nowMs: number,
  ): void {
    const { addon } = this.#options;
    const way: UdpWay = {
      transport: 'udp',
      fd: this.#fd,
      sockaddr: addon.socketAddress(plainAddress(remote.address), remote.port, this.#isV6),
    };
    const path = new UdpPath(this.#socket, key, remote, way, session);
    const former = this.#paths.get(key);
    this.#keep(path);
    session.onPacket(bytes, path, nowMs);
    if (!session.isValidPath(path)) {
      this.#drop(path);
      if (former) this.#paths.set(key, former);
      return;
    }
    if (former) {
      this.#drop(former);
      former.session.onPathClosed(former, nowMs);
    }
    // A session remembers few paths. So must we, or one password could fill our memory from any number of addresses.
    for (const other of this.#bySession.get(session) ?? []) {
      if (!session.isValidPath(other)) this.#drop(other);
    }
  }

  #keep(path: UdpPath): void {
    const { session } = path;
    this.#paths.set(path.key, path);
    const ofSession = this.#bySession.get(session);
    if (ofSession) {
      ofSession.add(path);
      return;
    }
    this.#bySession.set(session, new Set([path]));
    this.#options.router.whenOver(session, () => {
      for (const path of this.#bySession.get(session) ?? []) this.#drop(path);
      this.#bySession.delete(session);
    });
  }

  #drop(path: UdpPath): void {
    if (this.#paths.get(path.key) === path) this.#paths.delete(path.key);
    this.#bySession.get(path.session)?.delete(path);
  }
}

class UdpPath implements IcePath {
  readonly id = newPathId();
  readonly transport = 'udp';
  /** In the listener's map. */
  readonly key: string;
  readonly remote: string;
  readonly way: UdpWay;
  readonly session: RouterSession;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #port: number;

  constructor(
    socket: Socket,
    key: string,
    remote: RemoteInfo,
    way: UdpWay,
    session: RouterSession,
  ) {
    this.key = key;
    this.remote = writeTransportAddress(remote.address, remote.port);
    this.way = way;
    this.session = session;
    this.#socket = socket;
    this.#address = remote.address;
    this.#port = remote.port;
  }

  write(packet: Uint8Array): void {
    // An unreachable peer is noticed by its silence, not by an error of ours.
    this.#socket.send(packet, this.#port, this.#address, () => {});
  }
}
