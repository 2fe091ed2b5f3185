/** Sessions of an attacker's own: anyone may watch, and a streamer with the key may turn out to be one. */
import { loadCrypto } from '../../bench/client/crypto.ts';
import {
  dtlsRoleAgainst,
  readDescription,
  writeDescription,
} from '../../bench/client/description.ts';
import { type Exchange, exchange } from '../../bench/client/exchange.ts';
import { iceCredentials } from '../../bench/client/ice-agent.ts';
import type { Transport } from '../../bench/client/path.ts';
import { ClientPeer, type PeerListener, type PeerOptions } from '../../bench/client/peer.ts';
import type { SrtpSession } from '../../bench/client/srtp-session.ts';
import { parseRtcp } from '../../src/protocols/rtp/rtcp.ts';
import type { TestServer } from '../interop/server.ts';

export type Role = 'publisher' | 'viewer';

const crypto = loadCrypto();

/** A session as its owner holds it before anything was connected. */
export class OwnSession implements PeerListener {
  packets = 0;
  rtcpPackets = 0;
  /** In the receiver reports that came: each speaks of a flow that the server takes. */
  reportBlocks = 0;
  closed: string | undefined;
  readonly options: PeerOptions;
  readonly #exchange: Exchange;
  #client: ClientPeer | undefined;

  private constructor(options: PeerOptions, exchanged: Exchange) {
    this.options = options;
    this.#exchange = exchanged;
  }

  /** Offer and answer. */
  static async open(
    server: TestServer,
    role: Role,
    stream: string,
    transport: Transport = 'udp',
  ): Promise<OwnSession> {
    const local = iceCredentials();
    const direction = role === 'publisher' ? 'sendonly' : 'recvonly';
    const ssrcs =
      role === 'publisher' ? { video: 1, audio: 2 } : { video: undefined, audio: undefined };
    const offer = writeDescription(crypto, local, 'actpass', [
      { kind: 'video', mid: '0', direction, payloadType: 102, ssrc: ssrcs.video },
      { kind: 'audio', mid: '1', direction, payloadType: 111, ssrc: ssrcs.audio },
    ]);
    const protocol = role === 'publisher' ? 'whip' : 'whep';
    const url = `${server.page(stream)}/${protocol}?transport=udptcp`;
    const exchanged = await exchange(url, offer, role === 'publisher' ? server.key : undefined);
    const { answer } = exchanged;
    const remote = readDescription(answer, transport);
    const dtlsRole = dtlsRoleAgainst(answer);
    return new OwnSession({ crypto, local, remote, iceRole: 'controlling', dtlsRole }, exchanged);
  }

  static async connected(
    server: TestServer,
    role: Role,
    stream: string,
    transport: Transport = 'udp',
  ): Promise<OwnSession> {
    const session = await OwnSession.open(server, role, stream, transport);
    await session.connect();
    return session;
  }

  /** ICE and DTLS. */
  async connect(options: Partial<PeerOptions> = {}): Promise<void> {
    this.#client = await ClientPeer.connect({ ...this.options, ...options }, this);
  }

  get srtp(): SrtpSession {
    if (this.#client?.srtp === undefined) throw new Error(`not connected: ${this.closed}`);
    return this.#client.srtp;
  }

  send(datagram: Uint8Array): void {
    this.#client?.send(datagram);
  }

  stall(): void {
    this.#client?.stall(true);
  }

  onRtp(): void {
    this.packets++;
  }

  onRtcp(bytes: Buffer, start: number, end: number): void {
    this.rtcpPackets++;
    const packet = Uint8Array.from(bytes.subarray(start, end));
    const length = this.#client?.srtp?.unprotectRtcp(packet) ?? -1;
    const compound = length < 0 ? [] : parseRtcp(packet.subarray(0, length));
    if (typeof compound === 'string') return;
    for (const part of compound) {
      if (part.type === 'receiver-report') this.reportBlocks += part.blocks.length;
    }
  }

  onClosed(reason: string): void {
    this.closed = reason;
  }

  async leave(): Promise<void> {
    this.#client?.close('left');
    await this.#exchange.leave();
  }
}
