/**
 * The other end of a Peer in virtual time: a full ICE agent that controls, DTLS, SRTP. It behaves as browsers and
 * encoders do (checks on every path, USE-CANDIDATE on the chosen one, consent checks), and lies on request.
 */
import { timingSafeEqual } from 'node:crypto';
import { readUint16, readUint32 } from '../../src/base/bytes.ts';
import { seqDelta } from '../../src/base/circle.ts';
import type { Path } from '../../src/protocols/ice/path.ts';
import { parseRtpPacket, type RtpPacket, rtpHeaderLength } from '../../src/protocols/rtp/packet.ts';
import { parseRtcp, type RtcpPacket } from '../../src/protocols/rtp/rtcp.ts';
import { parseTransportAddress, type TransportAddress } from '../../src/protocols/stun/address.ts';
import {
  hasIntegrity,
  parseStunMessage,
  type StunMessage,
  writeStunMessage,
} from '../../src/protocols/stun/message.ts';
import type { Dtls, DtlsRole, Srtp, WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import { packetKind } from '../../src/protocols/webrtc/demux.ts';
import { ReceiveWindows } from '../../src/protocols/webrtc/receive-windows.ts';
import { Link, type LinkOptions, SeededRandom, type Timed } from './network.ts';

export type TestClientOptions = {
  readonly crypto: WebRtcCrypto;
  readonly localUfrag: string;
  readonly localPwd: string;
  readonly remoteUfrag: string;
  readonly remotePwd: string;
  readonly remoteFingerprint: Uint8Array;
  readonly dtlsRole: DtlsRole;
  /** The server's view of our paths; the first that answers is chosen. */
  readonly paths: readonly Path[];
  /** Between checks on a path that works: browsers 2.5 s, libjuice 4-6 s. */
  readonly checkIntervalMs: number;
  readonly seed: number;
};

export type TestClientOutput =
  | { readonly type: 'transmit'; readonly path: Path; readonly bytes: Uint8Array }
  | { readonly type: 'connected' }
  | { readonly type: 'rtp'; readonly packet: RtpPacket; readonly bytes: Uint8Array }
  | { readonly type: 'rtcp'; readonly packets: readonly RtcpPacket[] }
  | { readonly type: 'closed' };

/** Between checks on a path that has not answered yet. */
const UNANSWERED_CHECK_MS = 200;
/** Type preference of a peer-reflexive candidate, the best local preference, component 1 (RFC 8445 §5.1.2.1). */
const PRIORITY = 2 ** 24 * 110 + 2 ** 8 * 65_535 + 255;

type PathState = {
  readonly path: Path;
  /** Distinguishes our paths in PRIORITY: the first is the best. */
  readonly priority: number;
  dueMs: number;
  /** Last check sent, by transaction id in hex. */
  pending: string | undefined;
  isValid: boolean;
};

export class TestClient implements Timed {
  readonly #options: TestClientOptions;
  readonly #random: SeededRandom;
  readonly #paths: PathState[];
  readonly #windows = new ReceiveWindows();
  readonly #outputs: TestClientOutput[] = [];
  readonly #sendIndex = new Map<number, number>();
  #credentials: { remoteUfrag: string; remotePwd: string };
  #dtls: Dtls | undefined;
  #srtp: Srtp | undefined;
  #srtcpIndex = 0;
  #selected: PathState | undefined;
  #isSilent = false;
  #isClosed = false;

  /** What the server says our address is (XOR-MAPPED-ADDRESS). */
  mappedAddress: TransportAddress | undefined;
  /** Of the server, to see whether we are where our checks come from. */
  checksAnswered = 0;
  /** Error codes of refused checks. */
  readonly stunErrors: number[] = [];
  /** Packets that failed to authenticate or parse, by reason. */
  readonly rejects: string[] = [];

  constructor(options: TestClientOptions, nowMs: number) {
    this.#options = options;
    this.#credentials = options;
    this.#random = new SeededRandom(options.seed);
    this.#paths = options.paths.map((path, index) => ({
      path,
      priority: PRIORITY - 256 * index,
      dueMs: nowMs,
      pending: undefined,
      isValid: false,
    }));
  }

  get isConnected(): boolean {
    return this.#srtp !== undefined;
  }

  get selected(): Path | undefined {
    return this.#selected?.path;
  }

  get deadlineMs(): number | undefined {
    if (this.#isSilent || this.#isClosed) return undefined;
    const dueMs = Math.min(...this.#paths.map((state) => state.dueMs));
    return Math.min(dueMs, this.#dtls?.deadlineMs ?? Number.POSITIVE_INFINITY);
  }

  receive(bytes: Uint8Array, path: Path, nowMs: number): void {
    if (this.#isSilent || this.#isClosed) return;
    const kind = packetKind(bytes);
    if (kind === 'stun') this.#receiveStun(bytes, path, nowMs);
    else if (kind === 'dtls') this.#receiveDtls(bytes, nowMs);
    else if (kind === 'rtp') this.#receiveRtp(bytes);
    else if (kind === 'rtcp') this.#receiveRtcp(bytes);
    else this.rejects.push('unknown-kind');
  }

  advance(nowMs: number): void {
    if (this.#isSilent || this.#isClosed) return;
    for (const state of this.#paths) {
      if (nowMs >= state.dueMs) this.#check(state, nowMs);
    }
    this.#dtls?.advance(nowMs);
    this.#takeDtlsOutputs();
  }

  poll(): TestClientOutput | undefined {
    return this.#outputs.shift();
  }

  /** Chooses another of our paths, as a browser does when it changes networks. */
  nominate(path: Path, nowMs: number): void {
    const state = this.#paths.find((candidate) => candidate.path === path);
    if (state === undefined) throw new Error('not one of our paths');
    this.#selected = state;
    this.#check(state, nowMs);
  }

  /** The server's new credentials: from now on checks use them. */
  restartIce(remoteUfrag: string, remotePwd: string, nowMs: number): void {
    this.#credentials = { remoteUfrag, remotePwd };
    for (const state of this.#paths) {
      state.isValid = false;
      state.dueMs = nowMs;
    }
  }

  /** Neither sends nor hears anything from now on: the cable is cut, or the tab's process is gone. */
  vanish(): void {
    this.#isSilent = true;
  }

  reappear(nowMs: number): void {
    this.#isSilent = false;
    for (const state of this.#paths) state.dueMs = nowMs;
  }

  /** Sends one plain RTP packet; its index follows from the sequence numbers sent so far. */
  sendRtp(packet: Uint8Array): void {
    const headerLength = rtpHeaderLength(packet);
    if (this.#srtp === undefined || typeof headerLength === 'string')
      throw new Error('cannot send');
    const ssrc = readUint32(packet, 8);
    const sequenceNumber = readUint16(packet, 2);
    const highest = this.#sendIndex.get(ssrc) ?? sequenceNumber;
    const index = highest + seqDelta(highest & 0xffff, sequenceNumber);
    this.#sendIndex.set(ssrc, Math.max(highest, index));
    this.#transmit(this.#srtp.protectRtp(packet, headerLength, index >>> 16));
  }

  /** Sends one plain compound packet. */
  sendRtcp(compound: Uint8Array): void {
    if (this.#srtp === undefined) throw new Error('cannot send');
    this.#transmit(this.#srtp.protectRtcp(compound, this.#srtcpIndex++));
  }

  /** Sends bytes as they are over the chosen path. */
  sendRaw(bytes: Uint8Array): void {
    this.#transmit(bytes);
  }

  /** Says goodbye (DTLS close_notify). */
  close(): void {
    this.#dtls?.close();
    this.#takeDtlsOutputs();
    this.#end();
  }

  #check(state: PathState, nowMs: number): void {
    const transactionId = this.#random.bytes(12);
    state.pending = Buffer.from(transactionId).toString('hex');
    state.dueMs = nowMs + (state.isValid ? this.#options.checkIntervalMs : UNANSWERED_CHECK_MS);
    const { remoteUfrag, remotePwd } = this.#credentials;
    const bytes = writeStunMessage(
      {
        class: 'request',
        transactionId,
        username: `${remoteUfrag}:${this.#options.localUfrag}`,
        priority: state.priority,
        role: 'controlling',
        useCandidate: state === this.#selected,
      },
      remotePwd,
    );
    this.#outputs.push({ type: 'transmit', path: state.path, bytes });
  }

  #receiveStun(bytes: Uint8Array, path: Path, nowMs: number): void {
    const message = parseStunMessage(bytes);
    const state = this.#paths.find((candidate) => candidate.path === path);
    if (typeof message === 'string' || state === undefined) {
      this.rejects.push(String(message));
      return;
    }
    if (message.class === 'request') {
      this.#answer(bytes, message, path);
      return;
    }
    const isAnswer = Buffer.from(message.transactionId).toString('hex') === state.pending;
    if (!isAnswer || !hasIntegrity(bytes, message, this.#credentials.remotePwd)) {
      this.rejects.push('stray-response');
      return;
    }
    if (message.class === 'error') {
      this.stunErrors.push(message.errorCode ?? 0);
      return;
    }
    this.mappedAddress = message.mappedAddress;
    state.dueMs = nowMs + this.#options.checkIntervalMs;
    state.isValid = true;
    if (this.#selected !== undefined) return;
    this.#selected = state;
    this.#check(state, nowMs);
    const { crypto, dtlsRole } = this.#options;
    this.#dtls = crypto.createDtls(dtlsRole, path.transport === 'tcp');
    this.#dtls.start(nowMs);
    this.#takeDtlsOutputs();
  }

  /** The server asks whether we are where our checks come from. */
  #answer(bytes: Uint8Array, message: StunMessage, path: Path): void {
    const { localUfrag, localPwd } = this.#options;
    const mappedAddress = parseTransportAddress(path.remote);
    const isOurs = message.username === `${localUfrag}:${this.#credentials.remoteUfrag}`;
    if (!isOurs || message.role !== 'controlled' || !hasIntegrity(bytes, message, localPwd)) {
      this.rejects.push('stray-request');
      return;
    }
    this.checksAnswered++;
    const { transactionId } = message;
    const answer = {
      class: 'success',
      transactionId,
      ...(mappedAddress && { mappedAddress }),
    } as const;
    this.#outputs.push({ type: 'transmit', path, bytes: writeStunMessage(answer, localPwd) });
  }

  #receiveDtls(bytes: Uint8Array, nowMs: number): void {
    this.#dtls?.receive(bytes, nowMs);
    this.#takeDtlsOutputs();
  }

  #takeDtlsOutputs(): void {
    for (;;) {
      const output = this.#dtls?.poll();
      if (output === undefined) return;
      if (output.type === 'transmit') {
        this.#transmit(output.datagram);
      } else if (output.type === 'closed') {
        this.#end();
      } else if (timingSafeEqual(output.peerFingerprint, this.#options.remoteFingerprint)) {
        const { crypto } = this.#options;
        this.#srtp = crypto.createSrtp(output.profile, output.local, output.remote);
        this.#outputs.push({ type: 'connected' });
      } else {
        this.rejects.push('wrong-fingerprint');
      }
    }
  }

  #receiveRtp(bytes: Uint8Array): void {
    if (this.#srtp === undefined) return;
    const length = this.#windows.unprotectRtp(this.#srtp, bytes);
    const plain = typeof length === 'string' ? undefined : bytes.subarray(0, length);
    const packet = plain ? parseRtpPacket(plain) : String(length);
    if (typeof packet === 'string') this.rejects.push(packet);
    else if (plain) this.#outputs.push({ type: 'rtp', packet, bytes: plain });
  }

  #receiveRtcp(bytes: Uint8Array): void {
    if (this.#srtp === undefined) return;
    const length = this.#windows.unprotectRtcp(this.#srtp, bytes);
    const packets = typeof length === 'string' ? length : parseRtcp(bytes.subarray(0, length));
    if (typeof packets === 'string') this.rejects.push(packets);
    else this.#outputs.push({ type: 'rtcp', packets });
  }

  #transmit(bytes: Uint8Array): void {
    if (this.#selected === undefined) return;
    this.#outputs.push({ type: 'transmit', path: this.#selected.path, bytes });
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dtls?.free();
    this.#dtls = undefined;
    this.#srtp?.free();
    this.#srtp = undefined;
    this.#outputs.push({ type: 'closed' });
  }
}

export type HostOptions = {
  readonly client: TestClient;
  readonly paths: readonly Path[];
  readonly up: LinkOptions;
  readonly down: LinkOptions;
  /** What arrives at the server. */
  readonly toServer: (bytes: Uint8Array, path: Path, nowMs: number) => void;
  /** Everything the client has to tell but `transmit`. */
  readonly onOutput: (output: TestClientOutput, nowMs: number) => void;
};

/** A client behind its network: one link each way per path. Give it to `runUntil` as one part. */
export class TestHost implements Timed {
  readonly client: TestClient;
  readonly up: ReadonlyMap<Path, Link>;
  readonly down: ReadonlyMap<Path, Link>;
  readonly #parts: readonly Timed[];
  readonly #onOutput: HostOptions['onOutput'];

  constructor(options: HostOptions) {
    const { client, paths, up, down, toServer } = options;
    this.client = client;
    this.#onOutput = options.onOutput;
    this.up = new Map(
      paths.map((path) => [path, new Link(up, (bytes, nowMs) => toServer(bytes, path, nowMs))]),
    );
    this.down = new Map(
      paths.map((path) => [
        path,
        new Link(down, (bytes, nowMs) => this.#arrive(bytes, path, nowMs)),
      ]),
    );
    this.#parts = [client, ...this.up.values(), ...this.down.values()];
  }

  get deadlineMs(): number | undefined {
    const deadlines = this.#parts.map((part) => part.deadlineMs ?? Number.POSITIVE_INFINITY);
    const deadlineMs = Math.min(...deadlines);
    return deadlineMs === Number.POSITIVE_INFINITY ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    for (const part of this.#parts) {
      if (part.deadlineMs !== undefined && part.deadlineMs <= nowMs) part.advance(nowMs);
    }
    this.flush(nowMs);
  }

  /** What the server sends to this client. @returns false when the path's queue is full */
  fromServer(bytes: Uint8Array, path: Path, nowMs: number): boolean {
    return this.down.get(path)?.send(bytes, nowMs) ?? false;
  }

  /** Sends what the client has queued: call it after using the client's own methods. */
  flush(nowMs: number): void {
    for (;;) {
      const output = this.client.poll();
      if (output === undefined) return;
      if (output.type === 'transmit') this.up.get(output.path)?.send(output.bytes, nowMs);
      else this.#onOutput(output, nowMs);
    }
  }

  #arrive(bytes: Uint8Array, path: Path, nowMs: number): void {
    this.client.receive(bytes, path, nowMs);
    this.flush(nowMs);
  }
}
