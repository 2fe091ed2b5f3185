/** What was sent to one peer, by transport-wide sequence number, until its feedback says what became of it. */
import { REFERENCE_CIRCLE_MS, type TransportFeedback } from '../rtp/transport-feedback.ts';

/** One packet that the peer spoke of. */
export type PacketResult = {
  readonly sentMs: number;
  /** On the peer's clock; undefined: it did not arrive. */
  readonly arrivalMs: number | undefined;
  readonly bytes: number;
};

/** Packets remembered: two seconds at 5 Mbit/s; feedback is a tenth of a second and a round trip old. */
const LOG_PACKETS = 1024;
const SEQUENCE_NUMBERS = 0x10000;

/** The sender's side of the feedback: a ring of packets by transport-wide number. */
export class TransportLog {
  readonly #sentMs = new Float64Array(LOG_PACKETS);
  /** 0 once the peer has said that the packet arrived. */
  readonly #bytes = new Uint32Array(LOG_PACKETS);
  /** Number of the next packet, not yet modulo 2^16. */
  #next = 0;
  /** The peer's reference time, unwrapped. */
  #referenceMs: number | undefined;

  /** Notes a packet that goes out now. @returns its transport-wide sequence number */
  add(bytes: number, nowMs: number): number {
    const slot = this.#next % LOG_PACKETS;
    this.#sentMs[slot] = nowMs;
    this.#bytes[slot] = bytes;
    return this.#next++ % SEQUENCE_NUMBERS;
  }

  /** The packets of a feedback message that we still know, in the order in which they were sent. */
  resolve(feedback: TransportFeedback): PacketResult[] {
    const results: PacketResult[] = [];
    const referenceMs = this.#unwrapReference(feedback.referenceMs);
    const behind = (this.#next - feedback.baseSequenceNumber) & (SEQUENCE_NUMBERS - 1);
    const first = this.#next - (behind === 0 ? SEQUENCE_NUMBERS : behind);
    for (const [place, afterMs] of feedback.arrivalsMs.entries()) {
      const index = first + place;
      if (index < 0 || index < this.#next - LOG_PACKETS) continue;
      if (index >= this.#next) break;
      const slot = index % LOG_PACKETS;
      const bytes = this.#bytes[slot] as number;
      if (bytes === 0) continue;
      if (afterMs !== undefined) this.#bytes[slot] = 0;
      results.push({
        sentMs: this.#sentMs[slot] as number,
        arrivalMs: afterMs === undefined ? undefined : referenceMs + afterMs,
        bytes,
      });
    }
    return results;
  }

  /** 24 bits of 64 ms go around in twelve days. */
  #unwrapReference(referenceMs: number): number {
    const last = this.#referenceMs ?? referenceMs;
    const rounds = Math.round((last - referenceMs) / REFERENCE_CIRCLE_MS);
    this.#referenceMs = referenceMs + rounds * REFERENCE_CIRCLE_MS;
    return this.#referenceMs;
  }
}
