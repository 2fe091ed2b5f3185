/** One 5-tuple of a client, over UDP or ICE-TCP: datagrams in, datagrams out. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';

export type Transport = 'udp' | 'tcp';

export type Candidate = {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
};

/** One received datagram is `bytes[start..end)`; valid, and free to be written to, until the listener returns. */
export type PathListener = (bytes: Buffer, start: number, end: number) => void;

export interface Path {
  readonly transport: Transport;
  readonly localAddress: string;
  readonly localPort: number;
  send(datagram: Uint8Array): void;
  /** Reads no more until it is called with false: a receiver that stands still, whose TCP window closes. */
  stall(stalled: boolean): void;
  close(): void;
}

/** A keyframe burst of a few hundred packets must fit, or the tool would count its own losses. */
const UDP_RECEIVE_BYTES = 2 * 1024 * 1024;
const TCP_CONNECT_TIMEOUT_MS = 5000;
/** RFC 4571: a length of two bytes goes ahead of each datagram. */
const LENGTH_BYTES = 2;
/** One read; shared by all sockets of the process, since a read is parsed before the next one begins. */
const READ_BYTES = 256 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export function openPath(remote: Candidate, listener: PathListener): Promise<Path> {
  return remote.transport === 'udp' ? openUdp(remote, listener) : openTcp(remote, listener);
}

async function openUdp(remote: Candidate, listener: PathListener): Promise<Path> {
  const socket: UdpSocket = createSocket({
    type: remote.address.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: UDP_RECEIVE_BYTES,
  });
  socket.on('message', (datagram) => listener(datagram, 0, datagram.length));
  socket.on('error', () => {}); // ICMP refusals: the peer's silence says the same
  socket.connect(remote.port, remote.address);
  await once(socket, 'connect');
  const local = socket.address();
  return {
    transport: 'udp',
    localAddress: local.address,
    localPort: local.port,
    send: (datagram) => socket.send(datagram),
    stall: () => {}, // nobody waits for a UDP receiver
    close: () => socket.close(),
  };
}

async function openTcp(remote: Candidate, listener: PathListener): Promise<Path> {
  const deframer = new Deframer(listener);
  const socket: TcpSocket = connect({
    host: remote.address,
    port: remote.port,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        deframer.receive(readBuffer, length);
        return true;
      },
    },
  });
  await once(socket, 'connect', { signal: AbortSignal.timeout(TCP_CONNECT_TIMEOUT_MS) });
  socket.on('error', () => {});
  return {
    transport: 'tcp',
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    send: (datagram) => {
      const framed = Buffer.allocUnsafe(LENGTH_BYTES + datagram.length);
      framed.writeUInt16BE(datagram.length);
      framed.set(datagram, LENGTH_BYTES);
      socket.write(framed);
    },
    stall: (stalled) => {
      if (stalled) socket.pause();
      else socket.resume();
    },
    close: () => socket.destroy(),
  };
}

/** Cuts a byte stream into datagrams; copies only what a read leaves unfinished. */
export class Deframer {
  readonly #listener: PathListener;
  #rest: Buffer = Buffer.alloc(0);

  constructor(listener: PathListener) {
    this.#listener = listener;
  }

  receive(chunk: Buffer, length: number): void {
    let start = 0;
    if (this.#rest.length > 0) {
      start = this.#finishRest(chunk, length);
      if (start < 0) return;
    }
    while (length - start >= LENGTH_BYTES) {
      const end = start + LENGTH_BYTES + chunk.readUInt16BE(start);
      if (end > length) break;
      this.#listener(chunk, start + LENGTH_BYTES, end);
      start = end;
    }
    // Copied: the read buffer belongs to the next read.
    this.#rest = start < length ? Buffer.from(chunk.subarray(start, length)) : Buffer.alloc(0);
  }

  /** Completes the datagram that an earlier read began; returns where the next one starts, or -1. */
  #finishRest(chunk: Buffer, length: number): number {
    const have = this.#rest.length;
    const first = this.#rest[0]!;
    const second = have > 1 ? this.#rest[1]! : chunk[0]!;
    const taken = LENGTH_BYTES + ((first << 8) | second) - have;
    const whole = Buffer.concat([this.#rest, chunk.subarray(0, Math.min(taken, length))]);
    this.#rest = taken > length ? whole : Buffer.alloc(0);
    if (taken > length) return -1;
    this.#listener(whole, LENGTH_BYTES, whole.length);
    return taken;
  }
}
