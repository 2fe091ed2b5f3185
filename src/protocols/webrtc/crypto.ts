/**
 * What a Peer needs of cryptography. `src/native` implements it with OpenSSL; scenario tests with a keyed fake.
 * No sockets and no clock in here: datagrams and nowMs come in, datagrams and events come out.
 */

/** In our order of preference (RFC 7714, RFC 5764). Some encoders and browsers know only the second. */
export type SrtpProfile = 'aead-aes-128-gcm' | 'aes128-cm-sha1-80';

/** Who sends the ClientHello (RFC 6347 §4.2). */
export type DtlsRole = 'client' | 'server';

/** One direction's master key and salt (RFC 5764 §4.2): 16 + 12 bytes for GCM, 16 + 14 for CM. */
export type SrtpKeys = { readonly key: Uint8Array; readonly salt: Uint8Array };

/** What one step of an association leads to. */
export type DtlsOutput =
  | { readonly type: 'transmit'; readonly datagram: Uint8Array }
  | {
      readonly type: 'connected';
      readonly profile: SrtpProfile;
      /** For what we send. */
      readonly local: SrtpKeys;
      /** For what we receive. */
      readonly remote: SrtpKeys;
      /** SHA-256 of the peer's certificate; the Peer compares it with the session description. */
      readonly peerFingerprint: Uint8Array;
    }
  | {
      readonly type: 'closed';
      readonly reason: 'close-notify' | 'alert' | 'failed' | 'no-srtp-profile';
    };

/** One DTLS 1.2 association as a state machine. */
export interface Dtls {
  /** Time of the next retransmission, in ms; undefined when nothing is due. */
  readonly deadlineMs: number | undefined;
  /** Begins the handshake; as client this queues the first flight. */
  start(nowMs: number): void;
  receive(datagram: Uint8Array, nowMs: number): void;
  advance(nowMs: number): void;
  poll(): DtlsOutput | undefined;
  /** Queues close_notify. */
  close(): void;
  /** Releases native memory; nothing may be called afterwards. */
  free(): void;
}

/** The SRTP keys of one association, both directions. Counting packets (index, ROC, replay) is the caller's work. */
export interface Srtp {
  /** Row value for native send batches (see src/native/addon.ts). */
  readonly handle: number;
  readonly profile: SrtpProfile;
  /**
   * Authenticates and decrypts one RTP packet in place.
   * @param headerLength bytes of header, CSRCs and extensions (not encrypted)
   * @param roc rollover counter for this packet's SSRC (RFC 3711 §3.3.1)
   * @returns length of the plain packet, or -1 when the tag is wrong
   */
  unprotectRtp(packet: Uint8Array, headerLength: number, roc: number): number;
  /** One RTP packet (header included) → protected copy. For single packets; media goes by batch. */
  protectRtp(packet: Uint8Array, headerLength: number, roc: number): Uint8Array;
  /** @returns length of the plain compound and its 31-bit index, or undefined when the tag is wrong */
  unprotectRtcp(
    packet: Uint8Array,
  ): { readonly length: number; readonly index: number } | undefined;
  /** @param index 31-bit SRTCP index, never reused (RFC 3711 §3.4) */
  protectRtcp(packet: Uint8Array, index: number): Uint8Array;
  free(): void;
}

/** One identity (certificate) and what is made with it. */
export interface WebRtcCrypto {
  /** SHA-256 fingerprint of our certificate, as in a=fingerprint (RFC 8122). */
  readonly fingerprint: Uint8Array;
  /** @param reliable true over ICE-TCP: no retransmission timers */
  createDtls(role: DtlsRole, reliable: boolean): Dtls;
  createSrtp(profile: SrtpProfile, local: SrtpKeys, remote: SrtpKeys): Srtp;
  /** Bytes that nobody can guess. */
  randomBytes(length: number): Uint8Array;
}
