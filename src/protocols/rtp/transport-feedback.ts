/**
 * Transport-wide congestion control feedback: when each packet of a session arrived
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
 */
import { readUint16, readUint24, writeUint16, writeUint24 } from '../../base/bytes.ts';
import { seqAdd, seqDelta } from '../../base/circle.ts';

/** As in a=extmap. */
export const TRANSPORT_CC_URI =
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

/** What one feedback message says. */
export type TransportFeedback = {
  /** The first packet that it speaks of. */
  readonly baseSequenceNumber: number;
  /** Since when the arrivals count, in ms of the receiver's clock; goes around at {@link REFERENCE_CIRCLE_MS}. */
  readonly referenceMs: number;
  /** For each packet from the base on: ms after the reference, or undefined where it did not arrive. */
  readonly arrivalsMs: readonly (number | undefined)[];
};

/** One message more than a second of any stream is not believed: a few bytes could claim 65535 packets. */
const PACKETS_MAX = 4096;
const REFERENCE_UNIT_MS = 64;
/** The reference has 24 bits. */
export const REFERENCE_CIRCLE_MS = 2 ** 24 * REFERENCE_UNIT_MS;
const DELTA_UNIT_MS = 0.25;
/** Common header, SSRCs, base, count, reference time, message count. */
const HEADER_BYTES = 20;

const STATUS = { missing: 0, smallDelta: 1, largeDelta: 2 } as const;

/** Reads the message from the common header on; undefined when it is malformed. */
export function readTransportFeedback(bytes: Uint8Array): TransportFeedback | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const packetCount = readUint16(bytes, 14);
  if (packetCount > PACKETS_MAX) return undefined;
  const statuses: number[] = [];
  let offset = HEADER_BYTES;
  while (statuses.length < packetCount) {
    if (offset + 2 > bytes.length) return undefined;
    readChunk(readUint16(bytes, offset), statuses, packetCount);
    offset += 2;
  }
  const arrivalsMs = readDeltas(bytes, offset, statuses);
  if (arrivalsMs === undefined) return undefined;
  return {
    baseSequenceNumber: readUint16(bytes, 12),
    referenceMs: readUint24(bytes, 16) * REFERENCE_UNIT_MS,
    arrivalsMs,
  };
}

/** A run of one status, or a vector of 14 one-bit or 7 two-bit statuses (§3.1.1 to §3.1.4). */
function readChunk(chunk: number, statuses: number[], packetCount: number): void {
  const isVector = (chunk & 0x8000) !== 0;
  const isTwoBit = (chunk & 0x4000) !== 0;
  const length = isVector ? (isTwoBit ? 7 : 14) : chunk & 0x1fff;
  for (let i = 0; i < length && statuses.length < packetCount; i++) {
    if (!isVector) statuses.push((chunk >> 13) & 3);
    else statuses.push(isTwoBit ? (chunk >> (12 - 2 * i)) & 3 : (chunk >> (13 - i)) & 1);
  }
}

/** Each delta counts from the packet before that arrived (§3.1.5). */
function readDeltas(
  bytes: Uint8Array,
  start: number,
  statuses: readonly number[],
): (number | undefined)[] | undefined {
  const arrivalsMs: (number | undefined)[] = [];
  let offset = start;
  let ticks = 0;
  for (const status of statuses) {
    if (status === STATUS.missing) {
      arrivalsMs.push(undefined);
      continue;
    }
    const size = status === STATUS.smallDelta ? 1 : 2;
    if (status > STATUS.largeDelta || offset + size > bytes.length) return undefined;
    ticks += size === 1 ? bytes[offset]! : (readUint16(bytes, offset) << 16) >> 16;
    arrivalsMs.push(ticks * DELTA_UNIT_MS);
    offset += size;
  }
  return arrivalsMs;
}

