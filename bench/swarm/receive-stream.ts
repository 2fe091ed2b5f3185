import { seqDelta } from '../../src/base/circle.ts';
import { Rollover } from '../client/srtp-session.ts';

/** How far back a packet may come and still be told apart from a duplicate. */
const WINDOW_PACKETS = 1024;

/** What one viewer got of one SSRC. Data plane: plain counters, no allocation. */
export class ReceiveStream {
  readonly ssrc: number;
  packets = 0;
  /** Ciphertext without RTP header and tag: the media's own bytes (and padding, where the sender pads). */
  payloadBytes = 0;
  /** Sequence numbers that were passed over and never came. */
  lost = 0;
  duplicates = 0;
  /** Middle 32 bits of the last sender report's NTP time, and when it came (RFC 3550 §6.4.1). */
  lastSenderReport = 0;
  lastSenderReportMs = 0;
  readonly #rollover = new Rollover();
  readonly #seen = new Uint8Array(WINDOW_PACKETS);
  #first: number | undefined;
  #highest = 0;
  #cycles = 0;
  #lostAtReport = 0;
  #expectedAtReport = 0;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  /** @returns the packet's rollover counter */
  count(sequenceNumber: number, payloadBytes: number): number {
    if (this.#first === undefined) {
      this.#first = sequenceNumber;
      this.#highest = sequenceNumber - 1;
    }
    const delta = seqDelta(this.#highest & 0xffff, sequenceNumber);
    if (delta > 0) {
      for (let step = 1; step < Math.min(delta, WINDOW_PACKETS); step++) {
        this.#seen[(this.#highest + step) & (WINDOW_PACKETS - 1)] = 0;
      }
      this.lost += delta - 1;
      if (sequenceNumber < this.#highest) this.#cycles++;
      this.#highest = sequenceNumber;
    } else if (this.#seen[sequenceNumber & (WINDOW_PACKETS - 1)] === 1) {
      this.duplicates++;
      return this.#rollover.next(sequenceNumber);
    } else if (this.packets > WINDOW_PACKETS || seqDelta(this.#first, sequenceNumber) > 0) {
      this.lost--; // late, not lost
    }
    this.#seen[sequenceNumber & (WINDOW_PACKETS - 1)] = 1;
    this.packets++;
    this.payloadBytes += payloadBytes;
    return this.#rollover.next(sequenceNumber);
  }

  /** Writes one report block (RFC 3550 §6.4.1); jitter is not measured and said to be 0. */
  writeReportBlock(bytes: Buffer, at: number, nowMs: number): void {
    const expected = this.packets + this.lost;
    const lostSince = this.lost - this.#lostAtReport;
    const expectedSince = expected - this.#expectedAtReport;
    const fraction = lostSince > 0 && expectedSince > 0 ? (lostSince * 256) / expectedSince : 0;
    bytes.writeUInt32BE(this.ssrc, at);
    bytes.writeUInt8(Math.min(255, Math.floor(fraction)), at + 4);
    bytes.writeIntBE(Math.min(this.lost, 0x7fffff), at + 5, 3);
    bytes.writeUInt16BE(this.#cycles & 0xffff, at + 8);
    bytes.writeUInt16BE(this.#highest & 0xffff, at + 10);
    bytes.writeUInt32BE(0, at + 12);
    bytes.writeUInt32BE(this.lastSenderReport, at + 16);
    const sinceMs = this.lastSenderReport === 0 ? 0 : nowMs - this.lastSenderReportMs;
    bytes.writeUInt32BE(Math.round(sinceMs * 65.536), at + 20);
    this.#lostAtReport = this.lost;
    this.#expectedAtReport = expected;
  }
}
