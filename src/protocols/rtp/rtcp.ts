/** Compound RTCP packets, read (RFC 3550 §6, RFC 4585 §6, RFC 5104 §4.3, draft-alvestrand-rmcat-remb §2.2). */
import { readUint16, readUint24, readUint32 } from '../../base/bytes.ts';
import type { NtpTime } from './sender-report.ts';
import {
  readTransportFeedback as readTransportCc,
  type TransportFeedback,
} from './transport-feedback.ts';

/** What one receiver says about one flow (RFC 3550 §6.4.1). */
export type ReportBlock = {
  readonly ssrc: number;
  /** Since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Since the start; negative with duplicates. */
  readonly cumulativeLost: number;
  /** Extended highest sequence number received. */
  readonly highestSequenceNumber: number;
  /** In ticks of the flow's clock. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time; 0 when none came. */
  readonly lastSenderReport: number;
  /** In 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
};

/** One packet of a compound, of the types that we act on. */
export type RtcpPacket =
  | {
      readonly type: 'sender-report';
      readonly ssrc: number;
      readonly ntp: NtpTime;
      readonly rtpTimestamp: number;
      readonly packetCount: number;
      readonly octetCount: number;
      readonly blocks: readonly ReportBlock[];
    }
  | {
      readonly type: 'receiver-report';
      readonly ssrc: number;
      readonly blocks: readonly ReportBlock[];
    }
  /** Of the items only CNAME, of the first chunk that has one. */
  | { readonly type: 'source-description'; readonly ssrc: number; readonly cname: string }
  | { readonly type: 'goodbye'; readonly ssrcs: readonly number[] }
  | {
      readonly type: 'nack';
      readonly senderSsrc: number;
      readonly mediaSsrc: number;
      readonly sequenceNumbers: readonly number[];
    }
  | { readonly type: 'picture-loss'; readonly senderSsrc: number; readonly mediaSsrc: number }
  | {
      readonly type: 'full-intra-request';
      readonly senderSsrc: number;
      readonly requests: readonly { readonly ssrc: number; readonly sequenceNumber: number }[];
    }
  | {
      readonly type: 'estimated-bitrate';
      readonly senderSsrc: number;
      readonly bitrateBps: number;
      readonly ssrcs: readonly number[];
    }
  /** When each packet of the session arrived, whatever its flow. */
  | ({ readonly type: 'transport-feedback'; readonly senderSsrc: number } & TransportFeedback);

/** Why a compound cannot be read. */
export type RtcpReject = 'too-short' | 'bad-version' | 'bad-length' | 'bad-padding' | 'bad-content';

/** Packet types (RFC 3550 §12.1, RFC 4585 §6.1). */
export const RTCP_TYPE = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  transportFeedback: 205,
  payloadFeedback: 206,
} as const;

/** Feedback message types, which are unique within their packet type. */
export const FEEDBACK = {
  nack: 1, // RFC 4585 §6.2.1
  transportCc: 15,
  pictureLoss: 1, // RFC 4585 §6.3.1
  fullIntraRequest: 4, // RFC 5104 §4.3.1
  applicationLayer: 15, // REMB and others, told apart by a name
} as const;

/** SDES item type (RFC 3550 §6.5.1). */
export const SDES_CNAME = 1;

const HEADER_BYTES = 4;
const BLOCK_BYTES = 24;
/** 'REMB'. */
const REMB_NAME = 0x52454d42;

/** The count field of a header and the packet's bytes, header included, without padding. */
type Reader = (count: number, bytes: Uint8Array) => RtcpPacket | 'bad-content' | undefined;

/** One line per packet type; undefined means well-formed but of no interest. Others are skipped (RFC 3550 §6.1). */
const readers: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [RTCP_TYPE.senderReport, readSenderReport],
  [RTCP_TYPE.receiverReport, readReceiverReport],
  [RTCP_TYPE.sourceDescription, readSourceDescription],
  [RTCP_TYPE.goodbye, readGoodbye],
  [RTCP_TYPE.transportFeedback, readTransportFeedback],
  [RTCP_TYPE.payloadFeedback, readPayloadFeedback],
]);

