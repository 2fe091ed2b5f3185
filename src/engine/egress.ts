import type { Arenas } from './history.ts';
import { PACE_MS } from './pacer.ts';
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
  readonly #table: SendTable;
  readonly #flush: Flush;
  readonly #onDeadline: (deadlineMs: number, nowMs: number) => void;
  /** UDP viewers with more to get than their pace allows; TCP viewers that are behind wait for `writable` instead. */
  readonly #paced = new Set<Viewer>();
  /** When they get their next portions, all of them together. */
  #paceMs: number | undefined;
  readonly #behind: Viewer[] = [];

  constructor(
    arenas: Arenas,
    flush: Flush,
    onDeadline: (deadlineMs: number, nowMs: number) => void,
  ) {
    this.#table = new SendTable(arenas);
    this.#flush = flush;
    this.#onDeadline = onDeadline;
  }

  /** When to call {@link advance}; undefined when nobody waits. */
  get deadlineMs(): number | undefined {
    return this.#paceMs;
  }

  /** Sends to all viewers what they lack. */
  wave(viewers: Iterable<Viewer>, nowMs: number): void {
    const table = this.#table;
    const behind = this.#behind;
    behind.length = 0;
    for (const viewer of viewers) {
      viewer.fill(table, nowMs);
      if (viewer.behind && viewer.outlet?.writable) {
        if (viewer.outlet.reliable) behind.push(viewer);
        else this.#pace(viewer, nowMs);
      }
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
    if (viewer.behind && viewer.outlet?.writable) this.#pace(viewer, nowMs);
  }

  /** Sends again what one viewer says it has lost. */
  repair(viewer: Viewer, ssrc: number, sequenceNumbers: readonly number[], nowMs: number): void {
    viewer.resend(this.#table, ssrc, sequenceNumbers, nowMs);
    this.#send(nowMs);
  }

  forget(viewer: Viewer): void {
    this.#paced.delete(viewer);
    if (this.#paced.size === 0) this.#paceMs = undefined;
  }

  /** Goes on with the viewers that wait for their next portion. */
  advance(nowMs: number): void {
    if (this.#paceMs === undefined || nowMs < this.#paceMs) return;
    const table = this.#table;
    for (const viewer of this.#paced) {
      viewer.fill(table, nowMs);
      if (!viewer.behind || !viewer.outlet?.writable) this.#paced.delete(viewer);
      if (table.full) this.#send(nowMs);
    }
    this.#send(nowMs);
    this.#paceMs = this.#paced.size > 0 ? nowMs + PACE_MS : undefined;
  }

  #pace(viewer: Viewer, nowMs: number): void {
    this.#paced.add(viewer);
    if (this.#paceMs !== undefined) return;
    this.#paceMs = nowMs + PACE_MS;
    this.#onDeadline(this.#paceMs, nowMs);
  }

  #send(nowMs: number): void {
    if (this.#table.runCount > 0) this.#flush(this.#table, nowMs);
    this.#table.clear();
  }
}
