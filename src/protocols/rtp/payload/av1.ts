import { isAv1Keyframe, NEW_SEQUENCE, OBU, type Obu } from '../../codecs/av1.ts';
import { PAYLOAD_BYTES_MAX, Scratch } from './scratch.ts';

/** Never sent (AV1 RTP §5): RTP's timestamps delimit; tile lists are for still pictures, padding for constant bitrates. */
const DROPPED: readonly number[] = [OBU.temporalDelimiter, OBU.tileList, OBU.padding];
const CONTINUED = 0x80;
const CONTINUES = 0x40;
/** W counts up to three elements; beyond, it is 0 and every element has a length. */
const COUNTED_MAX = 3;
/** An element of one packet is below 2^14: its length takes two bytes at most. */
const LENGTH_BYTES_MAX = 2;
const HEADER_BYTES = 1;
/** Less of an OBU than this is not begun in what is left of a packet. */
const PART_BYTES_MIN = 32;

/** One element of the packet that is being filled: a whole OBU, or the part `from` to `to` of one. */
type Element = { readonly obu: Obu; readonly from: number; readonly to: number };

/**
 * AV1 temporal units → RTP payloads (AV1 RTP specification, §4): OBUs without their sizes, several in a packet, long ones
 * over several; the sequence header ahead of each keyframe, so that whoever begins there can decode.
 */
export class Av1Packetizer {
  readonly #scratch = new Scratch();
  #sequenceHeader: Obu | undefined;

  /** From a configuration record. The header is copied. */
  setSequenceHeader(obus: readonly Obu[]): void {
    this.#keep(obus);
  }

  /** One temporal unit → its RTP payloads, in order. They are valid until the next call. */
  packetize(obus: readonly Obu[]): Uint8Array[] {
    const isKeyframe = isAv1Keyframe(obus);
    this.#keep(obus);
    const sent = obus.filter(({ type }) => !DROPPED.includes(type));
    const hasHeader = sent.some(({ type }) => type === OBU.sequenceHeader);
    if (isKeyframe && !hasHeader && this.#sequenceHeader) sent.unshift(this.#sequenceHeader);
    this.#reserve(sent);
    const payloads: Uint8Array[] = [];
    for (const elements of fill(sent)) {
      payloads.push(this.#write(elements, isKeyframe && payloads.length === 0));
    }
    return payloads;
  }

  #keep(obus: readonly Obu[]): void {
    const found = obus.find(({ type }) => type === OBU.sequenceHeader);
    if (!found) return;
    const { type, header, payload } = found;
    this.#sequenceHeader = {
      type,
      header: new Uint8Array(header),
      payload: new Uint8Array(payload),
    };
  }

  #reserve(obus: readonly Obu[]): void {
    let bytes = 0;
    for (const obu of obus) bytes += sizeOf(obu) + HEADER_BYTES + LENGTH_BYTES_MAX;
    const packets = Math.ceil(bytes / (PAYLOAD_BYTES_MAX / 2)) + 1;
    this.#scratch.reserve(bytes + packets * (HEADER_BYTES + 2 * LENGTH_BYTES_MAX));
  }

  #write(elements: readonly Element[], isNewSequence: boolean): Uint8Array {
    const count = elements.length <= COUNTED_MAX ? elements.length : 0;
    const first = elements[0]!;
    const last = elements.at(-1)!;
    const bytes = elements.reduce((sum, { from, to }) => sum + to - from + LENGTH_BYTES_MAX, 1);
    const payload = this.#scratch.take(bytes);
    payload[0] =
      (first.from > 0 ? CONTINUED : 0) |
      (last.to < sizeOf(last.obu) ? CONTINUES : 0) |
      (count << 4) |
      (isNewSequence ? NEW_SEQUENCE : 0);
    let offset = HEADER_BYTES;
    for (const element of elements) {
      const length = element.to - element.from;
      if (count === 0 || element !== last) offset = writeLength(payload, offset, length);
      copyPart(element, payload, offset);
      offset += length;
    }
    return payload.subarray(0, offset);
  }
}

function sizeOf({ header, payload }: Obu): number {
  return header.length + payload.length;
}

/** Shares the OBUs out: each packet as full as it gets, a long OBU in parts. */
function* fill(obus: readonly Obu[]): Generator<readonly Element[]> {
  let elements: Element[] = [];
  let room = PAYLOAD_BYTES_MAX - HEADER_BYTES;
  for (const obu of obus) {
    const size = sizeOf(obu);
    let from = 0;
    while (from < size) {
      const free = room - LENGTH_BYTES_MAX;
      if (elements.length > 0 && free < Math.min(size - from, PART_BYTES_MIN)) {
        yield elements;
        elements = [];
        room = PAYLOAD_BYTES_MAX - HEADER_BYTES;
        continue;
      }
      const to = Math.min(size, from + free);
      elements.push({ obu, from, to });
      room -= to - from + LENGTH_BYTES_MAX;
      from = to;
    }
  }
  if (elements.length > 0) yield elements;
}

/** leb128() of a number below 2^14. */
function writeLength(payload: Uint8Array, offset: number, length: number): number {
  if (length < 0x80) {
    payload[offset] = length;
    return offset + 1;
  }
  payload[offset] = (length & 0x7f) | 0x80;
  payload[offset + 1] = length >> 7;
  return offset + 2;
}

function copyPart({ obu, from, to }: Element, target: Uint8Array, offset: number): void {
  const { header, payload } = obu;
  const headerPart = header.subarray(from, to);
  target.set(headerPart, offset);
  const skipped = header.length;
  target.set(
    payload.subarray(Math.max(0, from - skipped), Math.max(0, to - skipped)),
    offset + headerPart.length,
  );
}
