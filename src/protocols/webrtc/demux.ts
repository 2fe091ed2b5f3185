/** What the first byte of a packet says it is, where all share one path (RFC 7983 §7, RFC 5761 §4). */
export type PacketKind = 'stun' | 'dtls' | 'rtp' | 'rtcp';

/** RTCP packet types in the second byte; RTP payload types must stay out of this range (RFC 5761 §4). */
const RTCP_TYPE_MIN = 192;
const RTCP_TYPE_MAX = 223;

/** Which protocol a packet belongs to; undefined for none of them. */
export function packetKind(bytes: Uint8Array): PacketKind | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first < 128 || first > 191) return undefined;
  const second = bytes[1] ?? 0;
  return second >= RTCP_TYPE_MIN && second <= RTCP_TYPE_MAX ? 'rtcp' : 'rtp';
}
