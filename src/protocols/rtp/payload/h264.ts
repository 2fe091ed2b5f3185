import { NAL, nalType, parameterSetId } from '../../codecs/h264.ts';

/**
 * What one RTP payload may weigh: with 12 bytes of RTP header, 16 of SRTP tag and 2 of RFC 4571 length it is 1200, which
 * WebRTC takes for safe on any path.
 */
export const PAYLOAD_BYTES_MAX = 1170;

/** Sets beyond these are nonsense: encoders have one of each. */
const PARAMETER_SETS_MAX = 16;
const FU_HEADER_BYTES = 2;
const STAP_HEADER_BYTES = 1;
const STAP_LENGTH_BYTES = 2;

/** Say nothing to a decoder of live video: delimiters are the marker bit's work, filler is for constant bitrates. */
const DROPPED: readonly number[] = [
  NAL.accessUnitDelimiter,
  NAL.endOfSequence,
  NAL.endOfStream,
  NAL.filler,
];

/**
 * Cuts H.264 access units into RTP payloads (RFC 6184, packetization-mode 1), and puts the parameter sets ahead of each
 * keyframe, so that whoever begins there can decode.
 */
export class H264Packetizer {
  readonly #sps = new Map<number, Uint8Array>();
  readonly #pps = new Map<number, Uint8Array>();
  /** Payloads that are not a NAL unit as it came lie here; used again for the next frame. */
  #scratch = new Uint8Array(256 * 1024);
  #scratchUsed = 0;

  /** From a sequence header: all that was known is forgotten. The sets are copied. */
  setParameterSets(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): void {
    this.#sps.clear();
    this.#pps.clear();
    for (const unit of sps) keep(this.#sps, unit);
    for (const unit of pps) keep(this.#pps, unit);
  }

  /**
   * One access unit → its RTP payloads, in order; the last one's packet gets the marker. Empty when the unit has nothing
   * to send. The payloads are valid until the next call, or as long as `units`.
   *
   * A NAL unit above the limit becomes fragments of one size (the last may be some bytes shorter), which UDP
   * segmentation offload sends in one call.
   */
  packetize(units: readonly Uint8Array[], isKeyframe: boolean): Uint8Array[] {
    const sent = this.#arrange(units, isKeyframe);
    this.#reserve(sent);
    const payloads: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    let smallBytes = STAP_HEADER_BYTES;
    for (const unit of sent) {
      const bytes = STAP_LENGTH_BYTES + unit.length;
      if (small.length > 0 && smallBytes + bytes > PAYLOAD_BYTES_MAX) {
        payloads.push(this.#aggregate(small, smallBytes));
        small = [];
        smallBytes = STAP_HEADER_BYTES;
      }
      if (unit.length > PAYLOAD_BYTES_MAX) {
        this.#fragment(unit, payloads); // what was small is out: it would not have fitted with this one
      } else {
        small.push(unit);
        smallBytes += bytes;
      }
    }
    if (small.length > 0) payloads.push(this.#aggregate(small, smallBytes));
    return payloads;
  }

  /** Drops what is not for the wire; learns in-band parameter sets, and moves them to a keyframe's front, once each. */
  #arrange(units: readonly Uint8Array[], isKeyframe: boolean): readonly Uint8Array[] {
    const rest: Uint8Array[] = [];
    for (const unit of units) {
      const type = nalType(unit);
      if (DROPPED.includes(type)) continue;
      const sets = type === NAL.sps ? this.#sps : type === NAL.pps ? this.#pps : undefined;
      if (sets) keep(sets, unit);
      if (!sets || !isKeyframe) rest.push(unit);
    }
    if (!isKeyframe || rest.length === 0) return rest;
    return [...this.#sps.values(), ...this.#pps.values(), ...rest];
  }

  /** STAP-A (RFC 6184 §5.7.1); one unit alone goes as it is (§5.6). */
  #aggregate(units: readonly Uint8Array[], bytes: number): Uint8Array {
    const [first] = units;
    if (first && units.length === 1) return first;
    const payload = this.#take(bytes);
    let header: number = NAL.stapA;
    let offset = STAP_HEADER_BYTES;
    for (const unit of units) {
      // F is the OR of all, NRI the highest of all.
      header = Math.max(header & 0x60, unit[0]! & 0x60) | ((header | unit[0]!) & 0x80) | NAL.stapA;
      payload[offset] = unit.length >> 8;
      payload[offset + 1] = unit.length;
      payload.set(unit, offset + STAP_LENGTH_BYTES);
      offset += STAP_LENGTH_BYTES + unit.length;
    }
    payload[0] = header;
    return payload;
  }

  /** FU-A (RFC 6184 §5.8). */
  #fragment(unit: Uint8Array, payloads: Uint8Array[]): void {
    const data = unit.subarray(1); // the NAL header travels in the FU headers
    const count = Math.ceil(data.length / (PAYLOAD_BYTES_MAX - FU_HEADER_BYTES));
    const size = Math.ceil(data.length / count);
    const indicator = (unit[0]! & 0xe0) | NAL.fuA;
    for (let offset = 0; offset < data.length; offset += size) {
      const part = data.subarray(offset, offset + size);
      const payload = this.#take(FU_HEADER_BYTES + part.length);
      const isStart = offset === 0;
      const isEnd = offset + size >= data.length;
      payload[0] = indicator;
      payload[1] = (isStart ? 0x80 : 0) | (isEnd ? 0x40 : 0) | nalType(unit);
      payload.set(part, FU_HEADER_BYTES);
      payloads.push(payload);
    }
  }

  /** Makes room for a whole frame at once: payloads are views, and must not move. */
  #reserve(units: readonly Uint8Array[]): void {
    let bytes = 0;
    for (const unit of units) {
      const fragments = Math.ceil(unit.length / (PAYLOAD_BYTES_MAX - FU_HEADER_BYTES));
      bytes += unit.length + STAP_HEADER_BYTES + STAP_LENGTH_BYTES + fragments * FU_HEADER_BYTES;
    }
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(bytes * 2);
    this.#scratchUsed = 0;
  }

  #take(bytes: number): Uint8Array {
    const start = this.#scratchUsed;
    this.#scratchUsed += bytes;
    return this.#scratch.subarray(start, this.#scratchUsed);
  }
}

function keep(sets: Map<number, Uint8Array>, unit: Uint8Array): void {
  const id = parameterSetId(unit);
  if (id === undefined || (!sets.has(id) && sets.size >= PARAMETER_SETS_MAX)) return;
  sets.set(id, unit.slice());
}