/** Reads a whole compound, or a reduced-size packet (RFC 5506). One malformed part spoils all of it. */
export function parseRtcp(compound: Uint8Array): readonly RtcpPacket[] | RtcpReject {
  const packets: RtcpPacket[] = [];
  let offset = 0;
  while (offset < compound.length) {
    if (offset + HEADER_BYTES > compound.length) return 'too-short';
    const first = compound[offset]!;
    if (first >> 6 !== 2) return 'bad-version';
    const end = offset + HEADER_BYTES + 4 * readUint16(compound, offset + 2);
    if (end > compound.length) return 'bad-length';
    const bytes = withoutPadding(compound.subarray(offset, end));
    if (bytes === undefined) return 'bad-padding';
    const packet = readers.get(compound[offset + 1]!)?.(first & 0x1f, bytes);
    if (packet === 'bad-content') return packet;
    if (packet !== undefined) packets.push(packet);
    offset = end;
  }
  return packets.length === 0 && offset === 0 ? 'too-short' : packets;
}

function withoutPadding(bytes: Uint8Array): Uint8Array | undefined {
  if ((bytes[0]! & 0x20) === 0) return bytes;
  const padding = bytes[bytes.length - 1]!;
  // It counts itself, and should be a multiple of four (RFC 3550 §6.4.1); libwebrtc fills transport feedback up to the
  // next word with one to three bytes.
  if (padding === 0 || padding + HEADER_BYTES > bytes.length) return undefined;
  return bytes.subarray(0, bytes.length - padding);
}

function readSenderReport(count: number, bytes: Uint8Array): RtcpPacket | 'bad-content' {
  if (bytes.length < 28 + count * BLOCK_BYTES) return 'bad-content';
  return {
    type: 'sender-report',
    ssrc: readUint32(bytes, 4),
    ntp: { seconds: readUint32(bytes, 8), fraction: readUint32(bytes, 12) },
    rtpTimestamp: readUint32(bytes, 16),
    packetCount: readUint32(bytes, 20),
    octetCount: readUint32(bytes, 24),
    blocks: readBlocks(count, bytes, 28),
  };
}

function readReceiverReport(count: number, bytes: Uint8Array): RtcpPacket | 'bad-content' {
  if (bytes.length < 8 + count * BLOCK_BYTES) return 'bad-content';
  const ssrc = readUint32(bytes, 4);
  return { type: 'receiver-report', ssrc, blocks: readBlocks(count, bytes, 8) };
}

function readBlocks(count: number, bytes: Uint8Array, start: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let index = 0; index < count; index++) {
    const offset = start + index * BLOCK_BYTES;
    blocks.push({
      ssrc: readUint32(bytes, offset),
      fractionLost: bytes[offset + 4]!,
      cumulativeLost: (readUint24(bytes, offset + 5) << 8) >> 8, // signed
      highestSequenceNumber: readUint32(bytes, offset + 8),
      jitter: readUint32(bytes, offset + 12),
      lastSenderReport: readUint32(bytes, offset + 16),
      delaySinceLastSenderReport: readUint32(bytes, offset + 20),
    });
  }
  return blocks;
}

function readSourceDescription(
  count: number,
  bytes: Uint8Array,
): RtcpPacket | 'bad-content' | undefined {
  let offset = HEADER_BYTES;
  for (let chunk = 0; chunk < count; chunk++) {
    if (offset + 4 > bytes.length) return 'bad-content';
    const ssrc = readUint32(bytes, offset);
    offset += 4;
    while (bytes[offset] !== 0) {
      if (offset + 2 > bytes.length) return 'bad-content';
      const end = offset + 2 + bytes[offset + 1]!;
      if (end > bytes.length) return 'bad-content';
      if (bytes[offset] === SDES_CNAME) {
        const cname = Buffer.from(bytes.subarray(offset + 2, end)).toString('utf8');
        return { type: 'source-description', ssrc, cname };
      }
      offset = end;
    }
    // A chunk ends with at least one zero byte, up to the next word (RFC 3550 §6.5).
    offset = (offset + 4) & ~3;
  }
  return undefined;
}

