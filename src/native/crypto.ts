/** The cryptography of {@link WebRtcCrypto} by the addon: OpenSSL's DTLS 1.2 and SRTP. */
import { randomBytes } from 'node:crypto';
import { assert } from '../base/assert.ts';
import type {
  Dtls,
  DtlsOutput,
  DtlsRole,
  Srtp,
  SrtpKeys,
  SrtpProfile,
  WebRtcCrypto,
} from '../protocols/webrtc/crypto.ts';
import type { Addon } from './addon.ts';

/** Our DTLS identity: what Addon.certificateNew returns. */
export type Certificate = ReturnType<Addon['certificateNew']>;

/** Numbers of the DTLS-SRTP registry (RFC 5764 §4.1.2, RFC 7714 §14.2). */
const PROFILE_NUMBERS: Readonly<Record<SrtpProfile, number>> = {
  'aead-aes-128-gcm': 7,
  'aes128-cm-sha1-80': 1,
};

const SRTP_KEY_BYTES = 16;
/** The most that protection adds: GCM's tag (16 bytes) and, for RTCP, the index word (4 bytes). */
const PROTECTION_BYTES_MAX = 20;

/** One certificate for all associations of this thread. */
export function createNativeCrypto(addon: Addon, certificate: Certificate): WebRtcCrypto {
  const context = addon.dtlsContext(certificate.certificatePem, certificate.privateKeyPem);
  return {
    fingerprint: certificate.fingerprint,
    createDtls: (role, reliable) => new NativeDtls(addon, context, role, reliable),
    createSrtp: (profile, local, remote) => new NativeSrtp(addon, profile, local, remote),
    randomBytes,
  };
}

type Step = ReturnType<Addon['dtlsStep']>;

class NativeDtls implements Dtls {
  readonly #addon: Addon;
  readonly #role: DtlsRole;
  readonly #handle: number;
  readonly #outputs: DtlsOutput[] = [];
  #phase: 'handshaking' | 'connected' | 'closed' | 'freed' = 'handshaking';
  #deadlineMs: number | undefined;

  constructor(addon: Addon, context: number, role: DtlsRole, reliable: boolean) {
    this.#addon = addon;
    this.#role = role;
    this.#handle = addon.dtlsNew(context, role === 'server', reliable);
  }

  get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  start(nowMs: number): void {
    this.#step(null, false, nowMs);
  }

  receive(datagram: Uint8Array, nowMs: number): void {
    this.#step(datagram, false, nowMs);
  }

  advance(nowMs: number): void {
    if (this.#deadlineMs === undefined || nowMs < this.#deadlineMs) return;
    this.#step(null, true, nowMs);
  }

  poll(): DtlsOutput | undefined {
    return this.#outputs.shift();
  }

  close(): void {
    assert(this.#phase !== 'freed', 'DTLS used after free');
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#deadlineMs = undefined;
    this.#transmit(this.#addon.dtlsClose(this.#handle));
  }

  free(): void {
    assert(this.#phase !== 'freed', 'DTLS freed twice');
    this.#phase = 'freed';
    this.#deadlineMs = undefined;
    this.#addon.dtlsFree(this.#handle);
  }

  #step(datagram: Uint8Array | null, timedOut: boolean, nowMs: number): void {
    assert(this.#phase !== 'freed', 'DTLS used after free');
    if (this.#phase === 'closed') return;
    const step = this.#addon.dtlsStep(this.#handle, datagram, timedOut);
    this.#deadlineMs = step.timeoutMs < 0 ? undefined : nowMs + step.timeoutMs;
    this.#transmit(step.out);
    const agreed = !step.done || this.#phase === 'connected' || this.#connect();
    if (agreed) this.#checkEnd(step);
  }

  #transmit(datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.#outputs.push({ type: 'transmit', datagram });
  }

  /** @returns whether there is an SRTP profile; without one the association is closed */
  #connect(): boolean {
    const {
      profile: number,
      keyingMaterial,
      peerFingerprint,
    } = this.#addon.dtlsResult(this.#handle);
    const profile = profileOf(number);
    if (profile === undefined) {
      // OpenSSL lets a handshake succeed whose use_srtp lists have nothing in common (RFC 5764 §4.1.1).
      this.close();
      this.#outputs.push({ type: 'closed', reason: 'no-srtp-profile' });
      return false;
    }
    this.#phase = 'connected';
    const { client, server } = splitKeys(keyingMaterial);
    const [local, remote] = this.#role === 'client' ? [client, server] : [server, client];
    this.#outputs.push({ type: 'connected', profile, local, remote, peerFingerprint });
    return true;
  }

  #checkEnd(step: Step): void {
    if (step.error !== undefined) {
      this.#phase = 'closed';
      const reason = step.error.startsWith('alert') ? 'alert' : 'failed';
      this.#outputs.push({ type: 'closed', reason });
    } else if (step.closed) {
      this.close(); // answered in kind (RFC 5246 §7.2.1)
      this.#outputs.push({ type: 'closed', reason: 'close-notify' });
    }
  }
}

class NativeSrtp implements Srtp {
  readonly handle: number;
  readonly profile: SrtpProfile;
  readonly #addon: Addon;

  constructor(addon: Addon, profile: SrtpProfile, local: SrtpKeys, remote: SrtpKeys) {
    this.#addon = addon;
    this.profile = profile;
    this.handle = addon.srtpNew(
      PROFILE_NUMBERS[profile],
      local.key,
      local.salt,
      remote.key,
      remote.salt,
    );
  }

  unprotectRtp(packet: Uint8Array, headerLength: number, roc: number): number {
    return this.#addon.srtpUnprotect(this.handle, packet, headerLength, roc);
  }

  protectRtp(packet: Uint8Array, headerLength: number, roc: number): Uint8Array {
    const buffer = withRoom(packet);
    const { length } = packet;
    const size = this.#addon.srtpProtect(this.handle, buffer, length, headerLength, roc);
    return buffer.subarray(0, size);
  }

  unprotectRtcp(packet: Uint8Array): { length: number; index: number } | undefined {
    const length = this.#addon.srtcpUnprotect(this.handle, packet);
    return length < 0 ? undefined : { length, index: this.#addon.srtcpIndex(this.handle) };
  }

  protectRtcp(packet: Uint8Array, index: number): Uint8Array {
    const buffer = withRoom(packet);
    const size = this.#addon.srtcpProtect(this.handle, buffer, packet.length, index);
    return buffer.subarray(0, size);
  }

  free(): void {
    this.#addon.srtpFree(this.handle);
  }
}

function profileOf(number: number): SrtpProfile | undefined {
  if (number === PROFILE_NUMBERS['aead-aes-128-gcm']) return 'aead-aes-128-gcm';
  if (number === PROFILE_NUMBERS['aes128-cm-sha1-80']) return 'aes128-cm-sha1-80';
  return undefined;
}

/** RFC 5764 §4.2: client key, server key, client salt, server salt. */
function splitKeys(material: Uint8Array): { client: SrtpKeys; server: SrtpKeys } {
  const salts = 2 * SRTP_KEY_BYTES;
  const serverSalt = salts + (material.length - salts) / 2;
  return {
    client: {
      key: material.subarray(0, SRTP_KEY_BYTES),
      salt: material.subarray(salts, serverSalt),
    },
    server: {
      key: material.subarray(SRTP_KEY_BYTES, salts),
      salt: material.subarray(serverSalt),
    },
  };
}

function withRoom(packet: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(packet.length + PROTECTION_BYTES_MAX);
  buffer.set(packet);
  return buffer;
}
