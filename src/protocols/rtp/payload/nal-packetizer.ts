import { equalParts, PAYLOAD_BYTES_MAX, Scratch } from './scratch.ts';

/** What is different between the payload formats of H.264 (RFC 6184) and H.265 (RFC 7798). */
export type NalFormat = {
  /** Of a NAL unit, and of the payload header that takes its place. */
  readonly headerBytes: number;
  /** Says nothing to a decoder of live video: delimiters are the marker bit's work, filler is for constant bitrates. */
  readonly isDropped: (unit: Uint8Array) => boolean;
  /** Kinds of parameter sets, in the order that they are sent in. */
  readonly isSet: readonly ((unit: Uint8Array) => boolean)[];
  /** Sets of one kind and id replace each other. */
  readonly setId: (unit: Uint8Array) => number | undefined;
  /** Writes the payload header of a packet that carries these whole units. */
  readonly writeAggregationHeader: (payload: Uint8Array, units: readonly Uint8Array[]) => void;
  /** Writes payload header and FU header; they have `headerBytes + 1` bytes. */
  readonly writeFragmentHeader: (
    payload: Uint8Array,
    unit: Uint8Array,
    place: FragmentPlace,
  ) => void;
};

/** The S and E bits of an FU header. */
export type FragmentPlace = { readonly isStart: boolean; readonly isEnd: boolean };

/** Sets beyond these are nonsense: encoders have one of each kind. */
const PARAMETER_SETS_MAX = 16;
const LENGTH_BYTES = 2;

/**
 * Cuts access units into RTP payloads, and puts the parameter sets ahead of each keyframe, so that whoever begins there
 * can decode.
 */
export class NalPacketizer {
  readonly #format: NalFormat;
  /** By kind and id. */
  readonly #sets: readonly Map<number, Uint8Array>[];
  readonly #scratch = new Scratch();

  constructor(format: NalFormat) {
    this.#format = format;
    this.#sets = format.isSet.map(() => new Map());
  }

  /** From a sequence header: all that was known is forgotten. The sets are copied. */
  setParameterSets(...units: readonly (readonly Uint8Array[])[]): void {
    for (const sets of this.#sets) sets.clear();
    for (const unit of units.flat()) this.#keepSet(unit);
  }

  /**
   * One access unit → its RTP payloads, in order; the last one's packet gets the marker. Empty when the unit has nothing
   * to send. The payloads are valid until the next call, or as long as `units`.
   *
   * A NAL unit above the limit becomes fragments of one size (the last may be some bytes shorter), which UDP
   * segmentation offload sends in one call.
   */
  packetize(units: readonly Uint8Array[], isKeyframe: boolean): Uint8Array[] {
    const { headerBytes } = this.#format;
    const sent = this.#arrange(units, isKeyframe);
    this.#reserve(sent);
    const payloads: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    let smallBytes = headerBytes;
    for (const unit of sent) {
      const bytes = LENGTH_BYTES + unit.length;
      if (small.length > 0 && smallBytes + bytes > PAYLOAD_BYTES_MAX) {
        payloads.push(this.#aggregate(small, smallBytes));
        small = [];
        smallBytes = headerBytes;
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
      if (unit.length < this.#format.headerBytes || this.#format.isDropped(unit)) continue;
      const isSet = this.#keepSet(unit);
      if (!isSet || !isKeyframe) rest.push(unit);
    }
    if (!isKeyframe || rest.length === 0) return rest;
    return [...this.#sets.flatMap((sets) => [...sets.values()]), ...rest];
  }

  /** @returns whether the unit is a parameter set */
  #keepSet(unit: Uint8Array): boolean {
    const sets = this.#sets[this.#format.isSet.findIndex((isSet) => isSet(unit))];
    if (!sets) return false;
    const id = this.#format.setId(unit);
    if (id === undefined || (!sets.has(id) && sets.size >= PARAMETER_SETS_MAX)) return true;
    sets.set(id, new Uint8Array(unit));
    return true;
  }

  /** One unit alone goes as it is; several share a packet, each behind its length. */
  #aggregate(units: readonly Uint8Array[], bytes: number): Uint8Array {
    const [first] = units;
    if (first && units.length === 1) return first;
    const payload = this.#scratch.take(bytes);
    this.#format.writeAggregationHeader(payload, units);
    let offset = this.#format.headerBytes;
    for (const unit of units) {
      payload[offset] = unit.length >> 8;
      payload[offset + 1] = unit.length;
      payload.set(unit, offset + LENGTH_BYTES);
      offset += LENGTH_BYTES + unit.length;
    }
    return payload;
  }

  #fragment(unit: Uint8Array, payloads: Uint8Array[]): void {
    const { headerBytes, writeFragmentHeader } = this.#format;
    const data = unit.subarray(headerBytes); // the NAL header travels in the fragments' headers
    const size = equalParts(data.length, PAYLOAD_BYTES_MAX - headerBytes - 1);
    for (let offset = 0; offset < data.length; offset += size) {
      const part = data.subarray(offset, offset + size);
      const payload = this.#scratch.take(headerBytes + 1 + part.length);
      writeFragmentHeader(payload, unit, {
        isStart: offset === 0,
        isEnd: offset + size >= data.length,
      });
      payload.set(part, headerBytes + 1);
      payloads.push(payload);
    }
  }

  #reserve(units: readonly Uint8Array[]): void {
    const headers = this.#format.headerBytes + 1;
    let bytes = 0;
    for (const unit of units) {
      const fragments = Math.ceil(unit.length / (PAYLOAD_BYTES_MAX - headers));
      bytes += unit.length + LENGTH_BYTES + (fragments + 1) * headers;
    }
    this.#scratch.reserve(bytes);
  }
}
