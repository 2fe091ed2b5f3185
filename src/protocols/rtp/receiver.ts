/**
 * One incoming flow (one SSRC of a publisher): packets come out in sequence order and once. A gap is asked for again
 * and waited for briefly; what does not come in time stays a gap that everyone behind can see.
 */
import { seqAdd, seqDelta } from '../../base/circle.ts';
import type { RtpPacket } from './packet.ts';
import { ReceiveFigures } from './receive-figures.ts';
import type { ReportBlock } from './rtcp.ts';
import type { NtpTime } from './sender-report.ts';

/** What is known of a flow before its first packet. */
export type ReceiverOptions = {
  readonly ssrc: number;
  readonly clockRate: number;
  /** Whether the sender answers NACK (a=rtcp-fb nack); without it a gap is only waited for, in case of reordering. */
  readonly nack: boolean;
};

/** How long a gap holds back what came after it: two or three retransmissions within Europe, still under a second. */
const REPAIR_MS_MAX = 120;
/** The same where nothing is sent again: packets that overtake each other on a path are a few ms apart. */
const REORDER_MS_MAX = 25;
/** Never ask more often than this, however short the round trip seems. */
const NACK_INTERVAL_MS_MIN = 20;
/** Before the first retransmission has shown the real one. */
const ROUND_TRIP_MS_ASSUMED = 50;
/** Packets held while a gap is open: 120 ms at 80 Mbit/s. A power of two, so that slots follow the numbers' wrap. */
const HELD_PACKETS_MAX = 1024;
/**
 * Numbers asked for in one NACK message: more are asked for when these came. 200 of them, each with a word of its
 * own, fit into one compound.
 */
const NACK_NUMBERS_MAX = 200;
/** A packet that far from the others is believed only when the next one comes too (RFC 3550 appendix A.1). */
const DROPOUT_MAX = 3000;

type Gap = {
  readonly sequenceNumber: number;
  readonly sinceMs: number;
  nackDueMs: number;
  /** When it was first asked for. */
  nackedMs: number;
  nacks: number;
};

/** One flow, put in order: see the head of this file. */
export class RtpReceiver {
  readonly #options: ReceiverOptions;
  readonly #figures: ReceiveFigures;
  readonly #waitMs: number;
  /** What came after an open gap, at sequence number modulo the size. */
  readonly #held: (RtpPacket | undefined)[] = new Array(HELD_PACKETS_MAX).fill(undefined);
  /** Missing numbers from `#next` to `#highest`, in order: the oldest is always `#next` itself. */
  readonly #gaps: Gap[] = [];
  /** The number that comes out next; undefined before the first packet. */
  #next: number | undefined;
  #highest = 0;
  #roundTripMs = ROUND_TRIP_MS_ASSUMED;
  /** What would follow if the sender had begun anew. */
  #strayNext: number | undefined;
  readonly #ready: RtpPacket[] = [];
  #polled = 0;

