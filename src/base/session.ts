/** What two session descriptions agreed on: what comes out of a negotiation and crosses to the media plane. */

export type VideoCodec = 'h264' | 'h265' | 'vp8' | 'vp9' | 'av1';
export type AudioCodec = 'opus';
export type Codec = VideoCodec | AudioCodec;
export type Transport = 'udp' | 'tcp';

/** ICE and DTLS of one session, as both session descriptions agreed on it. */
export type PeerParameters = {
  readonly localUfrag: string;
  readonly localPwd: string;
  readonly remoteUfrag: string;
  readonly remotePwd: string;
  /** SHA-256 over the peer's certificate. */
  readonly remoteFingerprint: Uint8Array;
  readonly dtlsRole: 'client' | 'server';
  /** Transports whose candidates we gave; checks on others are ignored. */
  readonly transports: readonly Transport[];
};

/** One m-line that a publisher sends on. */
export type ReceiveTrack = {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly payloads: readonly {
    readonly payloadType: number;
    readonly codec: Codec;
    readonly clockRate: number;
    readonly channels: number;
    readonly rtxPayloadType: number | undefined;
    /** a=fmtp parameters as offered. */
    readonly parameters: Readonly<Record<string, string>>;
  }[];
  /** From a=ssrc; empty when only mid or payload type tell. */
  readonly ssrcs: readonly number[];
  /** Simulcast layers (RFC 8853), as in a=simulcast; empty where there is but one flow. */
  readonly rids: readonly string[];
  readonly nack: boolean;
  readonly pli: boolean;
  /** What the publisher says that it will send, in bits a second. */
  readonly declaredBps: number | undefined;
  readonly extensions: {
    readonly mid: number | undefined;
    readonly rid: number | undefined;
    /** The same on retransmissions: the layer that they repair (RFC 8852 §3.2). */
    readonly repairedRid: number | undefined;
    /** Transport-wide sequence numbers, which the publisher then wants feedback on. */
    readonly transportCc: number | undefined;
    /** How loud each packet of sound is (RFC 6464). */
    readonly audioLevel: number | undefined;
  };
};

/** One m-line that a viewer receives on. */
export type SendTrack = {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** Ours; stays the same for the life of the session, whatever publishes. */
  readonly ssrc: number;
  /** What lost packets are sent again under (RFC 4588); undefined where that was not agreed on. */
  readonly rtxSsrc: number | undefined;
  /** Every codec that the viewer agreed to, with the payload types it and its retransmissions are to be sent under. */
  readonly payloadTypes: readonly {
    readonly codec: Codec;
    readonly payloadType: number;
    readonly rtxPayloadType: number | undefined;
  }[];
  readonly nack: boolean;
  /** Id of the header extension with transport-wide sequence numbers; undefined: not agreed on. */
  readonly transportCcId: number | undefined;
};
