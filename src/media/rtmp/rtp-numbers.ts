import { seqAdd } from '../../base/circle.ts';
import type { TrackInput } from '../../engine/publishing.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';

/** How often a track's clock is tied again. Timestamps wrap after 13 hours of video: the tie must be younger. */
const TIE_MS = 10_000;

/** Numbers one track's packets, as if a WebRTC publisher had sent them. */
export class RtpNumbers {
  readonly #payloadType: number;
  readonly #ssrc: number;
  readonly #ticksPerMs: number;
  #sequenceNumber = 0;
  #tiedMs: number | undefined;
  #tiedTo: TrackInput | undefined;

  constructor(payloadType: number, ssrc: number, clockRate: number) {
    this.#payloadType = payloadType;
    this.#ssrc = ssrc;
    this.#ticksPerMs = clockRate / 1000;
  }

  /** RTP timestamp of a time on the publisher's time line; Opus may begin a little before 0. */
  ticks(timeMs: number): number {
    return Math.round(timeMs * this.#ticksPerMs) >>> 0;
  }

  /** Tells the engine how ticks and time belong together, now and then. */
  tieClock(input: TrackInput, timeMs: number): void {
    const isDue =
      this.#tiedTo !== input || this.#tiedMs === undefined || timeMs - this.#tiedMs >= TIE_MS;
    if (!isDue) return;
    this.#tiedTo = input;
    this.#tiedMs = timeMs;
    input.setClock(this.ticks(timeMs), timeMs);
  }

  /** The next packet in sequence. */
  packet(payload: Uint8Array, timestamp: number, marker: boolean): RtpPacket {
    const sequenceNumber = this.#sequenceNumber;
    this.#sequenceNumber = seqAdd(sequenceNumber, 1);
    return {
      payloadType: this.#payloadType,
      marker,
      sequenceNumber,
      timestamp,
      ssrc: this.#ssrc,
      payload,
    };
  }
}
