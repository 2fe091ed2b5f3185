import { CATCH_UP_MS_MAX, isFreshRun, runMs } from './cached-run.ts';
import type { Track } from './track.ts';

/** How far a viewer may lag behind before video skips to a later keyframe, or audio to live. */
const LAG_MS_MAX = 1000;
/** How long the burst at the start may take on the viewer's path before it is given up for the next keyframe. */
const BURST_MS_MAX = 4000;
/** A burst falls behind when it is this much later than where its last leg ended. */
const LEG_SLACK_MS = 100;
/** On a TCP path that is known to carry less than the stream: with what waits in the kernel it is still below a second. */
const THIN_LAG_MS_MAX = 700;
/** There, a keyframe that has just come is gone on with at once when so much waits ahead of it. */
const THIN_JUMP_MS = 250;

/** A TCP path that does not take all that it is given, and what it is given. */
export type ThinPath = { readonly carriedBps: number; readonly needBps: number };

/** Where a sender stands that is behind live. */
export type Standing = {
  readonly track: Track;
  readonly isBurst: boolean;
  readonly cursor: number;
  /** Number of the frame after the one that the cursor is in. */
  readonly frame: number;
  readonly lagMs: number;
  readonly thin: ThinPath | undefined;
};

/** Whether a path gets to live soon that is so far behind. */
function catchesUp({ carriedBps, needBps }: ThinPath, lagMs: number): boolean {
  return lagMs * needBps <= CATCH_UP_MS_MAX * (carriedBps - needBps);
}

/** As {@link isNear}, over TCP. */
export function isNearOnThin(track: Track, thin: ThinPath): boolean {
  return isFreshRun(track) || catchesUp(thin, runMs(track));
}

/** When a sender that is behind gives up what waits, for a later keyframe. */
export class Patience {
  #burstStartMs = 0;
  /** Number of the frame that the burst begins with. */
  #burstFrame = 0;
  /** Where the present leg of a burst ends, and how far behind live the one before ended. */
  #legEnd = 0;
  #legLagMs = Number.POSITIVE_INFINITY;

  /** A burst begins, with the track's frame number `frame`. */
  begin(track: Track, frame: number, nowMs: number): void {
    this.#burstStartMs = nowMs;
    this.#burstFrame = frame;
    this.#legEnd = track.head;
    this.#legLagMs = Number.POSITIVE_INFINITY;
  }

  /** How long ago the last burst began. */
  burstMs(nowMs: number): number {
    return nowMs - this.#burstStartMs;
  }

  isOver(standing: Standing, nowMs: number): boolean {
    const { isBurst, lagMs, thin } = standing;
    if (thin !== undefined) return this.#isOverOnThin(standing, thin, nowMs);
    return isBurst ? this.#isHopeless(standing, nowMs) : lagMs > LAG_MS_MAX;
  }

  /** While a burst is sent, more is added to it: each leg must leave less to the next, or live is never reached. */
  #isHopeless({ track, cursor, lagMs }: Standing, nowMs: number): boolean {
    if (this.burstMs(nowMs) > BURST_MS_MAX) return true;
    if (lagMs > LAG_MS_MAX && lagMs > this.#legLagMs + LEG_SLACK_MS) return true;
    if (cursor < this.#legEnd) return false;
    this.#legLagMs = lagMs;
    this.#legEnd = track.head;
    return false;
  }

  /** Here a burst is what any lag is; only a keyframe that was begun is worth its time, or there would be no picture. */
  #isOverOnThin(standing: Standing, thin: ThinPath, nowMs: number): boolean {
    const { track, isBurst, cursor, frame, lagMs } = standing;
    if (isBurst && frame <= this.#burstFrame + 1) return this.burstMs(nowMs) > BURST_MS_MAX;
    if (catchesUp(thin, lagMs)) return lagMs > LAG_MS_MAX;
    const { runStart = 0, frameCount, runFrames } = track;
    if (cursor < runStart) return lagMs > (isFreshRun(track) ? THIN_JUMP_MS : THIN_LAG_MS_MAX);
    const isWithinKeyframe = frame <= frameCount - runFrames + 1;
    return lagMs > (isWithinKeyframe ? BURST_MS_MAX : THIN_LAG_MS_MAX);
  }
}
