import { seqAdd, seqDelta } from '../../base/circle.ts';
import {
  isSlice,
  NAL,
  nalType,
  sliceTypeInPayload,
  unitsInPayload,
} from '../../protocols/codecs/h264.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';

/** Parameter sets and SEI ahead of a picture; more than this is no picture that an encoder makes. */
const HELD_PACKETS_MAX = 16;
/** A filler unit with nothing in it: carries a marker that has no other packet to be on. */
const EMPTY_FILLER = Uint8Array.of(NAL.filler, 0x80);

/** Say nothing to a decoder of live video: as in the packetizer for RTMP. */
const WASTE: readonly number[] = [
  NAL.filler,
  NAL.accessUnitDelimiter,
  NAL.endOfSequence,
  NAL.endOfStream,
];

/** What an owner decides, and wants to hear. */
export type H264Wishes = {
  /** Whether pictures with B slices are left out. */
  readonly dropsBFrames: boolean;
  readonly onBFrame: (nowMs: number) => void;
  /** Told how many bytes of padding were left out. */
  readonly onFiller: (bytes: number) => void;
};

export type H264SieveOptions = H264Wishes & {
  readonly push: (packet: RtpPacket, nowMs: number) => void;
};

/**
 * Takes out of a WebRTC publisher's H.264 what viewers have no use for: filler units of constant bit rates, delimiters,
 * and, where asked to, B-frames. What stays is numbered so that viewers see no gap there, and every gap that is a loss.
 */
export class H264Sieve {
  readonly #options: H264SieveOptions;
  /** Packets of the picture at hand that wait for what follows them. */
  readonly #held: RtpPacket[] = [];
  #timestamp: number | undefined;
  #sawSlice = false;
  /** This picture goes. */
  #leavesOut = false;
  /** Pictures of this stream end with filler, which has the marker: their last packets must wait for it. */
  #endsWithFiller = false;
  /** Of the packet before, as it came. */
  #lastNumber = 0;
  #lastWasLeftOut = false;
  /** Something was lost since the last packet that stays: it may have been a slice. */
  #lostSince = false;
  /** Packets left out so far, and losses among them. */
  #leftOut = 0;

  constructor(options: H264SieveOptions) {
    this.#options = options;
  }

  push(packet: RtpPacket, nowMs: number): void {
    if (packet.timestamp !== this.#timestamp) this.#begin(packet, nowMs);
    else this.#lookForLoss(packet);
    this.#look(packet.payload, nowMs);
    if (this.#leavesOut) this.#leaveOut();
    else if (isWaste(packet.payload)) this.#waste(packet, nowMs);
    else this.#keep(packet, nowMs);
    this.#lastNumber = packet.sequenceNumber;
  }

  #begin({ timestamp }: RtpPacket, nowMs: number): void {
    this.#flush(nowMs); // the marker was lost
    this.#timestamp = timestamp;
    this.#sawSlice = false;
    this.#leavesOut = false;
    this.#lastWasLeftOut = false;
    this.#lostSince = false;
  }

  /** What was lost between two packets of one picture that both go, goes too. */
  #lookForLoss({ payload, sequenceNumber }: RtpPacket): void {
    const lost = seqDelta(this.#lastNumber, sequenceNumber) - 1;
    if (lost <= 0) return;
    const isNoLoss = this.#lastWasLeftOut && (this.#leavesOut || isMiddleOfWaste(payload));
    if (isNoLoss) this.#leftOut += lost;
    else this.#lostSince = true;
  }

  /** The first slice says what kind of picture it is. */
  #look(payload: Uint8Array, nowMs: number): void {
    if (this.#sawSlice || !beginsSlice(payload)) return;
    this.#sawSlice = true;
    if (sliceTypeInPayload(payload) !== 'B') return;
    this.#options.onBFrame(nowMs);
    if (!this.#options.dropsBFrames) return;
    this.#leavesOut = true;
    this.#leftOut += this.#held.length;
    this.#held.length = 0;
  }

  #leaveOut(): void {
    this.#leftOut++;
    this.#lastWasLeftOut = true;
  }

  #waste(packet: RtpPacket, nowMs: number): void {
    if (innerType(packet.payload) === NAL.filler) this.#options.onFiller(packet.payload.length);
    if (!packet.marker) {
      this.#leaveOut();
      return;
    }
    this.#endsWithFiller = true;
    const last = this.#lostSince ? undefined : this.#held.pop();
    if (last) {
      this.#held.push({ ...last, marker: true });
      this.#leaveOut();
    } else {
      this.#held.push({ ...this.#numbered(packet), payload: EMPTY_FILLER });
    }
    this.#flush(nowMs);
  }

  #keep(packet: RtpPacket, nowMs: number): void {
    this.#lastWasLeftOut = false;
    this.#lostSince = false;
    if (this.#sawSlice) this.#flush(nowMs);
    this.#held.push(this.#numbered(packet));
    const waits = !packet.marker && (!this.#sawSlice || this.#endsWithFiller);
    if (!waits || this.#held.length > HELD_PACKETS_MAX) this.#flush(nowMs);
  }

  #flush(nowMs: number): void {
    for (const packet of this.#held) this.#options.push(packet, nowMs);
    this.#held.length = 0;
  }

  #numbered(packet: RtpPacket): RtpPacket {
    if (this.#leftOut === 0) return packet;
    return { ...packet, sequenceNumber: seqAdd(packet.sequenceNumber, -this.#leftOut) };
  }
}

/** Type of the unit that a payload holds, or a part of. */
function innerType(payload: Uint8Array): number {
  const type = nalType(payload);
  return type === NAL.fuA ? (payload[1] ?? 0) & 0x1f : type;
}

function isWaste(payload: Uint8Array): boolean {
  if (nalType(payload) !== NAL.stapA) return WASTE.includes(innerType(payload));
  const units = unitsInPayload(payload);
  return units.length > 0 && units.every((unit) => WASTE.includes(nalType(unit)));
}

/** A fragment of filler that is not its first: what is missing ahead of it was filler, too. */
function isMiddleOfWaste(payload: Uint8Array): boolean {
  return nalType(payload) === NAL.fuA && isWaste(payload) && ((payload[1] ?? 0) & 0x80) === 0;
}

function beginsSlice(payload: Uint8Array): boolean {
  if (nalType(payload) === NAL.fuA) {
    const type = innerType(payload);
    return type >= NAL.slice && type <= NAL.idr;
  }
  return unitsInPayload(payload).some(isSlice);
}
