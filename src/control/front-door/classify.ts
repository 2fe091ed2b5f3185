/** What the other end of a TCP connection speaks, told by its first bytes. */

/** `http` is the plain one. */
export type Opening = 'tls' | 'ice-tcp' | 'rtmp' | 'http';

/** So many bytes decide: an RFC 4571 length, and a STUN header up to its magic cookie. */
export const OPENING_BYTES_MAX = 10;

/** RFC 8446 §5.1: the record type of a ClientHello, and the major version of all records there are. */
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 3;
/** Adobe's RTMP 1.0 §5.2.2: C0 is the version. */
const RTMP_VERSION = 3;
/** RFC 8489 §5: a Binding request, and the magic cookie. */
const BINDING_REQUEST = [0x00, 0x01];
const MAGIC_COOKIE = [0x21, 0x12, 0xa4, 0x42];
const STUN_HEADER_BYTES = 20;
/** A check is sent as it would be over UDP: in one packet of an Ethernet. */
const CHECK_BYTES_MAX = 1500;
const A = 0x41;
const Z = 0x5a;

/** Whether the bytes so far are the beginning of something; `open` while more of them must tell. */
type Verdict = 'yes' | 'no' | 'open';

/**
 * @param head what came so far, from the first byte on
 * @returns `more` while it can still become one thing or another; never so from {@link OPENING_BYTES_MAX} bytes on
 */
export function classify(head: Uint8Array): Opening | 'more' | 'unknown' {
  for (const [opening, judge] of judges) {
    const verdict = judge(head);
    if (verdict === 'yes') return opening;
    // A check of 768 bytes and more begins as RTMP does: RTMP has to wait until it cannot be one.
    if (verdict === 'open') return 'more';
  }
  return 'unknown';
}

/** In this order: a later one counts once the earlier ones are out of the question. */
const judges: readonly (readonly [Opening, (head: Uint8Array) => Verdict])[] = [
  ['tls', (head) => matches(head, [TLS_HANDSHAKE, TLS_MAJOR])],
  ['ice-tcp', judgeCheck],
  ['rtmp', (head) => matches(head, [RTMP_VERSION])],
  ['http', judgeHttp],
];

/** RFC 4571 §2 and RFC 8489 §5: the length of a frame, then a Binding request that fills it. */
function judgeCheck(head: Uint8Array): Verdict {
  const [high, low] = head;
  if (high === undefined) return 'open';
  if (high > CHECK_BYTES_MAX >> 8) return 'no';
  if (low === undefined) return 'open';
  const frameBytes = (high << 8) | low;
  const bodyBytes = frameBytes - STUN_HEADER_BYTES;
  // Attributes are padded to whole words of 32 bits.
  if (bodyBytes < 0 || frameBytes > CHECK_BYTES_MAX || bodyBytes % 4 !== 0) return 'no';
  return matches(head.subarray(2), [
    ...BINDING_REQUEST,
    bodyBytes >> 8,
    bodyBytes & 0xff,
    ...MAGIC_COOKIE,
  ]);
}

/** RFC 9110 §9.1: every method in use is written in capitals. */
function judgeHttp([first]: Uint8Array): Verdict {
  if (first === undefined) return 'open';
  return first >= A && first <= Z ? 'yes' : 'no';
}

function matches(head: Uint8Array, wanted: readonly number[]): Verdict {
  for (const [index, byte] of wanted.entries()) {
    if (index >= head.length) return 'open';
    if (head[index] !== byte) return 'no';
  }
  return 'yes';
}
