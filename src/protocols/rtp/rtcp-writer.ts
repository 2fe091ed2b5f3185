/** Compound RTCP packets, written. A compound begins with a report and a CNAME (RFC 3550 §6.1). */
import { assert } from '../../base/assert.ts';
import { writeUint16, writeUint24, writeUint32 } from '../../base/bytes.ts';
import { seqDelta } from '../../base/circle.ts';
import { FEEDBACK, type ReportBlock, RTCP_TYPE, SDES_CNAME } from './rtcp.ts';
import type { NtpTime } from './sender-report.ts';

/** Keeps a compound within one datagram on any path. */
const COMPOUND_BYTES_MAX = 1200;
/** The count field has 5 bits. */
const BLOCKS_MAX = 31;

/** What a sender report says of one flow of ours. */
export type SenderFigures = {
  readonly ssrc: number;
  readonly ntp: NtpTime;
  /** In ticks of the flow's clock, at `ntp`. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
};

/** Collects packets one after the other: `new RtcpWriter().senderReport(…).cname(…).bytes()`. */
export class RtcpWriter {
  readonly #out = new Uint8Array(COMPOUND_BYTES_MAX);
  #length = 0;

  senderReport(figures: SenderFigures, blocks: readonly ReportBlock[]): this {
    const start = this.#packet(RTCP_TYPE.senderReport, blocks.length, 24 + 24 * blocks.length);
    writeUint32(this.#out, start + 4, figures.ssrc);
    writeUint32(this.#out, start + 8, figures.ntp.seconds);
    writeUint32(this.#out, start + 12, figures.ntp.fraction);
    writeUint32(this.#out, start + 16, figures.rtpTimestamp);
    writeUint32(this.#out, start + 20, figures.packetCount);
    writeUint32(this.#out, start + 24, figures.octetCount);
    this.#blocks(start + 28, blocks);
    return this;
  }

  receiverReport(ssrc: number, blocks: readonly ReportBlock[]): this {
    const start = this.#packet(RTCP_TYPE.receiverReport, blocks.length, 4 + 24 * blocks.length);
    writeUint32(this.#out, start + 4, ssrc);
    this.#blocks(start + 8, blocks);
    return this;
  }

  /** Ties the flows of one sender together for lip-sync (RFC 3550 §6.5.1). ASCII, at most 255 bytes. */
  cname(ssrc: number, cname: string): this {
    const text = Buffer.from(cname, 'latin1');
    assert(text.length <= 255, 'a CNAME has an 8-bit length');
    // SSRC, type, length, text, at least one zero byte, to the next word.
    const bodyBytes = (4 + 2 + text.length + 1 + 3) & ~3;
    const start = this.#packet(RTCP_TYPE.sourceDescription, 1, bodyBytes);
    writeUint32(this.#out, start + 4, ssrc);
    this.#out[start + 8] = SDES_CNAME;
    this.#out[start + 9] = text.length;
    this.#out.set(text, start + 10);
    return this;
  }

  /** @param sequenceNumbers lost packets, in order (RFC 4585 §6.2.1) */
  nack(senderSsrc: number, mediaSsrc: number, sequenceNumbers: readonly number[]): this {
    const pairs = nackPairs(sequenceNumbers);
    const start = this.#feedback(
      RTCP_TYPE.transportFeedback,
      FEEDBACK.nack,
      senderSsrc,
      mediaSsrc,
      4 * pairs.length,
    );
    for (const [index, pair] of pairs.entries()) {
      writeUint16(this.#out, start + 12 + 4 * index, pair.first);
      writeUint16(this.#out, start + 14 + 4 * index, pair.following);
    }
    return this;
  }

  /** Asks for a keyframe (RFC 4585 §6.3.1). */
  pictureLoss(senderSsrc: number, mediaSsrc: number): this {
    this.#feedback(RTCP_TYPE.payloadFeedback, FEEDBACK.pictureLoss, senderSsrc, mediaSsrc, 0);
    return this;
  }

  /** @param body as an {@link ArrivalRecorder} puts it together */
  transportFeedback(senderSsrc: number, mediaSsrc: number, body: Uint8Array): this {
    const { transportFeedback } = RTCP_TYPE;
    const start = this.#feedback(
      transportFeedback,
      FEEDBACK.transportCc,
      senderSsrc,
      mediaSsrc,
      body.length,
    );
    this.#out.set(body, start + 12);
    return this;
  }

  goodbye(ssrcs: readonly number[]): this {
    const start = this.#packet(RTCP_TYPE.goodbye, ssrcs.length, 4 * ssrcs.length);
    for (const [index, ssrc] of ssrcs.entries()) {
      writeUint32(this.#out, start + 4 + 4 * index, ssrc);
    }
    return this;
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.#out.slice(0, this.#length);
  }

  #packet(type: number, count: number, bodyBytes: number): number {
    const start = this.#length;
    assert(count <= BLOCKS_MAX, 'a count has 5 bits');
    assert(start + 4 + bodyBytes <= COMPOUND_BYTES_MAX, 'a compound fits into one datagram');
    this.#out[start] = (2 << 6) | count;
    this.#out[start + 1] = type;
    writeUint16(this.#out, start + 2, bodyBytes / 4);
    this.#length += 4 + bodyBytes;
    return start;
  }

  #feedback(
    type: number,
    format: number,
    senderSsrc: number,
    mediaSsrc: number,
    listBytes: number,
  ): number {
    const start = this.#packet(type, format, 8 + listBytes);
    writeUint32(this.#out, start + 4, senderSsrc);
    writeUint32(this.#out, start + 8, mediaSsrc);
    return start;
  }

  #blocks(start: number, blocks: readonly ReportBlock[]): void {
    for (const [index, block] of blocks.entries()) {
      const offset = start + 24 * index;
      writeUint32(this.#out, offset, block.ssrc);
      this.#out[offset + 4] = block.fractionLost;
      writeUint24(this.#out, offset + 5, block.cumulativeLost);
      writeUint32(this.#out, offset + 8, block.highestSequenceNumber);
      writeUint32(this.#out, offset + 12, block.jitter);
      writeUint32(this.#out, offset + 16, block.lastSenderReport);
      writeUint32(this.#out, offset + 20, block.delaySinceLastSenderReport);
    }
  }
}

function nackPairs(sequenceNumbers: readonly number[]): { first: number; following: number }[] {
  const pairs: { first: number; following: number }[] = [];
  for (const sequenceNumber of sequenceNumbers) {
    const pair = pairs.at(-1);
    const distance = pair === undefined ? 0 : seqDelta(pair.first, sequenceNumber);
    if (pair !== undefined && distance >= 1 && distance <= 16) {
      pair.following |= 1 << (distance - 1);
    } else {
      pairs.push({ first: sequenceNumber, following: 0 });
    }
  }
  return pairs;
}
