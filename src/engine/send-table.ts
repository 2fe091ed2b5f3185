import { ROW, ROW_WORDS } from '../base/send-row.ts';
import type { Outlet } from './outlet.ts';

/** Viewers in one native batch: their bytes then stay in the L2 cache between encryption and send. */
export const RUNS_MAX = 32;
/** What one viewer may get in one batch; more is sent by further batches. One GSO send carries at most 64 KB. */
export const RUN_BYTES_MAX = 56 * 1024;
/** Packets in one batch; the smallest payloads are Opus, one packet a viewer at a time. */
export const ROWS_MAX = 4096;
/** RTP header without CSRCs or extensions (RFC 3550 §5.1). */
export const HEADER_BYTES = 12;
/** Room that a packet may need besides payload and padding: header, SRTP tag, RFC 4571 length. */
export const PACKET_OVERHEAD_BYTES = HEADER_BYTES + 16 + 2;

/**
 * One batch of packets on their way out: rows of (keys, header, payload) grouped in runs, one run a viewer.
 * TypeScript fills twelve header bytes and one row per packet and viewer; everything heavier is native.
 */
export class SendTable {
  readonly rows = new Uint32Array(ROWS_MAX * ROW_WORDS);
  readonly headers = new Uint8Array(ROWS_MAX * HEADER_BYTES);
  /** Where each run goes. */
  readonly outlets: Outlet[] = [];
  /** First row after each run. */
  readonly runEnds = new Uint32Array(RUNS_MAX);
  rowCount = 0;
  runCount = 0;
  /** Row at which the open run starts. */
  #runStart = 0;

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
    const headerOffset = this.rowCount * HEADER_BYTES;
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
}
