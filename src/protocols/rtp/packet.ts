/** RTP packets: parse, header extensions, write (RFC 3550 §5.1, RFC 8285). */
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';

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

/** Why bytes are no RTP packet. */
export type RtpReject = 'too-short' | 'bad-version' | 'bad-extension' | 'bad-padding';

/** Header without CSRCs and extensions. */
export const RTP_HEADER_BYTES = 12;

const VERSION = 2;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const CSRC_COUNT = 0x0f;
const MARKER_BIT = 0x80;

/** "Defined by profile" values of the two forms of RFC 8285 §4.2 and §4.3; the low 4 bits of the second are free. */
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;
/** In the one-byte form: stop reading (RFC 8285 §4.2). */
const ONE_BYTE_STOP = 15;

/** Reads one packet. `bytes` is kept, not copied: the caller must not write to it again. */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket | RtpReject {
  const headerLength = rtpHeaderLength(bytes);
  if (typeof headerLength === 'string') return headerLength;
  let end = bytes.length;
  if ((bytes[0]! & PADDING_BIT) !== 0) {
    // The last byte counts itself, so it is never 0 (RFC 3550 §5.1).
    const padding = bytes[end - 1]!;
    if (padding === 0 || headerLength + padding > end) return 'bad-padding';
    end -= padding;
  }
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & MARKER_BIT) !== 0,
    sequenceNumber: readUint16(bytes, 2),
    timestamp: readUint32(bytes, 4),
    ssrc: readUint32(bytes, 8),
    payload: bytes.subarray(headerLength, end),
  };
}

/**
 * Bytes before the payload: fixed header, CSRCs, extension block. SRTP leaves just these in the clear
 * (RFC 3711 §3.1), so this also reads protected packets.
 */
export function rtpHeaderLength(bytes: Uint8Array): number | RtpReject {
  if (bytes.length < RTP_HEADER_BYTES) return 'too-short';
  if (bytes[0]! >> 6 !== VERSION) return 'bad-version';
  const length = extensionOffset(bytes);
  if (length > bytes.length) return 'too-short';
  if ((bytes[0]! & EXTENSION_BIT) === 0) return length;
  if (length + 4 > bytes.length) return 'bad-extension';
  const extended = length + 4 + 4 * readUint16(bytes, length + 2);
  return extended > bytes.length ? 'bad-extension' : extended;
}

/**
 * Value of the header extension with this id (a=extmap), in either form; undefined when the packet has none.
 * @param bytes a packet that {@link parseRtpPacket} took
 */
export function findExtension(bytes: Uint8Array, id: number): Uint8Array | undefined {
  if ((bytes[0]! & EXTENSION_BIT) === 0) return undefined;
  const block = extensionOffset(bytes);
  const profile = readUint16(bytes, block);
  const start = block + 4;
  const end = start + 4 * readUint16(bytes, block + 2);
  if (profile === ONE_BYTE_PROFILE) return findOneByte(bytes, start, end, id);
  if ((profile & 0xfff0) === TWO_BYTE_PROFILE) return findTwoByte(bytes, start, end, id);
  return undefined;
}

/** Text of the mid or rid extension (RFC 8843 §15, RFC 8852 §3.1); undefined when the packet has none. */
export function readTextExtension(bytes: Uint8Array, id: number): string | undefined {
  const value = findExtension(bytes, id);
  if (value === undefined) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
}

/** Writes the 12 bytes of a header without CSRCs and extensions at `offset`. */
export function writeRtpHeader(
  out: Uint8Array,
  offset: number,
  header: Omit<RtpPacket, 'payload'>,
): void {
  out[offset] = VERSION << 6;
  out[offset + 1] = (header.marker ? MARKER_BIT : 0) | header.payloadType;
  writeUint16(out, offset + 2, header.sequenceNumber);
  writeUint32(out, offset + 4, header.timestamp);
  writeUint32(out, offset + 8, header.ssrc);
}

/** A whole packet in bytes of its own. */
export function writeRtpPacket(packet: RtpPacket): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER_BYTES + packet.payload.length);
  writeRtpHeader(bytes, 0, packet);
  bytes.set(packet.payload, RTP_HEADER_BYTES);
  return bytes;
}

function extensionOffset(bytes: Uint8Array): number {
  return RTP_HEADER_BYTES + 4 * (bytes[0]! & CSRC_COUNT);
}

function findOneByte(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
): Uint8Array | undefined {
  let offset = start;
  while (offset < end) {
    const id = bytes[offset]! >> 4;
    if (id === ONE_BYTE_STOP) return undefined;
    if (id === 0) {
      offset++; // a padding byte
      continue;
    }
    const next = offset + 1 + (bytes[offset]! & 0x0f) + 1; // the length field counts from 0
    if (next > end) return undefined;
    if (id === wanted) return bytes.subarray(offset + 1, next);
    offset = next;
  }
  return undefined;
}

function findTwoByte(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
): Uint8Array | undefined {
  let offset = start;
  while (offset < end) {
    const id = bytes[offset]!;
    if (id === 0) {
      offset++; // a padding byte, which has no length
      continue;
    }
    if (offset + 2 > end) return undefined;
    const next = offset + 2 + bytes[offset + 1]!;
    if (next > end) return undefined;
    if (id === wanted) return bytes.subarray(offset + 2, next);
    offset = next;
  }
  return undefined;
}
