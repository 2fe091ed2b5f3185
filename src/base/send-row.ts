/**
 * The layout of a batch of outgoing packets: what the engine writes and the native addon reads (native/batch.cc).
 * One row is one RTP packet for one viewer; all values are unsigned 32-bit.
 */
export const ROW_WORDS = 8;

export const ROW = {
  /** Handle of the viewer's SRTP keys. */
  srtp: 0,
  /** Rollover counter of this packet (RFC 3711 §3.3.1). */
  roc: 1,
  /** Into the batch's headers: the whole RTP header, extensions included. */
  headerOffset: 2,
  headerLength: 3,
  /** Id of a registered arena. */
  arena: 4,
  /** Into that arena. */
  payloadOffset: 5,
  payloadLength: 6,
  /** RTP padding bytes to append (the header then has its P bit set), to equalise GSO segments. */
  padding: 7,
} as const;

/** How the packets of one run are laid out: plain, or each behind its two-byte length (RFC 4571). */
export const FRAMING = { none: 0, rfc4571: 1 } as const;
