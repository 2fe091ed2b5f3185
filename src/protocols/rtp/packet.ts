/** One RTP packet as parsed (RFC 3550 §5.1). Flat and immutable: the engine's only currency. */
export type RtpPacket = {
  readonly payloadType: number;
  readonly marker: boolean;
  /** 0..65535. */
  readonly sequenceNumber: number;
  /** In ticks of the track's clock rate, 0..2^32-1. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** A view on the received bytes, without header, extensions and padding. The engine copies what it keeps. */
  readonly payload: Uint8Array;
};
