/**
 * The native addon's surface, call for call (native/*.cc). Thin on purpose: what to do is decided in TypeScript,
 * the addon only does what JavaScript cannot do fast: OpenSSL's DTLS, SRTP in batches, sends in batches.
 */

export { FRAMING, ROW, ROW_WORDS } from '../base/send-row.ts';

/** One row of results of a batch send: bytes taken, or -errno. */
export type SendResult = number;

export interface Addon {
  /** Self-signed ECDSA P-256 certificate for DTLS. `fingerprint` is SHA-256 over the DER. */
  certificateNew(): { certificatePem: string; privateKeyPem: string; fingerprint: Uint8Array };

  // DTLS 1.2 over memory datagrams. Handles are small integers, reused after free.
  dtlsContext(certificatePem: string, privateKeyPem: string): number;
  /** @param reliable over ICE-TCP: never retransmits */
  dtlsNew(context: number, isServer: boolean, reliable: boolean): number;
  /**
   * Feeds one datagram (or none), lets timers run if `timedOut`, and collects what is to be sent.
   * `timeoutMs`: when to call again with `timedOut`, -1 for never. `error` is set once, then the handle is only good for free.
   */
  dtlsStep(
    handle: number,
    datagram: Uint8Array | null,
    timedOut: boolean,
  ): {
    out: Uint8Array[];
    done: boolean;
    closed: boolean;
    error: string | undefined;
    timeoutMs: number;
  };
  /** After `done`. `profile`: 1 = AES128_CM_HMAC_SHA1_80, 7 = AEAD_AES_128_GCM, 0 = none agreed. */
  dtlsResult(handle: number): {
    profile: number;
    /** RFC 5764 §4.2: client key, server key, client salt, server salt. */
    keyingMaterial: Uint8Array;
    peerFingerprint: Uint8Array;
  };
  /** Queues close_notify; returns the datagrams to send. */
  dtlsClose(handle: number): Uint8Array[];
  dtlsFree(handle: number): void;

  /** @param profile 1 or 7; keys as in SrtpKeys. Session keys are derived here (RFC 3711 §4.3, RFC 7714 §11). */
  srtpNew(
    profile: number,
    localKey: Uint8Array,
    localSalt: Uint8Array,
    remoteKey: Uint8Array,
    remoteSalt: Uint8Array,
  ): number;
  srtpFree(handle: number): void;
  /** In place; returns the plain length, or -1. */
  srtpUnprotect(handle: number, packet: Uint8Array, headerLength: number, roc: number): number;
  /** In place over a buffer with room for the tag (16 bytes); returns the protected length, or -1 for lack of room. */
  srtpProtect(
    handle: number,
    buffer: Uint8Array,
    length: number,
    headerLength: number,
    roc: number,
  ): number;
  /** In place; returns the plain length (index in the last 4 bytes read, see index()), or -1. */
  srtcpUnprotect(handle: number, packet: Uint8Array): number;
  /** 31-bit index of the SRTCP packet last unprotected. */
  srtcpIndex(handle: number): number;
  /** In place over a buffer with room for E|index and tag (20 bytes); returns the protected length, or -1. */
  srtcpProtect(handle: number, buffer: Uint8Array, length: number, index: number): number;

  /** Keeps `arena`'s memory reachable for rows, until released. Ids are small integers, reused. */
  arenaRegister(arena: Uint8Array): number;
  arenaRelease(id: number): void;

  /**
   * Protects `rowCount` packets into `out`, one after the other.
   * @param runs for each run of rows (one viewer's packets): [first row after the run, FRAMING] (2 words a run)
   * @param ends receives for each run the offset in `out` after its last byte
   * @param lengths receives for each row the protected packet's length (without framing): GSO segment sizes
   * @returns bytes written; -1 when `out` is too small (nothing may be sent then); throws on a bad handle or offset
   */
  protectBatch(
    rows: Uint32Array,
    rowCount: number,
    headers: Uint8Array,
    runs: Uint32Array,
    runCount: number,
    out: Uint8Array,
    ends: Uint32Array,
    lengths: Uint32Array,
  ): number;

  /** One non-blocking send per socket: bytes offsets[2i]..offsets[2i+1] of `buffer` to fds[i]; results[i] = bytes or -errno. */
  tcpSendBatch(
    fds: Int32Array,
    offsets: Uint32Array,
    count: number,
    buffer: Uint8Array,
    results: Int32Array,
  ): void;
  /**
   * One GSO send per row on one UDP socket: bytes offsets[2i]..offsets[2i+1] to addresses[i], cut into `segments[i]` bytes
   * (only the last may be shorter; 0 = one datagram). Falls back to sendmmsg where the kernel refuses GSO.
   * @param addresses 28 bytes a row: sockaddr_in or sockaddr_in6 as made by socketAddress()
   */
  udpSendBatch(
    fd: number,
    addresses: Uint8Array,
    offsets: Uint32Array,
    segments: Uint32Array,
    count: number,
    buffer: Uint8Array,
    results: Int32Array,
  ): void;
  /** 28 bytes of sockaddr for udpSendBatch; `v6Socket`: IPv4 addresses are mapped (::ffff:a.b.c.d). */
  socketAddress(address: string, port: number, v6Socket: boolean): Uint8Array;

  /** TCP_NODELAY, TCP_NOTSENT_LOWAT and, where available, BBR. Returns the congestion control in force. */
  tcpTune(fd: number, notsentLowatBytes: number, preferBbr: boolean): string;
  /** TCP_INFO and SIOCOUTQ, or undefined when the socket is gone. */
  tcpInfo(fd: number):
    | {
        rttUs: number;
        minRttUs: number;
        /** Bytes in the send queue, sent or not, that the peer has not acknowledged. */
        queuedBytes: number;
        notsentBytes: number;
        /** Bits per second, as the kernel last measured them. */
        deliveryRateBps: number;
        retransmits: number;
      }
    | undefined;
  /**
   * What {@link tcpInfo} says, without making an object: [queuedBytes, notsentBytes, bytes delivered since the connection
   * began, minRttUs]. False when the socket is gone.
   */
  tcpSample(fd: number, values: Float64Array): boolean;
  /** A second descriptor of the same socket, for another thread: the first may be closed then. Throws where none is left. */
  dupFd(fd: number): number;
  /** Two ends of one stream inside this machine: a write to one blocks where the other is not read. Throws as {@link dupFd}. */
  socketPair(): { near: number; far: number };
  /** SO_RCVBUF/SO_SNDBUF as granted by the kernel. */
  udpTune(fd: number, receiveBytes: number, sendBytes: number): { receive: number; send: number };

  /** Sends one datagram to a Unix socket (`@name`: of the abstract namespace); throws where nobody takes it. */
  notifySocket(path: string, message: string): void;
}
