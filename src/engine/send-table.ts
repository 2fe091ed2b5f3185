import { ROW, ROW_WORDS } from '../base/send-row.ts';
import type { Arenas } from './history.ts';
import type { Outlet } from './outlet.ts';

/** Viewers in one native batch: their bytes then stay in the L2 cache between encryption and send. */
export const RUNS_MAX = 32;
/** What one viewer may get in one batch; more is sent by further batches. One GSO send carries at most 64 KB. */
export const RUN_BYTES_MAX = 56 * 1024;
/** Packets in one batch; the smallest payloads are Opus, one packet a viewer at a time. */
export const ROWS_MAX = 4096;
/** RTP header without CSRCs or extensions (RFC 3550 §5.1). */
export const HEADER_BYTES = 12;
/** One header extension of two bytes in the one-byte form, padded to words (RFC 8285 §4.2). */
export const EXTENSION_BYTES = 8;
/** Room that a packet may need besides payload and padding: header, SRTP tag, RFC 4571 length. */
export const PACKET_OVERHEAD_BYTES = HEADER_BYTES + EXTENSION_BYTES + 16 + 2;
/** Retransmissions in one batch; what has no room is asked for again. */
const REPAIR_BYTES_MAX = RUN_BYTES_MAX;
/** The original sequence number ahead of a retransmitted payload (RFC 4588 §4). */
const ORIGINAL_NUMBER_BYTES = 2;
/** The X bit of an RTP header. */
const EXTENSION_BIT = 0x10;
/** Begins a block of one-byte extensions. */
const ONE_BYTE_PROFILE = [0xbe, 0xde] as const;
/** RTP version 2, no padding. */
const FIRST_BYTE = 0x80;

/**
 * One batch of packets on their way out: rows of (keys, header, payload) grouped in runs, one run a viewer.
 * TypeScript fills twelve header bytes and one row per packet and viewer; everything heavier is native.
 */
export class SendTable {
  readonly rows = new Uint32Array(ROWS_MAX * ROW_WORDS);
  readonly headers = new Uint8Array(ROWS_MAX * (HEADER_BYTES + EXTENSION_BYTES));
  /** Where each run goes. */
  readonly outlets: Outlet[] = [];
  /** First row after each run. */
  readonly runEnds = new Uint32Array(RUNS_MAX);
  rowCount = 0;
  runCount = 0;
  readonly #arenas: Arenas;
  /** Row at which the open run starts. */
  #runStart = 0;
  #headerEnd = 0;
  /** Payloads of retransmissions: the history has them, but not the two bytes that go ahead. */
  #repairs: { readonly bytes: Uint8Array; readonly arena: number } | undefined;
  #repairEnd = 0;

  constructor(arenas: Arenas) {
    this.#arenas = arenas;
  }

  get rowsFull(): boolean {
    return this.rowCount === ROWS_MAX;
  }

  /** No room for one more run. */
  get full(): boolean {
    return this.runCount === RUNS_MAX || this.rowCount > ROWS_MAX - ROWS_MAX / RUNS_MAX;
  }

  /** Ends the rows added since the last call as one viewer's run; nothing added, no run. */
  endRun(outlet: Outlet): void {
    if (this.rowCount === this.#runStart) return;
    this.outlets[this.runCount] = outlet;
    this.runEnds[this.runCount++] = this.rowCount;
    this.#runStart = this.rowCount;
  }

  clear(): void {
    this.rowCount = 0;
    this.runCount = 0;
    this.#runStart = 0;
    this.#headerEnd = 0;
    this.#repairEnd = 0;
  }

  /**
   * Adds one packet.
   * @param index48 rollover counter * 65536 + sequence number (RFC 3711 §3.3.1); never used twice under one key
   */
  add(
    srtp: number,
    index48: number,
    firstByte: number,
    markerAndType: number,
    timestamp: number,
    ssrc: number,
    arena: number,
    payloadOffset: number,
    payloadLength: number,
    padding: number,
  ): void {
    const headerOffset = this.#headerEnd;
    this.#headerEnd += HEADER_BYTES;
    const headers = this.headers;
    headers[headerOffset] = firstByte;
    headers[headerOffset + 1] = markerAndType;
    headers[headerOffset + 2] = index48 >>> 8;
    headers[headerOffset + 3] = index48;
    headers[headerOffset + 4] = timestamp >>> 24;
    headers[headerOffset + 5] = timestamp >>> 16;
    headers[headerOffset + 6] = timestamp >>> 8;
    headers[headerOffset + 7] = timestamp;
    headers[headerOffset + 8] = ssrc >>> 24;
    headers[headerOffset + 9] = ssrc >>> 16;
    headers[headerOffset + 10] = ssrc >>> 8;
    headers[headerOffset + 11] = ssrc;
    const row = this.rowCount * ROW_WORDS;
    const rows = this.rows;
    rows[row + ROW.srtp] = srtp;
    rows[row + ROW.roc] = index48 / 65536;
    rows[row + ROW.headerOffset] = headerOffset;
    rows[row + ROW.headerLength] = HEADER_BYTES;
    rows[row + ROW.arena] = arena;
    rows[row + ROW.payloadOffset] = payloadOffset;
    rows[row + ROW.payloadLength] = payloadLength;
    rows[row + ROW.padding] = padding;
    this.rowCount++;
  }

  /** Puts a transport-wide sequence number into the header of the packet just added. */
  stamp(extensionId: number, transportSequence: number): void {
    const headers = this.headers;
    const at = this.#headerEnd;
    const row = (this.rowCount - 1) * ROW_WORDS;
    const first = at - HEADER_BYTES;
    headers[first] = (headers[first] as number) | EXTENSION_BIT;
    headers[at] = ONE_BYTE_PROFILE[0];
    headers[at + 1] = ONE_BYTE_PROFILE[1];
    headers[at + 2] = 0;
    headers[at + 3] = 1; // words that follow
    headers[at + 4] = (extensionId << 4) | 1; // the length counts from 0
    headers[at + 5] = transportSequence >>> 8;
    headers[at + 6] = transportSequence;
    headers[at + 7] = 0;
    this.rows[row + ROW.headerLength] = HEADER_BYTES + EXTENSION_BYTES;
    this.#headerEnd = at + EXTENSION_BYTES;
  }

  /**
   * Adds one retransmission: the payload behind the number that it was first sent under (RFC 4588 §4).
   * @returns false when the batch has no room for it
   */
  addRepair(
    srtp: number,
    index48: number,
    markerAndType: number,
    timestamp: number,
    ssrc: number,
    originalNumber: number,
    payload: Uint8Array,
  ): boolean {
    const length = ORIGINAL_NUMBER_BYTES + payload.length;
    if (this.rowsFull || this.#repairEnd + length > REPAIR_BYTES_MAX) return false;
    this.#repairs ??= this.#newRepairs();
    const { bytes, arena } = this.#repairs;
    const offset = this.#repairEnd;
    bytes[offset] = originalNumber >>> 8;
    bytes[offset + 1] = originalNumber;
    bytes.set(payload, offset + ORIGINAL_NUMBER_BYTES);
    this.#repairEnd += length;
    this.add(srtp, index48, FIRST_BYTE, markerAndType, timestamp, ssrc, arena, offset, length, 0);
    return true;
  }

  #newRepairs(): { readonly bytes: Uint8Array; readonly arena: number } {
    const bytes = new Uint8Array(REPAIR_BYTES_MAX);
    return { bytes, arena: this.#arenas.register(bytes) };
  }
}
