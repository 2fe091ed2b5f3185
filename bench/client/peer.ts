/** One WebRTC connection from the client's side: path, ICE, DTLS, SRTP, as far as a load tool needs it. */
import type { Dtls, DtlsRole, WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import { IceAgent, type IceCredentials, type IceRole } from './ice-agent.ts';
import { type Candidate, openPath, type Path } from './path.ts';
import { SrtpSession } from './srtp-session.ts';

const CONNECT_TIMEOUT_MS = 15_000;

export type RemoteDescription = IceCredentials & {
  /** SHA-256 of the server's certificate. */
  readonly fingerprint: Uint8Array;
  readonly candidate: Candidate;
};

export type PeerOptions = {
  readonly crypto: WebRtcCrypto;
  readonly local: IceCredentials;
  readonly remote: RemoteDescription;
  readonly iceRole: IceRole;
  readonly dtlsRole: DtlsRole;
};

export interface PeerListener {
  /** One protected RTP packet, `bytes[start..end)`. */
  onRtp(bytes: Buffer, start: number, end: number): void;
  onRtcp(bytes: Buffer, start: number, end: number): void;
  onClosed(reason: string): void;
}

export class ClientPeer {
  readonly #path: Path;
  readonly #ice: IceAgent;
  readonly #dtls: Dtls;
  readonly #options: PeerOptions;
  readonly #listener: PeerListener;
  readonly #connected = Promise.withResolvers<void>();
  #srtp: SrtpSession | undefined;
  #dtlsTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Opens the path and resolves once media can flow both ways. */
  static async connect(options: PeerOptions, listener: PeerListener): Promise<ClientPeer> {
    let peer: ClientPeer | undefined;
    const path = await openPath(options.remote.candidate, (bytes, start, end) =>
      peer?.receive(bytes, start, end),
    );
    peer = new ClientPeer(path, options, listener);
    const timer = setTimeout(() => peer.close('connect-timeout'), CONNECT_TIMEOUT_MS);
    peer.#ice.start();
    await peer.#connected.promise.finally(() => clearTimeout(timer));
    return peer;
  }

  private constructor(path: Path, options: PeerOptions, listener: PeerListener) {
    this.#path = path;
    this.#options = options;
    this.#listener = listener;
    this.#dtls = options.crypto.createDtls(options.dtlsRole, path.transport === 'tcp');
    const { local, remote, iceRole } = options;
    this.#ice = new IceAgent(local, remote, iceRole, remote.candidate, {
      send: (datagram) => path.send(datagram),
      onConnected: () => {
        this.#dtls.start(performance.now());
        this.#pollDtls();
      },
      onConsentLost: () => this.close('consent-lost'),
    });
  }

  get srtp(): SrtpSession | undefined {
    return this.#srtp;
  }

  send(datagram: Uint8Array): void {
    if (!this.#closed) this.#path.send(datagram);
  }

  /** Stops to read, as a viewer's machine that has no time. */
  stall(stalled: boolean): void {
    if (!this.#closed) this.#path.stall(stalled);
  }

  /** Gone without a word, as a machine that loses its network: the server has to notice by itself. */
  vanish(): void {
    this.#end('vanished');
  }

  /** First byte decides (RFC 7983 §7). */
  receive(bytes: Buffer, start: number, end: number): void {
    if (this.#closed || end - start < 2) return;
    const first = bytes[start]!;
    if (first >= 128 && first <= 191) {
      const second = bytes[start + 1]!;
      // RTCP packet types 192..223 (RFC 5761 §4)
      if (second >= 192 && second <= 223) this.#listener.onRtcp(bytes, start, end);
      else this.#listener.onRtp(bytes, start, end);
    } else if (first >= 20 && first <= 63) {
      this.#dtls.receive(bytes.subarray(start, end), performance.now());
      this.#pollDtls();
    } else if (first <= 3) {
      this.#ice.receive(bytes.subarray(start, end));
    }
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#dtls.close();
    this.#pollDtls();
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#connected.reject(new Error(reason));
    this.#closed = true;
    this.#ice.close();
    clearTimeout(this.#dtlsTimer);
    this.#dtls.free();
    this.#srtp?.free();
    this.#path.close();
    this.#listener.onClosed(reason);
  }

  #pollDtls(): void {
    for (let output = this.#dtls.poll(); output; output = this.#dtls.poll()) {
      if (output.type === 'transmit') {
        this.#path.send(output.datagram);
      } else if (output.type === 'closed') {
        queueMicrotask(() => this.close(`dtls-${output.reason}`));
      } else if (Buffer.compare(output.peerFingerprint, this.#options.remote.fingerprint) !== 0) {
        queueMicrotask(() => this.close('wrong-fingerprint'));
      } else {
        const { profile, local, remote } = output;
        this.#srtp = new SrtpSession(this.#options.crypto.createSrtp(profile, local, remote));
        this.#connected.resolve();
      }
    }
    clearTimeout(this.#dtlsTimer);
    const deadlineMs = this.#dtls.deadlineMs;
    if (deadlineMs === undefined || this.#closed) return;
    this.#dtlsTimer = setTimeout(
      () => {
        this.#dtls.advance(performance.now());
        this.#pollDtls();
      },
      Math.max(0, deadlineMs - performance.now()),
    );
  }
}
