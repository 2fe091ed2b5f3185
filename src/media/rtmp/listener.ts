import { createServer, type Server, type Socket } from 'node:net';
import type { CloseReason } from '../../base/reasons.ts';
import { networkOf, plainAddress } from '../../base/remote-address.ts';
import type { RemoteEnd, SessionId } from '../../channel/messages.ts';
import { WakeTimer } from '../wake-timer.ts';
import { RtmpConnection, type RtmpConnectionOptions } from './connection.ts';
import { closeMessages } from './publisher.ts';

export type RtmpListenerOptions = RtmpConnectionOptions & {
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
};

/** Of all peers. One publisher is one connection; the rest is room for those that are refused. */
const CONNECTIONS_MAX = 512;
/** Of one network: a studio behind one router publishes some ten streams. */
const CONNECTIONS_PER_NETWORK_MAX = 32;

/** The RTMP port. */
export class RtmpListener {
  readonly #server: Server;
  readonly #options: RtmpListenerOptions;
  readonly #connections = new Set<RtmpConnection>();
  readonly #perNetwork = new Map<string, number>();
  readonly #timer = new WakeTimer((nowMs) => this.#advance(nowMs));

  #onGone = () => {};

  /** Opens the port; rejects with the system's error (`code`: EADDRINUSE, EACCES, …) where it cannot. */
  static open(options: RtmpListenerOptions): Promise<RtmpListener> {
    const listener = new RtmpListener(options);
    return new Promise((resolve, reject) => {
      listener.#server.once('error', reject);
      listener.#server.listen(options.port, options.address, () => {
        listener.#server.off('error', reject);
        // Out of file descriptors, say: those that are connected stay.
        listener.#server.on('error', (error) => options.complain(`rtmp: ${error.message}`));
        resolve(listener);
      });
    });
  }

  private constructor(options: RtmpListenerOptions) {
    this.#options = options;
    this.#server = createServer((socket) =>
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

  /** Ends all connections, and resolves when they are gone. Encoders see that as a lost connection, and come back. */
  close(reason: CloseReason): Promise<void> {
    return new Promise((resolve) => {
      this.#onGone = () => {
        if (this.#server.listening || this.#connections.size > 0) return;
        this.#timer.stop();
        resolve();
      };
      this.#server.close(this.#onGone);
      for (const connection of this.#connections) connection.close(reason, undefined);
    });
  }

  /** Ends the connection of one session, telling its encoder why. @returns whether there is one */
  closeSession(session: SessionId, reason: CloseReason): boolean {
    const found = [...this.#connections].find((connection) => connection.session === session);
    found?.close(reason, closeMessages[reason]);
    return found !== undefined;
  }

  /** Takes a connection over; those of our own port, and what came in by another. */
  adopt(socket: Socket, remote: RemoteEnd): void {
    const network = networkOf(remote.address);
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    const full =
      this.#connections.size >= CONNECTIONS_MAX || ofNetwork >= CONNECTIONS_PER_NETWORK_MAX;
    if (full) this.#options.complain('rtmp: limit-reached: too many connections');
    if (full || !this.#server.listening) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#perNetwork.set(network, ofNetwork + 1);
    const connection = new RtmpConnection(socket, remote, this.#options, (deadlineMs) =>
      this.#timer.wakeBy(deadlineMs, this.#options.clockMs()),
    );
    this.#connections.add(connection);
    socket.on('close', () => this.#onClosed(connection));
  }

  #onClosed(connection: RtmpConnection): void {
    this.#connections.delete(connection);
    this.#onGone();
    const network = networkOf(connection.address);
    const left = (this.#perNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }

  #advance(nowMs: number): number | undefined {
    let nextMs: number | undefined;
    for (const connection of this.#connections) {
      if ((connection.deadlineMs ?? nowMs + 1) <= nowMs) connection.advance();
      const { deadlineMs } = connection;
      if (deadlineMs !== undefined && (nextMs === undefined || deadlineMs < nextMs)) {
        nextMs = deadlineMs;
      }
    }
    return nextMs;
  }
}