/** How often a publisher hears: libwebrtc's receivers say it each 50 to 250 ms, by bit rate. */
const FEEDBACK_MS = 50;
/** Packets told of in one message, lost ones included: fits a datagram even with two bytes for each. */
const REPORT_PACKETS_MAX = 400;
/** A jump of the numbers beyond this begins anew. */
const JUMP_MAX = 1000;

/** Notes when packets arrive, and puts it into the list that follows the SSRCs of a feedback message. */
export class ArrivalRecorder {
  /** Arrivals in ticks of 250 us, at number minus base; undefined: not here. */
  #arrivals: (number | undefined)[] = [];
  #base: number | undefined;
  #count = 0;
  #dueMs: number | undefined;

  /** When {@link poll} has something to say. */
  get deadlineMs(): number | undefined {
    return this.#dueMs;
  }

  receive(sequenceNumber: number, nowMs: number): void {
    this.#base ??= sequenceNumber;
    let place = seqDelta(this.#base, sequenceNumber);
    if (place < 0) return; // told of as lost already
    if (place > JUMP_MAX) {
      this.#base = sequenceNumber;
      this.#arrivals = [];
      place = 0;
    }
    while (this.#arrivals.length < place) this.#arrivals.push(undefined);
    this.#arrivals[place] ??= Math.round(nowMs / DELTA_UNIT_MS);
    this.#dueMs ??= nowMs + FEEDBACK_MS;
  }

  /** The message's body from the base number on; undefined when nothing is due. */
  poll(nowMs: number): Uint8Array | undefined {
    if (this.#dueMs === undefined || nowMs < this.#dueMs || this.#base === undefined) {
      return undefined;
    }
    const packets = this.#arrivals.splice(0, REPORT_PACKETS_MAX);
    const body = writeBody(this.#base, this.#count, packets);
    this.#base = seqAdd(this.#base, packets.length);
    this.#count = (this.#count + 1) & 0xff;
    if (this.#arrivals.length === 0) this.#dueMs = undefined;
    return body;
  }
}

const TICKS_PER_REFERENCE = REFERENCE_UNIT_MS / DELTA_UNIT_MS;
/** A message may hold packets that overtook each other: a delta is signed. */
const DELTA_MIN = -0x8000;
const DELTA_MAX = 0x7fff;

/** Base, count, reference, statuses in vectors of seven, deltas, zeros to the next word. */
function writeBody(
  base: number,
  count: number,
  arrivals: readonly (number | undefined)[],
): Uint8Array {
  const first = arrivals.find((ticks) => ticks !== undefined) ?? 0;
  const reference = Math.floor(first / TICKS_PER_REFERENCE);
  const statuses: number[] = [];
  const deltas: number[] = [];
  let before = reference * TICKS_PER_REFERENCE;
  for (const ticks of arrivals) {
    if (ticks === undefined) {
      statuses.push(STATUS.missing);
      continue;
    }
    const delta = Math.max(DELTA_MIN, Math.min(DELTA_MAX, ticks - before));
    before += delta;
    const isSmall = delta >= 0 && delta <= 0xff;
    statuses.push(isSmall ? STATUS.smallDelta : STATUS.largeDelta);
    if (!isSmall) deltas.push((delta >> 8) & 0xff);
    deltas.push(delta & 0xff);
  }
  const chunks = Math.ceil(statuses.length / 7);
  const body = new Uint8Array((8 + 2 * chunks + deltas.length + 3) & ~3);
  writeUint16(body, 0, base);
  writeUint16(body, 2, arrivals.length);
  writeUint24(body, 4, reference & 0xffffff);
  body[7] = count;
  for (let chunk = 0; chunk < chunks; chunk++) {
    let bits = 0xc000;
    for (let i = 0; i < 7; i++) bits |= (statuses[7 * chunk + i] ?? 0) << (12 - 2 * i);
    writeUint16(body, 8 + 2 * chunk, bits);
  }
  body.set(deltas, 8 + 2 * chunks);
  return body;
}
