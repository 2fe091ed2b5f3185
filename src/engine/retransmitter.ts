import { FLAG } from './history.ts';
import type { Pacer } from './pacer.ts';
import { EXTENSION_BYTES, HEADER_BYTES, type SendTable } from './send-table.ts';
import { type Stretch, timestampAt } from './stretch.ts';
import type { Track } from './track.ts';

/** The second flow of an m-line, on which lost packets of the first are sent again (RFC 4588 §4). */
export type RtxOptions = {
  readonly ssrc: number;
  /** Payload type per codec. */
  readonly payloadTypes: ReadonlyMap<string, number>;
  readonly firstSequence: number;
};

/** Stretches remembered; a viewer begins a new one at most some times a second, and old packets are not sent again. */
const STRETCHES_MAX = 16;
/** What is older than players wait for: libwebrtc gives a missing packet up after about a second. */
const AGE_MS_MAX = 1000;
/** The same packet again before this is pointless, however short the round trip is said to be. */
const AGAIN_MS_MIN = 10;
const RTT_MS_UNKNOWN = 100;
/** Packets whose last retransmission is remembered: what can be lost within a round trip. */
const RECENT_PACKETS = 512;
/** What one viewer's losses may cost: half of its track on top, at least something for tracks that hardly flow. */
const SHARE_OF_TRACK = 0.5;
const BYTES_PER_SECOND_MIN = 40_000;
/** What one portion of repeated packets may have. */
const PAD_PACKETS_MAX = 6;
/** Saved up while nothing is lost, so that a lost burst can be repaired at once: seconds of the budget. */
const SAVED_SECONDS = 1;
const SEQUENCE_NUMBERS = 0x10000;
const ORIGINAL_NUMBER_BYTES = 2;

/** Where retransmissions go. */
export type RepairRun = {
  readonly table: SendTable;
  readonly srtp: number;
  readonly pacer: Pacer;
  readonly nowMs: number;
};

/**
 * Answers one viewer's NACKs out of the track's history, which all viewers share: it remembers where the viewer's
 * numbers lie in it, not the packets. A retransmission is a packet of its own, with an SSRC and a number of its own, so
 * that no SRTP index is ever used twice (RFC 3711 §9.1).
 */
export class Retransmitter {
  readonly ssrc: number;
  packets = 0;
  /** Asked for, but gone, too old, sent a moment ago, or over the budget. */
  refused = 0;
  readonly #payloadTypes: ReadonlyMap<string, number>;
  readonly #stretches: Stretch[] = [];
  #nextIndex48: number;
  #tokens = BYTES_PER_SECOND_MIN;
  #filledMs = 0;
  /** Numbers sent again and when, at number modulo the size. Made when the first NACK comes. */
  #recent: { readonly outs: Float64Array; readonly timesMs: Float64Array } | undefined;

  constructor(options: RtxOptions) {
    this.ssrc = options.ssrc;
    this.#payloadTypes = options.payloadTypes;
    this.#nextIndex48 = options.firstSequence;
  }

