/**
 * DTLS and SRTP without cryptography, for scenarios in virtual time: the same messages in the same order, keyed, so
 * that a wrong key, a flipped bit or another rollover counter fails as it would with the real thing. Not secret.
 */
import { createHash } from 'node:crypto';
import { readUint32, writeUint32 } from '../../src/base/bytes.ts';
import type {
  Dtls,
  DtlsOutput,
  DtlsRole,
  Srtp,
  SrtpKeys,
  SrtpProfile,
  WebRtcCrypto,
} from '../../src/protocols/webrtc/crypto.ts';

const RTP_TAG_BYTES = 16;
const RTCP_TRAILER_BYTES = 20;
const RETRANSMIT_MS = 1000; // RFC 6347 §4.2.4.1: begins at a second and doubles

const ALERT = 21;
const HANDSHAKE = 22;
/** Messages of the fake handshake, in order; the names are those of DTLS 1.2 flights (RFC 6347 §4.2.4). */
const FLIGHT = { clientHello: 201, serverHello: 202, clientFinished: 203, serverFinished: 204 };
const RANDOM_BYTES = 16;
const FINGERPRINT_BYTES = 32;
const FLIGHT_BYTES = 2 + RANDOM_BYTES + FINGERPRINT_BYTES;

/** Crypto of one side; `name` makes its certificate and its random numbers. */
export class FakeCrypto implements WebRtcCrypto {
  readonly fingerprint: Uint8Array;
  readonly #name: string;
  readonly #profile: SrtpProfile;
  #associations = 0;
  #randoms = 0;
  /** Native handles not yet freed: a scenario ends with none. */
  readonly live = { dtls: 0, srtp: 0 };
  #handles = 0;
  readonly #byHandle = new Map<number, Srtp>();

  constructor(name: string, profile: SrtpProfile = 'aead-aes-128-gcm') {
    this.#name = name;
    this.#profile = profile;
    this.fingerprint = createHash('sha256').update(name).digest();
  }

  createDtls(role: DtlsRole, reliable: boolean): FakeDtls {
    const seed = createHash('sha256')
      .update(`${this.#name} ${this.#associations++}`)
      .digest();
    this.live.dtls++;
    return new FakeDtls(role, reliable, this.#profile, this.fingerprint, seed, () => {
      this.live.dtls--;
    });
  }

  createSrtp(profile: SrtpProfile, local: SrtpKeys, remote: SrtpKeys): FakeSrtp {
    const handle = ++this.#handles;
    this.live.srtp++;
    const srtp = new FakeSrtp(handle, profile, local, remote, () => {
      this.live.srtp--;
      this.#byHandle.delete(handle);
    });
    this.#byHandle.set(handle, srtp);
    return srtp;
  }

  /** Repeatable, and unknown to whoever does not ask this object. */
  randomBytes(length: number): Uint8Array {
    return createHash('sha256')
      .update(`${this.#name} random ${this.#randoms++}`)
      .digest()
      .subarray(0, length);
  }

  /** What a native send batch finds behind a row's handle. */
  srtpOf(handle: number): Srtp | undefined {
    return this.#byHandle.get(handle);
  }
}

/** Four flights of one datagram each, retransmitted by the side that waits (unless reliable). */
export class FakeDtls implements Dtls {
  /** Every datagram received, for tests that look at what gets here. */
  readonly received: Uint8Array[] = [];
  readonly reliable: boolean;
  readonly #role: DtlsRole;
  readonly #profile: SrtpProfile;
  readonly #fingerprint: Uint8Array;
  readonly #random: Uint8Array;
  readonly #onFree: () => void;
  readonly #outputs: DtlsOutput[] = [];
  #peerRandom: Uint8Array | undefined;
  #peerFingerprint: Uint8Array | undefined;
  #lastFlight: Uint8Array | undefined;
  /** close_notify as this association protects it; a plain one would be anybody's. */
  #alert: Uint8Array | undefined;
  #isDone = false;
  #isClosed = false;
  #isFreed = false;
  #retransmitMs = RETRANSMIT_MS;
  deadlineMs: number | undefined;

