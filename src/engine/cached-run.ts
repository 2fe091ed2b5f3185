import type { Pacer } from './pacer.ts';
import type { Track } from './track.ts';

/**
 * A viewer who has seen something already is not taken back to a keyframe so old that it takes longer than this to get
 * to live from there: the next one is as near, and leaves nobody behind. One just born is always near enough.
 */
export const CATCH_UP_MS_MAX = 1500;
const FRESH_RUN_MS = 100;

/** How much media a track's cached run holds: from its newest keyframe to live. */
export function runMs({ lastKeyframeTimestamp = 0, newestTimestamp, clockRate }: Track): number {
  return (((newestTimestamp - lastKeyframeTimestamp) | 0) * 1000) / clockRate;
}

/** Whether the run has only just begun. */
export function isFreshRun(track: Track): boolean {
  return runMs(track) <= FRESH_RUN_MS;
}

/**
 * Whether a path gets to live soon from a track's newest keyframe.
 * @param needBps what the track takes; undefined: what is sent now
 */
export function isNear(
  track: Track,
  pacer: Pacer,
  needBps: number | undefined,
  nowMs: number,
): boolean {
  return isFreshRun(track) || pacer.catchUpMs(runMs(track), needBps, nowMs) <= CATCH_UP_MS_MAX;
}
