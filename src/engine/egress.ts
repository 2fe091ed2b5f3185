import { SendTable } from './send-table.ts';
import type { Viewer } from './viewer.ts';

/** Rounds of one pump: what a healthy path takes at once, bounded so that one joiner cannot hold up the others. */
const PUMP_ROUNDS_MAX = 8;

/** Encrypts and sends what the table holds, and updates the outlets' `writable`. The media plane's work. */
export type Flush = (table: SendTable, nowMs: number) => void;

/**
 * The fan-out: each time something was released, every viewer of the stream gets what it lacks, in batches of
 * viewers. Joining, catching up and living all go this one way; they differ only in where the viewer's cursor stands.
 */
export class Egress {
  readonly #table = new SendTable();
  readonly #flush: Flush;
  readonly #onDeadline: (deadlineMs: number, nowMs: number) => void;
  /** UDP viewers with more to get than one portion; TCP viewers that are behind wait for `writable` instead. */
  readonly paced = new Set<Viewer>();
  readonly #behind: Viewer[] = [];

  constructor(flush: Flush, onDeadline: (deadlineMs: number, nowMs: number) => void) {
    this.#flush = flush;
    this.#onDeadline = onDeadline;
  }

  /** Sends to all viewers what they lack. */
  wave(viewers: Iterable<Viewer>, nowMs: number): void {
    const table = this.#table;
    const behind = this.#behind;
    behind.length = 0;
    for (const viewer of viewers) {
      viewer.fill(table, nowMs);
      if (viewer.behind && viewer.outlet?.writable) behind.push(viewer);
      if (table.full) this.#send(nowMs);
    }
    this.#send(nowMs);
    for (const viewer of behind) this.pump(viewer, nowMs);
    behind.length = 0;
  }

  /** Sends to one viewer what it lacks, as far as its path takes it. */
  pump(viewer: Viewer, nowMs: number): void {
    for (let round = 0; round < PUMP_ROUNDS_MAX; round++) {
      viewer.fill(this.#table, nowMs);
      if (this.#table.runCount === 0) break;
      this.#send(nowMs);
      if (!viewer.behind) return;
    }
    if (!viewer.behind || !viewer.outlet?.writable) return;
    this.paced.add(viewer);
    this.#onDeadline(viewer.paceMs, nowMs);
  }

  /** Goes on with the viewers whose next portion is due. */
  advance(nowMs: number): void {
    for (const viewer of this.paced) {
      if (nowMs < viewer.paceMs) continue;
      this.paced.delete(viewer);
      this.pump(viewer, nowMs);
    }
  }

  #send(nowMs: number): void {
    if (this.#table.runCount > 0) this.#flush(this.#table, nowMs);
    this.#table.clear();
  }
}