  constructor(
    role: DtlsRole,
    reliable: boolean,
    profile: SrtpProfile,
    fingerprint: Uint8Array,
    seed: Uint8Array,
    onFree: () => void,
  ) {
    this.#role = role;
    this.reliable = reliable;
    this.#profile = profile;
    this.#fingerprint = fingerprint;
    this.#random = seed.subarray(0, RANDOM_BYTES);
    this.#onFree = onFree;
  }

  start(nowMs: number): void {
    if (this.#role === 'client') this.#send(FLIGHT.clientHello, nowMs);
  }

  receive(datagram: Uint8Array, nowMs: number): void {
    if (this.#isFreed) throw new Error('DTLS used after free()');
    this.received.push(new Uint8Array(datagram));
    if (this.#isClosed) return;
    if (this.#alert !== undefined && Buffer.compare(datagram, this.#alert) === 0) {
      this.#isClosed = true;
      this.deadlineMs = undefined;
      this.#outputs.push({ type: 'closed', reason: 'close-notify' });
      return;
    }
    if (datagram[0] !== HANDSHAKE || datagram.length !== FLIGHT_BYTES) return;
    if (this.#role === 'client') this.#receiveAsClient(datagram, nowMs);
    else this.#receiveAsServer(datagram, nowMs);
  }

  advance(nowMs: number): void {
    if (this.deadlineMs === undefined || nowMs < this.deadlineMs) return;
    this.#retransmitMs *= 2;
    this.deadlineMs = nowMs + this.#retransmitMs;
    this.#transmit(this.#lastFlight);
  }

  poll(): DtlsOutput | undefined {
    return this.#outputs.shift();
  }

  close(): void {
    if (!this.#isDone || this.#isClosed) return;
    this.#isClosed = true;
    this.#transmit(this.#alert);
  }

  free(): void {
    if (this.#isFreed) throw new Error('DTLS freed twice');
    this.#isFreed = true;
    this.#onFree();
  }

  #receiveAsClient(datagram: Uint8Array, nowMs: number): void {
    if (datagram[1] === FLIGHT.serverHello && !this.#isDone) {
      this.#learn(datagram);
      this.#send(FLIGHT.clientFinished, nowMs);
    } else if (datagram[1] === FLIGHT.serverFinished && this.#peerRandom !== undefined) {
      this.#finish();
    }
  }

  #receiveAsServer(datagram: Uint8Array, nowMs: number): void {
    if (datagram[1] === FLIGHT.clientHello && !this.#isDone) {
      this.#learn(datagram);
      this.#send(FLIGHT.serverHello, nowMs);
    } else if (datagram[1] === FLIGHT.clientFinished && this.#peerRandom !== undefined) {
      this.#send(FLIGHT.serverFinished, nowMs); // again, if it was lost and the client asks once more
      this.#finish();
    }
  }

  #learn(datagram: Uint8Array): void {
    this.#peerRandom = new Uint8Array(datagram.subarray(2, 2 + RANDOM_BYTES));
    this.#peerFingerprint = new Uint8Array(datagram.subarray(2 + RANDOM_BYTES));
  }

  #finish(): void {
    this.deadlineMs = undefined;
    if (this.#isDone || this.#peerRandom === undefined || this.#peerFingerprint === undefined)
      return;
    this.#isDone = true;
    const isClient = this.#role === 'client';
    const [client, server] = isClient
      ? [this.#random, this.#peerRandom]
      : [this.#peerRandom, this.#random];
    const clientKeys = keysOf('client', client, server);
    const serverKeys = keysOf('server', client, server);
    this.#alert = Uint8Array.of(ALERT, ...keysOf('alert', client, server).key);
    this.#outputs.push({
      type: 'connected',
      profile: this.#profile,
      local: isClient ? clientKeys : serverKeys,
      remote: isClient ? serverKeys : clientKeys,
      peerFingerprint: this.#peerFingerprint,
    });
  }

  #send(flight: number, nowMs: number): void {
    const datagram = new Uint8Array(FLIGHT_BYTES);
    datagram.set([HANDSHAKE, flight]);
    datagram.set(this.#random, 2);
    datagram.set(this.#fingerprint, 2 + RANDOM_BYTES);
    this.#lastFlight = datagram;
    if (!this.reliable && !this.#isDone) this.deadlineMs = nowMs + this.#retransmitMs;
    this.#transmit(datagram);
  }

  #transmit(datagram: Uint8Array | undefined): void {
    if (datagram !== undefined) this.#outputs.push({ type: 'transmit', datagram });
  }
}

function keysOf(side: string, client: Uint8Array, server: Uint8Array): SrtpKeys {
  const hash = createHash('sha256').update(side).update(client).update(server).digest();
  return { key: hash.subarray(0, 16), salt: hash.subarray(16, 28) };
}

/** Xors the payload with one key byte and appends a keyed checksum: fast enough for thousands of viewers. */
export class FakeSrtp implements Srtp {
  readonly handle: number;
  readonly profile: SrtpProfile;
  readonly #localSecret: number;
  readonly #remoteSecret: number;
  readonly #onFree: () => void;
  #isFreed = false;

  constructor(
    handle: number,
    profile: SrtpProfile,
    local: SrtpKeys,
    remote: SrtpKeys,
    onFree: () => void,
  ) {
    this.handle = handle;
    this.profile = profile;
    this.#localSecret = readUint32(local.key, 0);
    this.#remoteSecret = readUint32(remote.key, 0);
    this.#onFree = onFree;
  }

  unprotectRtp(packet: Uint8Array, headerLength: number, roc: number): number {
    this.#assertUsable();
    const length = packet.length - RTP_TAG_BYTES;
    if (length < headerLength) return -1;
    if (readUint32(packet, length) !== checksum(packet, length, this.#remoteSecret, roc)) return -1;
    mask(packet, headerLength, length, this.#remoteSecret);
    return length;
  }

  protectRtp(packet: Uint8Array, headerLength: number, roc: number): Uint8Array {
    this.#assertUsable();
    const out = new Uint8Array(packet.length + RTP_TAG_BYTES);
    out.set(packet);
    mask(out, headerLength, packet.length, this.#localSecret);
    writeUint32(out, packet.length, checksum(out, packet.length, this.#localSecret, roc));
    return out;
  }

  unprotectRtcp(packet: Uint8Array): { length: number; index: number } | undefined {
    this.#assertUsable();
    const length = packet.length - RTCP_TRAILER_BYTES;
    if (length < 8) return undefined;
    const index = readUint32(packet, length) & 0x7fffffff;
    const tag = checksum(packet, length, this.#remoteSecret, index);
    if (readUint32(packet, length + 4) !== tag) return undefined;
    mask(packet, 8, length, this.#remoteSecret);
    return { length, index };
  }

  protectRtcp(packet: Uint8Array, index: number): Uint8Array {
    this.#assertUsable();
    const out = new Uint8Array(packet.length + RTCP_TRAILER_BYTES);
    out.set(packet);
    mask(out, 8, packet.length, this.#localSecret);
    writeUint32(out, packet.length, (0x80000000 | index) >>> 0);
    const tag = checksum(out, packet.length, this.#localSecret, index);
    writeUint32(out, packet.length + 4, tag);
    return out;
  }

  free(): void {
    this.#assertUsable();
    this.#isFreed = true;
    this.#onFree();
  }

  #assertUsable(): void {
    if (this.#isFreed) throw new Error('SRTP used after free()');
  }
}

/** FNV-1a over the bytes, the secret and the counter. */
function checksum(bytes: Uint8Array, length: number, secret: number, counter: number): number {
  let hash = (0x811c9dc5 ^ secret ^ Math.imul(counter, 0x9e3779b1)) >>> 0;
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  }
  return hash >>> 0;
}

function mask(bytes: Uint8Array, start: number, end: number, secret: number): void {
  const byte = (secret & 0xff) | 1;
  for (let index = start; index < end; index++) bytes[index] = bytes[index]! ^ byte;
}
