import { FLAG } from './history.ts';
import type { Pacer } from './pacer.ts';
import { EXTENSION_BYTES, HEADER_BYTES, type SendTable } from './send-table.ts';
import type { Track } from './track.ts';

/** The second flow of an m-line, on which lost packets of the first are sent again (RFC 4588 §4). */
export type RtxOptions = {
  readonly ssrc: number;
  /** Payload type per codec. */
  readonly payloadTypes: ReadonlyMap<string, number>;
  readonly firstSequence: number;
};

/**
 * A stretch of the track's history that went to the viewer under consecutive numbers: from where a gate opened. It
 * says how to find a packet again, and what timestamp it had.
 */
export type Stretch = {
  /** The viewer's number (rollover counter included) of the packet at `firstIndex`. */
  readonly firstOut: number;
  readonly firstIndex: number;
  /** First index after the run that was there already: its packets went out long after their time. */
  readonly burstEnd: number;
  readonly sinceMs: number;
  readonly timestampOffset: number;
  /** Frames with a timestamp of the squeezed kind, as `squeezeEnd - left * squeezeStep`. */
  readonly squeezedFrames: number;
  readonly squeezeStep: number;
  readonly squeezeEnd: number;
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
    codec: string,
    nextOut: number,
    sequenceNumbers: readonly number[],
    run: RepairRun,
  ): number {
    const payloadType = this.#payloadTypes.get(codec);
    if (payloadType === undefined) return 0;
    this.#fillTokens(track, run.nowMs);
    let bytes = 0;
    for (const sequenceNumber of sequenceNumbers) {
      const behind = (nextOut - sequenceNumber) & (SEQUENCE_NUMBERS - 1);
      const out = nextOut - (behind === 0 ? SEQUENCE_NUMBERS : behind);
      const added = this.#resendOne(track, payloadType, out, run);
      if (added === 0) this.refused++;
      bytes += added;
    }
    return bytes;
  }

  #resendOne(track: Track, payloadType: number, out: number, run: RepairRun): number {
    const stretch = this.#stretches.findLast(({ firstOut }) => firstOut <= out);
    if (!stretch || this.#tokens <= 0) return 0;
    const { history } = track;
    const index = stretch.firstIndex + (out - stretch.firstOut);
    if (index < history.tail || index >= track.head) return 0;
    const row = index & history.mask;
    const flags = history.flags[row] as number;
    if (!(flags & FLAG.present) || this.#isOld(track, stretch, index, run.nowMs)) return 0;
    if (!this.#mayAgain(out, run)) return 0;
    const offset = history.offsets[row] as number;
    const length = history.lengths[row] as number;
    const added = run.table.addRepair(
      run.srtp,
      this.#nextIndex48,
      ((flags & FLAG.marker) << 6) | payloadType,
      timestampOf(track, stretch, index),
      this.ssrc,
      out,
      history.arena.subarray(offset, offset + length),
    );
    if (!added) return 0;
    this.#nextIndex48++;
    this.packets++;
    const { extensionId } = run.pacer;
    let bytes = HEADER_BYTES + ORIGINAL_NUMBER_BYTES + length;
    if (extensionId !== undefined) {
      bytes += EXTENSION_BYTES;
      run.table.stamp(extensionId, run.pacer.number(bytes, run.nowMs));
    }
    this.#tokens -= bytes;
    return bytes;
  }

  #isOld(track: Track, stretch: Stretch, index: number, nowMs: number): boolean {
    if (index < stretch.burstEnd) return nowMs - stretch.sinceMs > AGE_MS_MAX;
    const timestamp = track.history.timestamps[index & track.history.mask] as number;
    const ageMs = (((track.newestTimestamp - timestamp) | 0) * 1000) / track.clockRate;
    return ageMs > AGE_MS_MAX;
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

/** The timestamp under which the packet went out; see the squeezing in track-sender.ts. */
function timestampOf(track: Track, stretch: Stretch, index: number): number {
  const { timestamps, flags, mask } = track.history;
  const timestamp = timestamps[index & mask] as number;
  let left = stretch.squeezedFrames;
  for (let at = stretch.firstIndex + 1; at <= index && left > 0; at++) {
    const row = at & mask;
    if (!((flags[row] as number) & FLAG.present)) continue;
    if ((flags[row] as number) & FLAG.frameStart) left--;
  }
  return left > 0
    ? (stretch.squeezeEnd - left * stretch.squeezeStep) >>> 0
    : (timestamp + stretch.timestampOffset) >>> 0;
}
