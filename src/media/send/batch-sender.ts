import { FRAMING } from '../../base/send-row.ts';
import {
  PACKET_OVERHEAD_BYTES,
  ROWS_MAX,
  RUN_BYTES_MAX,
  RUNS_MAX,
  type SendTable,
} from '../../engine/send-table.ts';
import type { Addon } from '../../native/addon.ts';
import type { SessionOutlet } from './outlet.ts';

/** Bytes of one sockaddr as the addon takes it. */
const SOCKADDR_BYTES = 28;
/** What a run may overshoot its budget by: one packet more than fits. */
const PACKET_BYTES_MAX = 2048;
/** Datagrams of different sizes that one batch may need: every run cut into its runs of equal size. */
const UDP_SENDS_MAX = ROWS_MAX;
/** Segments in one GSO call (Linux UDP_MAX_SEGMENTS). */
const GSO_SEGMENTS_MAX = 64;
const EAGAIN = -11;

/** The calls that a batch makes; the real ones are native. */
export type BatchAddon = Pick<Addon, 'protectBatch' | 'tcpSendBatch' | 'udpSendBatch'>;

/**
 * Encrypts a send table and hands it to the kernel: one native call for all encryption, one for all TCP sends, one
 * for all UDP sends. One write per viewer and frame.
 */
export class BatchSender {
  /** Bytes that the kernel took, and sends that it took only in part or not at all. */
  bytesSent = 0;
  partialSends = 0;
  udpRefused = 0;

  readonly #addon: BatchAddon;
  readonly #out = new Uint8Array(
    RUNS_MAX * (RUN_BYTES_MAX + PACKET_BYTES_MAX) + ROWS_MAX * PACKET_OVERHEAD_BYTES,
  );
  readonly #runs = new Uint32Array(RUNS_MAX * 2);
  readonly #ends = new Uint32Array(RUNS_MAX);
  readonly #lengths = new Uint32Array(ROWS_MAX);
  readonly #tcpOutlets: SessionOutlet[] = [];
  readonly #tcpFds = new Int32Array(RUNS_MAX);
  readonly #tcpOffsets = new Uint32Array(RUNS_MAX * 2);
  readonly #udpAddresses = new Uint8Array(UDP_SENDS_MAX * SOCKADDR_BYTES);
  readonly #udpOffsets = new Uint32Array(UDP_SENDS_MAX * 2);
  readonly #udpSegments = new Uint32Array(UDP_SENDS_MAX);
  readonly #results = new Int32Array(UDP_SENDS_MAX);
  #tcpCount = 0;
  #udpCount = 0;
  #udpFd = -1;

  constructor(addon: BatchAddon) {
    this.#addon = addon;
  }

  /** The engine's {@link Flush}. */
  flush(table: SendTable): void {
    this.#protect(table);
    this.#tcpCount = 0;
    this.#udpCount = 0;
    let start = 0;
    let firstRow = 0;
    for (let run = 0; run < table.runCount; run++) {
      const end = this.#ends[run] as number;
      const rowEnd = table.runEnds[run] as number;
      const outlet = table.outlets[run] as SessionOutlet;
      const way = outlet.way;
      if (way?.transport === 'tcp') this.#addTcp(outlet, way.fd, start, end);
      else if (way) this.#addUdp(way.fd, way.sockaddr, start, firstRow, rowEnd);
      start = end;
      firstRow = rowEnd;
    }
    this.#sendTcp();
    this.#sendUdp();
  }

  #protect(table: SendTable): void {
    const runs = this.#runs;
    for (let run = 0; run < table.runCount; run++) {
      runs[run * 2] = table.runEnds[run] as number;
      const reliable = table.outlets[run]?.reliable ?? false;
      runs[run * 2 + 1] = reliable ? FRAMING.rfc4571 : FRAMING.none;
    }
    const written = this.#addon.protectBatch(
      table.rows,
      table.rowCount,
      table.headers,
      runs,
      table.runCount,
      this.#out,
      this.#ends,
      this.#lengths,
    );
    if (written < 0) throw new RangeError('a send batch outgrew its buffer');
  }

  #addTcp(outlet: SessionOutlet, fd: number, start: number, end: number): void {
    const at = this.#tcpCount++;
    this.#tcpOutlets[at] = outlet;
    this.#tcpFds[at] = fd;
    this.#tcpOffsets[at * 2] = start;
    this.#tcpOffsets[at * 2 + 1] = end;
  }

  /** Cuts a run into GSO sends: as many packets of one size as possible, of which the last may be shorter. */
  #addUdp(fd: number, sockaddr: Uint8Array, start: number, firstRow: number, rowEnd: number): void {
    if (fd !== this.#udpFd) {
      this.#sendUdp();
      this.#udpFd = fd;
    }
    const lengths = this.#lengths;
    let offset = start;
    let row = firstRow;
    while (row < rowEnd) {
      const segment = lengths[row] as number;
      const from = offset;
      let segments = 0;
      let length = segment;
      while (row < rowEnd && length === segment && segments < GSO_SEGMENTS_MAX) {
        length = lengths[row] as number;
        if (length > segment) break;
        offset += length;
        segments++;
        row++;
      }
      const at = this.#udpCount++;
      this.#udpAddresses.set(sockaddr, at * SOCKADDR_BYTES);
      this.#udpOffsets[at * 2] = from;
      this.#udpOffsets[at * 2 + 1] = offset;
      this.#udpSegments[at] = segments > 1 ? segment : 0;
    }
  }

  #sendTcp(): void {
    if (this.#tcpCount === 0) return;
    const results = this.#results;
    this.#addon.tcpSendBatch(this.#tcpFds, this.#tcpOffsets, this.#tcpCount, this.#out, results);
    for (let i = 0; i < this.#tcpCount; i++) {
      const start = this.#tcpOffsets[i * 2] as number;
      const end = this.#tcpOffsets[i * 2 + 1] as number;
      const result = results[i] as number;
      // Any error but a full queue ends the socket; Node will report it by 'close'.
      if (result < 0 && result !== EAGAIN) continue;
      const taken = Math.max(result, 0);
      this.bytesSent += taken;
      if (taken === end - start) continue;
      this.partialSends++;
      this.#tcpOutlets[i]?.queueRest(this.#out.subarray(start + taken, end));
    }
    this.#tcpCount = 0;
  }

  #sendUdp(): void {
    if (this.#udpCount === 0) return;
    const results = this.#results;
    this.#addon.udpSendBatch(
      this.#udpFd,
      this.#udpAddresses,
      this.#udpOffsets,
      this.#udpSegments,
      this.#udpCount,
      this.#out,
      results,
    );
    for (let i = 0; i < this.#udpCount; i++) {
      const result = results[i] as number;
      if (result > 0) this.bytesSent += result;
      else this.udpRefused++;
    }
    this.#udpCount = 0;
  }
}
