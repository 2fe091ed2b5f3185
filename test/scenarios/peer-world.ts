/** One Peer and one client with a network between them: what the tests of Peer start from. */
import { seqAdd } from '../../src/base/circle.ts';
import type { Path } from '../../src/protocols/ice/path.ts';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import type { DtlsRole } from '../../src/protocols/webrtc/crypto.ts';
import { PEER_IDLE_MS, Peer, type PeerOutput } from '../../src/protocols/webrtc/peer.ts';
import { FakeCrypto } from './fake-crypto.ts';
import { type LinkOptions, PERFECT_LINK, runUntil, type Timed } from './network.ts';
import { TestClient, type TestClientOutput, TestHost } from './test-client.ts';

export const UDP_PATH: Path = { id: 1, transport: 'udp', remote: '192.0.2.7:40000' };
export const UDP_PATH_6: Path = { id: 2, transport: 'udp', remote: '[2001:db8::7]:40000' };
export const TCP_PATH: Path = { id: 3, transport: 'tcp', remote: '192.0.2.7:50000' };

export const SERVER = { ufrag: 'serverUfrag', pwd: 'serverPasswordOf22Bytes' } as const;

export const CLIENT = { ufrag: 'clientUfrag', pwd: 'clientPasswordOf22Bytes' } as const;

export type WorldOptions = {
  readonly role: 'publisher' | 'viewer';
  /** The server's. */
  readonly dtlsRole: DtlsRole;
  readonly paths: readonly Path[];
  readonly transports: readonly Path['transport'][];
  readonly up: LinkOptions;
  readonly down: LinkOptions;
  readonly checkIntervalMs: number;
  /** What signalling said of the client's certificate; undefined for the truth. */
  readonly expectedFingerprint: Uint8Array | undefined;
};

export const WORLD_DEFAULTS: WorldOptions = {
  role: 'viewer',
  dtlsRole: 'server',
  paths: [UDP_PATH],
  transports: ['udp', 'tcp'],
  up: PERFECT_LINK,
  down: PERFECT_LINK,
  checkIntervalMs: 2500,
  expectedFingerprint: undefined,
};

export class PeerWorld {
  readonly serverCrypto = new FakeCrypto('server');
  readonly clientCrypto = new FakeCrypto('client');
  readonly peer: Peer;
  readonly client: TestClient;
  readonly host: TestHost;
  /** All but `transmit`. */
  readonly peerOutputs: PeerOutput[] = [];
  readonly clientOutputs: TestClientOutput[] = [];
  readonly #parts: readonly Timed[];
  #sequenceNumber = 65_000;
  nowMs = 1000;

  constructor(changes: Partial<WorldOptions>) {
    const options = { ...WORLD_DEFAULTS, ...changes };
    const { paths, up, down } = options;
    this.peer = new Peer(
      this.serverCrypto,
      {
        localUfrag: SERVER.ufrag,
        localPwd: SERVER.pwd,
        remoteUfrag: CLIENT.ufrag,
        remotePwd: CLIENT.pwd,
        remoteFingerprint: options.expectedFingerprint ?? this.clientCrypto.fingerprint,
        dtlsRole: options.dtlsRole,
        transports: options.transports,
        idleMs: PEER_IDLE_MS[options.role],
      },
      this.nowMs,
    );
    this.client = new TestClient(
      {
        crypto: this.clientCrypto,
        localUfrag: CLIENT.ufrag,
        localPwd: CLIENT.pwd,
        remoteUfrag: SERVER.ufrag,
        remotePwd: SERVER.pwd,
        remoteFingerprint: this.serverCrypto.fingerprint,
        dtlsRole: options.dtlsRole === 'server' ? 'client' : 'server',
        paths,
        checkIntervalMs: options.checkIntervalMs,
        seed: 7,
      },
      this.nowMs,
    );
    this.host = new TestHost({
      client: this.client,
      paths,
      up,
      down,
      toServer: (bytes, path, nowMs) => this.receive(bytes, path, nowMs),
      onOutput: (output) => this.clientOutputs.push(output),
    });
    const peer = this.peer;
    const server: Timed = {
      get deadlineMs() {
        return peer.deadlineMs;
      },
      advance: (nowMs) => {
        peer.advance(nowMs);
        this.flushPeer(nowMs);
      },
    };
    this.#parts = [server, this.host];
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    this.nowMs = runUntil(this.#parts, this.nowMs, this.nowMs + ms);
  }

  receive(bytes: Uint8Array, path: Path, nowMs: number): void {
    this.peer.receive(bytes, path, nowMs);
    this.flushPeer(nowMs);
  }

  flushPeer(nowMs: number): void {
    for (;;) {
      const output = this.peer.poll();
      if (output === undefined) return;
      if (output.type === 'transmit') this.host.fromServer(output.bytes, output.path, nowMs);
      else this.peerOutputs.push(output);
    }
  }

  /** Types of what the peer said, in order. */
  get peerStory(): string[] {
    return this.peerOutputs.map((output) =>
      output.type === 'closed' ? `closed: ${output.reason}` : output.type,
    );
  }

  /** The client sends one small video packet. */
  sendRtp(text: string): void {
    this.client.sendRtp(this.nextRtp(text));
    this.host.flush(this.nowMs);
  }

  /** A plain packet of the client's one flow, which wraps its sequence numbers early. */
  nextRtp(text: string): Uint8Array {
    const sequenceNumber = this.#sequenceNumber;
    this.#sequenceNumber = seqAdd(sequenceNumber, 1);
    return writeRtpPacket({
      payloadType: 96,
      marker: true,
      sequenceNumber,
      timestamp: 90 * Math.round(this.nowMs),
      ssrc: 0x1234,
      payload: Buffer.from(text),
    });
  }
}