function readGoodbye(count: number, bytes: Uint8Array): RtcpPacket | 'bad-content' {
  if (bytes.length < HEADER_BYTES + 4 * count) return 'bad-content';
  const ssrcs: number[] = [];
  for (let index = 0; index < count; index++) {
    ssrcs.push(readUint32(bytes, HEADER_BYTES + 4 * index));
  }
  return { type: 'goodbye', ssrcs };
}

function readTransportFeedback(
  format: number,
  bytes: Uint8Array,
): RtcpPacket | 'bad-content' | undefined {
  if (bytes.length < 12) return 'bad-content';
  const senderSsrc = readUint32(bytes, 4);
  const mediaSsrc = readUint32(bytes, 8);
  if (format === FEEDBACK.nack) {
    return { type: 'nack', senderSsrc, mediaSsrc, sequenceNumbers: readNackList(bytes) };
  }
  if (format !== FEEDBACK.transportCc) return undefined;
  const feedback = readTransportCc(bytes);
  if (feedback === undefined) return 'bad-content';
  return { type: 'transport-feedback', senderSsrc, ...feedback };
}

/** Pairs of a lost packet's number and a bit mask of the 16 after it (RFC 4585 §6.2.1). */
function readNackList(bytes: Uint8Array): number[] {
  const sequenceNumbers: number[] = [];
  for (let offset = 12; offset + 4 <= bytes.length; offset += 4) {
    const first = readUint16(bytes, offset);
    sequenceNumbers.push(first);
    const following = readUint16(bytes, offset + 2);
    for (let bit = 0; bit < 16; bit++) {
      if (following & (1 << bit)) sequenceNumbers.push((first + bit + 1) & 0xffff);
    }
  }
  return sequenceNumbers;
}

function readPayloadFeedback(
  format: number,
  bytes: Uint8Array,
): RtcpPacket | 'bad-content' | undefined {
  if (bytes.length < 12) return 'bad-content';
  const senderSsrc = readUint32(bytes, 4);
  if (format === FEEDBACK.pictureLoss) {
    return { type: 'picture-loss', senderSsrc, mediaSsrc: readUint32(bytes, 8) };
  }
  if (format === FEEDBACK.fullIntraRequest) {
    const requests: { ssrc: number; sequenceNumber: number }[] = [];
    for (let offset = 12; offset + 8 <= bytes.length; offset += 8) {
      requests.push({ ssrc: readUint32(bytes, offset), sequenceNumber: bytes[offset + 4]! });
    }
    return { type: 'full-intra-request', senderSsrc, requests };
  }
  return format === FEEDBACK.applicationLayer ? readEstimatedBitrate(senderSsrc, bytes) : undefined;
}

/** REMB: a count of SSRCs, a bit rate as 6 bits of exponent and 18 of mantissa, the SSRCs. */
function readEstimatedBitrate(
  senderSsrc: number,
  bytes: Uint8Array,
): RtcpPacket | 'bad-content' | undefined {
  if (bytes.length < 20 || readUint32(bytes, 12) !== REMB_NAME) return undefined;
  const count = bytes[16]!;
  if (bytes.length < 20 + 4 * count) return 'bad-content';
  const ssrcs: number[] = [];
  for (let index = 0; index < count; index++) ssrcs.push(readUint32(bytes, 20 + 4 * index));
  const bits = readUint24(bytes, 17);
  const bitrateBps = (bits & 0x3ffff) * 2 ** (bits >> 18);
  return { type: 'estimated-bitrate', senderSsrc, bitrateBps, ssrcs };
}
