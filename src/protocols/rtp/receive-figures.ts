/** What a receiver report says of one flow: counts as RFC 3550 appendix A.3 and A.8 have them. */
import { ticksDelta } from '../../base/circle.ts';
import type { ReportBlock } from './rtcp.ts';
import { type NtpTime, ntpMiddle } from './sender-report.ts';

const SEQUENCE_NUMBERS = 0x10000;
/** cumulativeLost has 24 bits with sign (RFC 3550 §6.4.1). */
const CUMULATIVE_LOST_MAX = 0x7fffff;

/** Loss and jitter of one flow, as receiver reports count them (RFC 3550 §6.4.1, appendix A). */
export class ReceiveFigures {
  readonly #ssrc: number;
  readonly #clockRate: number;
  #firstExtended: number | undefined;
  /** Rounds of 65536 and the highest sequence number in the last one. */
  #highestExtended = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  /** In ticks, of the packet that last updated the jitter. */
  #transitTicks: number | undefined;
  #jitterTicks = 0;
  #senderReport: { readonly middle: number; readonly atMs: number } | undefined;

  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
  }

  /** Packets that came, since the flow last began anew. */
  get received(): number {
    return this.#received;
  }

  /** Interarrival jitter, smoothed over some 16 packets. */
  get jitterMs(): number {
    return (this.#jitterTicks / this.#clockRate) * 1000;
  }

  /** The flow begins, or begins anew, with this packet. */
  restart(sequenceNumber: number): void {
    this.#firstExtended = sequenceNumber;
    this.#highestExtended = sequenceNumber;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#transitTicks = undefined;
  }

  /** Any packet that is no duplicate. @param ahead how far it lies beyond the highest so far; 0 or less if not */
  count(ahead: number): void {
    this.#received++;
    if (ahead > 0) this.#highestExtended += ahead;
  }

  /** Only for packets that came in order: a retransmission's delay is no jitter. */
  measureJitter(timestamp: number, nowMs: number): void {
    const arrivalTicks = Math.round((nowMs * this.#clockRate) / 1000);
    const transit = ticksDelta(timestamp, arrivalTicks);
    if (this.#transitTicks !== undefined) {
      const difference = Math.abs(ticksDelta(this.#transitTicks, transit));
      this.#jitterTicks += (difference - this.#jitterTicks) / 16;
    }
    this.#transitTicks = transit;
  }

  senderReport(ntp: NtpTime, nowMs: number): void {
    this.#senderReport = { middle: ntpMiddle(ntp), atMs: nowMs };
  }

  /** For the next receiver report; undefined before the first packet. */
  takeBlock(nowMs: number): ReportBlock | undefined {
    if (this.#firstExtended === undefined) return undefined;
    const expected = this.#highestExtended - this.#firstExtended + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const report = this.#senderReport;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedNow <= 0 || lostNow <= 0
          ? 0
          : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.max(
        -CUMULATIVE_LOST_MAX,
        Math.min(CUMULATIVE_LOST_MAX, expected - this.#received),
      ),
      highestSequenceNumber: this.#highestExtended % (SEQUENCE_NUMBERS * SEQUENCE_NUMBERS),
      jitter: Math.round(this.#jitterTicks),
      lastSenderReport: report?.middle ?? 0,
      delaySinceLastSenderReport:
        report === undefined ? 0 : Math.round(((nowMs - report.atMs) * 65_536) / 1000),
    };
  }
}
