/**
 * One WebRTC connection as a synchronous machine: ICE-lite, DTLS and SRTP over whatever paths the peer proves.
 * Bytes and nowMs come in, outputs come out of {@link Peer.poll}. Media to the peer does not go through here: the
 * owner takes {@link Peer.srtp} and sends in batches.
 */
import { timingSafeEqual } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import type { CloseReason } from '../../base/reasons.ts';
import type { IceCredentials } from '../ice/credentials.ts';
import { type CheckReject, LiteAgent } from '../ice/lite-agent.ts';
import type { Path } from '../ice/path.ts';
import type { Dtls, DtlsOutput, DtlsRole, Srtp, WebRtcCrypto } from './crypto.ts';
import { packetKind } from './demux.ts';
import { ReceiveWindows, type SrtpReject } from './receive-windows.ts';

/** What both session descriptions agreed on, as far as the machine needs it. */
export type PeerOptions = {
  readonly localUfrag: string;
  readonly localPwd: string;
  readonly remoteUfrag: string;
  readonly remotePwd: string;
  /** SHA-256 over the peer's certificate, from its session description. */
  readonly remoteFingerprint: Uint8Array;
  readonly dtlsRole: DtlsRole;
  /** Transports whose candidates we gave; checks on others are ignored. */
  readonly transports: readonly Path['transport'][];
  /** How long a connected peer may be silent: see {@link PEER_IDLE_MS}. */
  readonly idleMs: number;
  /** Whether {@link Peer.roundTripMs} is wanted; over TCP the socket knows. */
  readonly measuresRoundTrip?: boolean;
};

/**
 * We send no checks, so a peer's life shows in what it sends: STUN checks, RTP, RTCP. A publisher's pictures never
 * pause; a viewer may send nothing but a consent check, and those of a sleeping tab are rare (RFC 7675 §5.1: 30 s).
 */
export const PEER_IDLE_MS = { publisher: 5_000, viewer: 30_000 } as const;

/** What the owner is to do, in order. */
export type PeerOutput =
  | { readonly type: 'transmit'; readonly path: Path; readonly bytes: Uint8Array }
  /** Where to send from now on. Always comes before `connected`. */
  | { readonly type: 'path-selected'; readonly path: Path }
  /** The selected path closed and no other is nominated: hold back until the next `path-selected`. */
  | { readonly type: 'path-lost' }
  /** {@link Peer.srtp} is there. */
  | { readonly type: 'connected' }
  /** One plain packet, authentic and not seen before. A view on the received bytes. */
  | { readonly type: 'rtp'; readonly bytes: Uint8Array }
  /** One plain compound packet, likewise. */
  | { readonly type: 'rtcp'; readonly bytes: Uint8Array }
  /** The last output. The owner then calls {@link Peer.free}. */
  | { readonly type: 'closed'; readonly reason: CloseReason };

/** Why a received packet was dropped without a trace but a count. */
export type PeerReject =
  | CheckReject
  | SrtpReject
  | 'unknown-kind'
  | 'unvalidated-path'
  | 'not-connected'
  | 'after-close';

/** From the session descriptions to DTLS done: gathering, checks and a handshake over a bad line take a few seconds. */
const HANDSHAKE_MS_MAX = 15_000;

/** A browser that changes networks dials TCP again at once; one that is gone does not. */
const PATHLESS_MS_MAX = 3_000;

/** RFC 3711 §3.4: the SRTCP index has 31 bits. At one packet a second that is 68 years. */
const SRTCP_INDEX_MAX = 0x7fffffff;

type PeerState =
  | { readonly phase: 'handshake'; readonly untilMs: number }
  | { readonly phase: 'connected'; readonly srtp: Srtp }
  | { readonly phase: 'closed' };

/**
 * One WebRTC connection, ICE-lite side. Feed it with receive() and advance(), then poll() until nothing more comes.
 */