  /** Packets that were due and never came out. */
  lost = 0;
  /** Packets that were held already. */
  duplicates = 0;
  /** Packets that came when their place had passed. */
  late = 0;
  /** Packets that came after they had been asked for again. */
  repaired = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#figures = new ReceiveFigures(options.ssrc, options.clockRate);
    this.#waitMs = options.nack ? REPAIR_MS_MAX : REORDER_MS_MAX;
  }

  get received(): number {
    return this.#figures.received;
  }

  get jitterMs(): number {
    return this.#figures.jitterMs;
  }

  /** When to call {@link advance} and {@link pollNack}: a NACK is due, or a gap was waited for long enough. */
  get deadlineMs(): number | undefined {
    const oldest = this.#gaps[0];
    if (oldest === undefined) return undefined;
    let deadlineMs = oldest.sinceMs + this.#waitMs;
    if (!this.#options.nack) return deadlineMs;
    for (const gap of this.#gaps) deadlineMs = Math.min(deadlineMs, gap.nackDueMs);
    return deadlineMs;
  }

  receive(packet: RtpPacket, nowMs: number): void {
    if (this.#next === undefined) {
      this.#restart(packet, nowMs);
      return;
    }
    const ahead = seqDelta(this.#highest, packet.sequenceNumber);
    if (Math.abs(ahead) > DROPOUT_MAX) {
      this.#receiveStray(packet, nowMs);
      return;
    }
    this.#strayNext = undefined;
    if (ahead > 0) this.#receiveAhead(packet, ahead, nowMs);
    else if (seqDelta(this.#next, packet.sequenceNumber) >= 0) this.#receiveMissing(packet, nowMs);
    else this.late++; // already out, or already given up
  }

  /** Gives up gaps that were waited for long enough. */
  advance(nowMs: number): void {
    let given = 0;
    for (const gap of this.#gaps) {
      if (nowMs < gap.sinceMs + this.#waitMs) break; // younger ones follow
      given++;
    }
    if (given > 0) this.#giveUp(given);
  }

  /** The next packet in order; undefined when there is none, or a gap before it is still waited for. */
  poll(): RtpPacket | undefined {
    const packet = this.#ready[this.#polled];
    if (packet === undefined) return undefined;
    this.#polled++;
    if (this.#polled === this.#ready.length) {
      this.#ready.length = 0;
      this.#polled = 0;
    }
    return packet;
  }

  /** Numbers to ask for now, in order; undefined when none are due. */
  pollNack(nowMs: number): readonly number[] | undefined {
    if (!this.#options.nack) return undefined;
    let due: number[] | undefined;
    for (const gap of this.#gaps) {
      if (nowMs < gap.nackDueMs) continue;
      if (due !== undefined && due.length >= NACK_NUMBERS_MAX) break;
      if (gap.nacks === 0) gap.nackedMs = nowMs;
      gap.nacks++;
      gap.nackDueMs = nowMs + Math.max(NACK_INTERVAL_MS_MIN, this.#roundTripMs);
      due ??= [];
      due.push(gap.sequenceNumber);
    }
    return due;
  }

  /** From the flow's sender report: the next receiver report says how long ago it came. */
  senderReport(ntp: NtpTime, nowMs: number): void {
    this.#figures.senderReport(ntp, nowMs);
  }

  /** For the next receiver report, which it begins a new interval for; undefined before the first packet. */
  takeReportBlock(nowMs: number): ReportBlock | undefined {
    return this.#figures.takeBlock(nowMs);
  }

  #restart(packet: RtpPacket, nowMs: number): void {
    this.#giveUp(this.#gaps.length);
    this.#strayNext = undefined;
    this.#figures.restart(packet.sequenceNumber);
    this.#figures.count(0);
    this.#figures.measureJitter(packet.timestamp, nowMs);
    this.#highest = packet.sequenceNumber;
    this.#next = seqAdd(packet.sequenceNumber, 1);
    this.#ready.push(packet);
  }

  #receiveStray(packet: RtpPacket, nowMs: number): void {
    if (packet.sequenceNumber === this.#strayNext) this.#restart(packet, nowMs);
    else this.#strayNext = seqAdd(packet.sequenceNumber, 1);
  }

  /** Newer than all so far; what it skipped is missing now. */
  #receiveAhead(packet: RtpPacket, ahead: number, nowMs: number): void {
    this.#figures.count(ahead);
    this.#figures.measureJitter(packet.timestamp, nowMs);
    const span = seqDelta(this.#next!, packet.sequenceNumber);
    if (span >= HELD_PACKETS_MAX) {
      // More than we can hold: no repair, the stream goes on from here.
      this.#giveUp(this.#gaps.length);
      this.lost += ahead - 1;
      this.#next = packet.sequenceNumber;
    } else {
      for (let step = 1; step < ahead; step++) {
        const sequenceNumber = seqAdd(this.#highest, step);
        this.#gaps.push({
          sequenceNumber,
          sinceMs: nowMs,
          nackDueMs: nowMs,
          nackedMs: 0,
          nacks: 0,
        });
      }
    }
    this.#highest = packet.sequenceNumber;
    this.#take(packet);
  }

  /** Not newer than the highest, not older than what comes out next: it fills a gap, or it came before. */
  #receiveMissing(packet: RtpPacket, nowMs: number): void {
    const index = this.#gaps.findIndex((gap) => gap.sequenceNumber === packet.sequenceNumber);
    const gap = this.#gaps[index];
    if (gap === undefined) {
      this.duplicates++;
      return;
    }
    this.#gaps.splice(index, 1);
    this.#figures.count(0);
    if (gap.nacks > 0) this.repaired++;
    // After a second NACK nobody knows which of the two was answered (Karn's rule, RFC 6298 §3).
    if (gap.nacks === 1) this.#roundTripMs += (nowMs - gap.nackedMs - this.#roundTripMs) / 4;
    this.#take(packet);
  }

  #take(packet: RtpPacket): void {
    if (packet.sequenceNumber !== this.#next) {
      this.#held[packet.sequenceNumber % HELD_PACKETS_MAX] = packet;
      return;
    }
    this.#ready.push(packet);
    this.#next = seqAdd(packet.sequenceNumber, 1);
    this.#releaseHeld();
  }

  /** Gives up the `count` oldest gaps and lets out what they held back. */
  #giveUp(count: number): void {
    this.lost += count;
    for (const gap of this.#gaps.splice(0, count)) {
      this.#next = seqAdd(gap.sequenceNumber, 1);
      this.#releaseHeld();
    }
  }

  /** Moves on to the next gap, or to the end. */
  #releaseHeld(): void {
    let packet = this.#held[this.#next! % HELD_PACKETS_MAX];
    while (packet !== undefined) {
      this.#held[this.#next! % HELD_PACKETS_MAX] = undefined;
      this.#ready.push(packet);
      this.#next = seqAdd(this.#next!, 1);
      packet = this.#held[this.#next! % HELD_PACKETS_MAX];
    }
  }
}