  /** Numbers from `stretch.firstOut` on follow this stretch. */
  begin(stretch: Stretch): void {
    this.#stretches.push(stretch);
    if (this.#stretches.length > STRETCHES_MAX) this.#stretches.shift();
  }

  /**
   * @param nextOut the number of the viewer's next packet, rollover counter included
   * @returns bytes added
   */
  resend(
    track: Track,
    nextOut: number,
    sequenceNumbers: readonly number[],
    run: RepairRun,
  ): number {
    this.#fillTokens(track, run.nowMs);
    let bytes = 0;
    for (const sequenceNumber of sequenceNumbers) {
      const behind = (nextOut - sequenceNumber) & (SEQUENCE_NUMBERS - 1);
      const out = nextOut - (behind === 0 ? SEQUENCE_NUMBERS : behind);
      const added = this.#resendOne(out, run);
      if (added === 0) this.refused++;
      bytes += added;
    }
    return bytes;
  }

  #resendOne(out: number, run: RepairRun): number {
    const stretch = this.#stretches.findLast(({ firstOut }) => firstOut <= out);
    if (!stretch || this.#tokens <= 0) return 0;
    const { track } = stretch;
    const { history } = track;
    const index = stretch.firstIndex + (out - stretch.firstOut);
    if (index < history.tail || index >= track.head) return 0;
    if (!((history.flags[index & history.mask] as number) & FLAG.present)) return 0;
    if (isOld(stretch, index, run.nowMs) || !this.#mayAgain(out, run)) return 0;
    const bytes = this.#add(stretch, index, out, run);
    this.#tokens -= bytes;
    if (bytes > 0) this.packets++;
    return bytes;
  }

  /**
   * Sends the newest packets once more that nobody has asked for: what a path is tried with (as libwebrtc does it).
   * @param nextOut the number of the viewer's next packet, rollover counter included
   * @returns bytes added
   */
  pad(nextOut: number, wantedBytes: number, run: RepairRun): number {
    const stretch = this.#stretches.at(-1);
    if (!stretch) return 0;
    const { history } = stretch.track;
    let bytes = 0;
    for (let back = 1; back <= PAD_PACKETS_MAX && bytes < wantedBytes; back++) {
      const index = stretch.firstIndex + (nextOut - back - stretch.firstOut);
      if (index < stretch.firstIndex || index < history.tail) break;
      if ((history.flags[index & history.mask] as number) & FLAG.present) {
        bytes += this.#add(stretch, index, nextOut - back, run);
      }
    }
    return bytes;
  }

  #add(stretch: Stretch, index: number, out: number, run: RepairRun): number {
    const { track } = stretch;
    const { history } = track;
    const payloadType = this.#payloadTypes.get(track.format?.codec ?? '');
    if (payloadType === undefined) return 0;
    const row = index & history.mask;
    const flags = history.flags[row] as number;
    const offset = history.offsets[row] as number;
    const length = history.lengths[row] as number;
    const added = run.table.addRepair(
      run.srtp,
      this.#nextIndex48,
      ((flags & FLAG.marker) << 6) | payloadType,
      timestampAt(stretch, index),
      this.ssrc,
      out,
      history.arena.subarray(offset, offset + length),
    );
    if (!added) return 0;
    this.#nextIndex48++;
    const { extensionId } = run.pacer;
    let bytes = HEADER_BYTES + ORIGINAL_NUMBER_BYTES + length;
    if (extensionId !== undefined) {
      bytes += EXTENSION_BYTES;
      run.table.stamp(extensionId, run.pacer.number(bytes, run.nowMs));
    }
    return bytes;
  }

  /** Asked for twice within a round trip means that the first answer is still on its way. */
  #mayAgain(out: number, run: RepairRun): boolean {
    this.#recent ??= {
      outs: new Float64Array(RECENT_PACKETS).fill(-1),
      timesMs: new Float64Array(RECENT_PACKETS),
    };
    const { outs, timesMs } = this.#recent;
    const slot = out % RECENT_PACKETS;
    const waitMs = Math.max(AGAIN_MS_MIN, run.pacer.rttMs ?? RTT_MS_UNKNOWN);
    if (outs[slot] === out && run.nowMs - (timesMs[slot] as number) < waitMs) return false;
    outs[slot] = out;
    timesMs[slot] = run.nowMs;
    return true;
  }

  #fillTokens(track: Track, nowMs: number): void {
    const rate = Math.max(BYTES_PER_SECOND_MIN, track.bytesPerSecond(nowMs) * SHARE_OF_TRACK);
    const earned = (rate * (nowMs - this.#filledMs)) / 1000;
    this.#tokens = Math.min(rate * SAVED_SECONDS, this.#tokens + earned);
    this.#filledMs = nowMs;
  }
}

function isOld(stretch: Stretch, index: number, nowMs: number): boolean {
  if (index < stretch.burstEnd) return nowMs - stretch.sinceMs > AGE_MS_MAX;
  const { history, newestTimestamp, clockRate } = stretch.track;
  const timestamp = history.timestamps[index & history.mask] as number;
  return (((newestTimestamp - timestamp) | 0) * 1000) / clockRate > AGE_MS_MAX;
}
