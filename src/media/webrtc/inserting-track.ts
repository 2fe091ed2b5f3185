import { seqAdd } from '../../base/circle.ts';
import type { TrackInput } from '../../engine/publishing.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';

/** A track into which packets of our own can be put: the numbers of all that follow move on by as many. */
export class InsertingTrack {
  readonly #track: TrackInput;
  #inserted = 0;

  constructor(track: TrackInput) {
    this.#track = track;
  }

  push(packet: RtpPacket, nowMs: number): void {
    this.#track.push(this.#renumber(packet), nowMs);
  }

  /** Puts a payload ahead of the frame that `packet` begins, under the number that it would have had. */
  insertBefore(packet: RtpPacket, payload: Uint8Array, nowMs: number): void {
    this.#track.push({ ...this.#renumber(packet), marker: false, payload }, nowMs);
    this.#inserted++;
  }

  #renumber(packet: RtpPacket): RtpPacket {
    if (this.#inserted === 0) return packet;
    return { ...packet, sequenceNumber: seqAdd(packet.sequenceNumber, this.#inserted) };
  }
}