export class Peer {
  readonly #crypto: WebRtcCrypto;
  readonly #options: PeerOptions;
  readonly #agent: LiteAgent;
  readonly #windows = new ReceiveWindows();
  readonly #rejects = newRejects();
  #state: PeerState;
  #dtls: Dtls | undefined;
  #srtp: Srtp | undefined;
  /** The path of the last `path-selected`. */
  #path: Path | undefined;
  /** Since when there has been no valid path at all, after there was one. */
  #pathlessMs: number | undefined;
  #lastHeardMs: number;
  #srtcpIndex = 0;
  #freed = false;
  #outputs: PeerOutput[] = [];
  #polled = 0;

  constructor(crypto: WebRtcCrypto, options: PeerOptions, nowMs: number) {
    this.#crypto = crypto;
    this.#options = options;
    this.#agent = new LiteAgent({
      local: { ufrag: options.localUfrag, pwd: options.localPwd },
      remote: { ufrag: options.remoteUfrag, pwd: options.remotePwd },
      transports: options.transports,
      random: (length) => crypto.randomBytes(length),
      measuresRoundTrip: options.measuresRoundTrip === true,
    });
    this.#state = { phase: 'handshake', untilMs: nowMs + HANDSHAKE_MS_MAX };
    this.#lastHeardMs = nowMs;
  }

  /** Keys for both directions, from `connected` until {@link free}. */
  get srtp(): Srtp | undefined {
    return this.#srtp;
  }

  /** Over UDP; undefined before it is known, and where it was not asked for. */
  get roundTripMs(): number | undefined {
    return this.#agent.roundTripMs;
  }

  /** Where to send now; the same as the last `path-selected` or `path-lost` said. */
  get path(): Path | undefined {
    return this.#path;
  }

  get isClosed(): boolean {
    return this.#state.phase === 'closed';
  }

  /** Packets dropped so far, by reason. */
  get rejects(): Readonly<Record<PeerReject, number>> {
    return this.#rejects;
  }

  /** Whether the peer has proved that it is at the other end of `path`. */
  isValidPath(path: Path): boolean {
    return this.#agent.isValid(path);
  }

  /** When to call {@link advance} next; undefined once closed. */
  get deadlineMs(): number | undefined {
    if (this.#state.phase === 'closed') return undefined;
    return Math.min(
      this.#state.phase === 'handshake'
        ? this.#state.untilMs
        : this.#lastHeardMs + this.#options.idleMs,
      this.#pathlessMs === undefined
        ? Number.POSITIVE_INFINITY
        : this.#pathlessMs + PATHLESS_MS_MAX,
      this.#dtls?.deadlineMs ?? Number.POSITIVE_INFINITY,
      this.#agent.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
  }

  /** One packet from the network. `bytes` becomes ours: it is decrypted in place. */
  receive(bytes: Uint8Array, path: Path, nowMs: number): void {
    const reject = this.#receive(bytes, path, nowMs);
    if (reject !== undefined) this.#rejects[reject]++;
  }

  advance(nowMs: number): void {
    const state = this.#state;
    if (state.phase === 'closed') return;
    if (this.#pathlessMs !== undefined && nowMs >= this.#pathlessMs + PATHLESS_MS_MAX) {
      this.close('left');
    } else if (state.phase === 'handshake' && nowMs >= state.untilMs) {
      this.close('handshake-failed');
    } else if (state.phase === 'connected' && nowMs >= this.#lastHeardMs + this.#options.idleMs) {
      this.close('timed-out');
    } else {
      this.#dtls?.advance(nowMs);
      this.#takeDtlsOutputs();
      this.#sendChecks(nowMs);
    }
  }

  poll(): PeerOutput | undefined {
    const output = this.#outputs[this.#polled];
    if (output === undefined) return undefined;
    this.#polled++;
    if (this.#polled === this.#outputs.length) {
      this.#outputs.length = 0;
      this.#polled = 0;
    }
    return output;
  }

  /** Encrypts and sends one compound RTCP packet; lost silently where there is no connection or path. */
  sendRtcp(compound: Uint8Array): void {
    if (this.#state.phase !== 'connected' || this.#path === undefined) return;
    assert(this.#srtcpIndex < SRTCP_INDEX_MAX, 'an SRTCP index is never used twice');
    const bytes = this.#state.srtp.protectRtcp(compound, this.#srtcpIndex++);
    this.#outputs.push({ type: 'transmit', path: this.#path, bytes });
  }

  /** New credentials on both sides (RFC 8445 §9). The old ones hold until the peer uses the new. */
  restartIce(local: IceCredentials, remote: IceCredentials): void {
    this.#agent.restart(local, remote);
  }

  /** The path is gone: a TCP connection closed, or its 5-tuple now belongs to another session. */
  pathClosed(path: Path, nowMs: number): void {
    if (this.#state.phase === 'closed' || !this.#agent.isValid(path)) return;
    this.#agent.forget(path);
    if (this.#agent.validPaths === 0) this.#pathlessMs = nowMs;
    this.#followSelection(nowMs);
    this.#sendChecks(nowMs);
  }

  /** Says goodbye by DTLS close_notify, where there is someone to say it to, and ends. */
  close(reason: CloseReason): void {
    if (this.#state.phase === 'closed') return;
    this.#state = { phase: 'closed' };
    if (this.#dtls !== undefined) {
      this.#dtls.close();
      const first = this.#outputs.length;
      this.#transmitDtls();
      // DTLS never repeats an alert (RFC 6347 §4.2.7 covers handshakes only), and OBS comes back by itself only if
      // this one arrives. The copy is dropped by the peer's replay check.
      if (this.#path?.transport === 'udp') this.#outputs.push(...this.#outputs.slice(first));
      this.#dtls.free();
      this.#dtls = undefined;
    }
    this.#outputs.push({ type: 'closed', reason });
  }

  /** Releases the SRTP keys. The owner calls it once no row with their handle waits to be sent. */
  free(): void {
    assert(this.isClosed, 'close() first');
    if (this.#freed) return;
    this.#freed = true;
    this.#srtp?.free();
    this.#srtp = undefined;
  }

  #receive(bytes: Uint8Array, path: Path, nowMs: number): PeerReject | undefined {
    if (this.#state.phase === 'closed') return 'after-close';
    const kind = packetKind(bytes);
    if (kind === undefined) return 'unknown-kind';
    if (kind === 'stun') return this.#receiveStun(bytes, path, nowMs);
    if (!this.#agent.isValid(path)) return 'unvalidated-path';
    if (kind === 'dtls') return this.#receiveDtls(bytes, path, nowMs);
    if (this.#state.phase !== 'connected') return 'not-connected';
    const { srtp } = this.#state;
    const length =
      kind === 'rtp'
        ? this.#windows.unprotectRtp(srtp, bytes)
        : this.#windows.unprotectRtcp(srtp, bytes);
    if (typeof length === 'string') return length;
    this.#lastHeardMs = nowMs;
    this.#outputs.push({ type: kind, bytes: bytes.subarray(0, length) });
    return undefined;
  }

  #receiveStun(bytes: Uint8Array, path: Path, nowMs: number): PeerReject | undefined {
    const result = this.#agent.receive(bytes, path, nowMs);
    if (typeof result === 'string') return result;
    const { response, valid } = result;
    if (response !== undefined) this.#outputs.push({ type: 'transmit', path, bytes: response });
    if (!valid) return undefined;
    this.#lastHeardMs = nowMs;
    this.#pathlessMs = undefined;
    this.#followSelection(nowMs);
    this.#sendChecks(nowMs);
    return undefined;
  }

  #sendChecks(nowMs: number): void {
    const check = this.#agent.poll(nowMs);
    if (check !== undefined) this.#outputs.push({ type: 'transmit', ...check });
  }

  #receiveDtls(bytes: Uint8Array, path: Path, nowMs: number): undefined {
    this.#agent.selectUnlessNominated(path);
    this.#followSelection(nowMs);
    this.#dtls?.receive(bytes, nowMs);
    this.#takeDtlsOutputs();
  }

  #followSelection(nowMs: number): void {
    const selected = this.#agent.selected;
    if (selected === this.#path) return;
    this.#path = selected;
    if (selected === undefined) {
      this.#outputs.push({ type: 'path-lost' });
      return;
    }
    this.#outputs.push({ type: 'path-selected', path: selected });
    if (this.#dtls !== undefined) return;
    // A handshake that begins on TCP may be moved to UDP by the peer: then its timers are needed.
    const reliable = selected.transport === 'tcp' && !this.#options.transports.includes('udp');
    this.#dtls = this.#crypto.createDtls(this.#options.dtlsRole, reliable);
    this.#dtls.start(nowMs);
    this.#takeDtlsOutputs();
  }

  #takeDtlsOutputs(): void {
    const end = this.#transmitDtls();
    if (end === undefined) return;
    if (end.type === 'closed') {
      this.#dtlsClosed(end.reason);
      return;
    }
    this.#connect(end);
    // What came after `connected`: at the most a close_notify in the same datagram.
    if (this.#state.phase === 'connected') this.#takeDtlsOutputs();
  }

  #dtlsClosed(reason: Extract<DtlsOutput, { readonly type: 'closed' }>['reason']): void {
    const wasConnected = this.#state.phase === 'connected';
    if (reason === 'close-notify') {
      this.close('left');
      return;
    }
    // Nothing more can be said over a broken association.
    this.#dtls?.free();
    this.#dtls = undefined;
    this.close(wasConnected ? 'protocol-error' : 'handshake-failed');
  }

  /** Queues datagrams until DTLS has something else to say, or nothing more. */
  #transmitDtls(): Exclude<DtlsOutput, { readonly type: 'transmit' }> | undefined {
    let output = this.#dtls?.poll();
    while (output?.type === 'transmit') {
      // Without a path the datagram is lost, as any may be; DTLS sends it again.
      if (this.#path !== undefined) {
        this.#outputs.push({ type: 'transmit', path: this.#path, bytes: output.datagram });
      }
      output = this.#dtls?.poll();
    }
    return output;
  }

  #connect(keys: Extract<DtlsOutput, { readonly type: 'connected' }>): void {
    if (!isSameFingerprint(keys.peerFingerprint, this.#options.remoteFingerprint)) {
      this.close('handshake-failed'); // whoever this is, it is not who signalling spoke to (RFC 8122 §6.2)
      return;
    }
    const srtp = this.#crypto.createSrtp(keys.profile, keys.local, keys.remote);
    this.#srtp = srtp;
    this.#state = { phase: 'connected', srtp };
    this.#agent.confirmSelected();
    this.#outputs.push({ type: 'connected' });
  }
}

function isSameFingerprint(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** All reasons at 0: one object shape for every peer. */
function newRejects(): Record<PeerReject, number> {
  return {
    'too-short': 0,
    'bad-type': 0,
    'bad-length': 0,
    'bad-cookie': 0,
    'bad-attribute': 0,
    'bad-fingerprint': 0,
    'no-fingerprint': 0,
    'stun-not-a-request': 0,
    'transport-not-offered': 0,
    'unknown-ufrag': 0,
    'wrong-integrity': 0,
    'bad-remote-address': 0,
    'bad-rtp': 0,
    'bad-rtcp': 0,
    replayed: 0,
    'wrong-tag': 0,
    'too-many-ssrcs': 0,
    'unknown-kind': 0,
    'unvalidated-path': 0,
    'not-connected': 0,
    'after-close': 0,
  };
}
