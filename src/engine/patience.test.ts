import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNearOnThin, Patience, type Standing } from './patience.ts';
import type { Track } from './track.ts';

const CLOCK_RATE = 90_000;

/** A track whose newest keyframe is so old. */
function track(keyframeAgeMs: number, runStart: number, head: number): Track {
  const newestTimestamp = 900_000;
  return {
    clockRate: CLOCK_RATE,
    newestTimestamp,
    lastKeyframeTimestamp: newestTimestamp - (keyframeAgeMs * CLOCK_RATE) / 1000,
    runStart,
    head,
    frameCount: 100,
    runFrames: Math.max(1, Math.round(keyframeAgeMs / 33)),
  } as Track;
}

const THIN = { carriedBps: 1e6, needBps: 2.3e6 };
const ENOUGH = { carriedBps: 3e6, needBps: 2.3e6 };

type Row = {
  readonly name: string;
  readonly standing: Partial<Standing>;
  readonly burstMs?: number;
  readonly want: boolean;
};

const live = { isBurst: false, cursor: 500, frame: 90, track: track(1000, 100, 600) };
const rows: readonly Row[] = [
  { name: 'live, a second late', standing: { ...live, lagMs: 1001 }, want: true },
  { name: 'live, less', standing: { ...live, lagMs: 999 }, want: false },
  { name: 'thin, 0.8 s late', standing: { ...live, lagMs: 800, thin: THIN }, want: true },
  { name: 'thin, half a second late', standing: { ...live, lagMs: 500, thin: THIN }, want: false },
  { name: 'thin, but it catches up', standing: { ...live, lagMs: 400, thin: ENOUGH }, want: false },
  {
    name: 'thin, a keyframe has just come',
    standing: { ...live, lagMs: 300, thin: THIN, track: track(30, 550, 600) },
    want: true,
  },
  {
    name: 'the same where it catches up',
    standing: { ...live, lagMs: 300, thin: ENOUGH, track: track(30, 550, 600) },
    want: false,
  },
  {
    name: 'thin, in the newest keyframe',
    standing: { ...live, lagMs: 1500, thin: THIN, frame: 71, track: track(1000, 450, 600) },
    want: false,
  },
  {
    name: 'thin, a burst that is in its keyframe',
    standing: { ...live, isBurst: true, lagMs: 2000, thin: THIN, frame: 81 },
    burstMs: 3000,
    want: false,
  },
  {
    name: 'the same for too long',
    standing: { ...live, isBurst: true, lagMs: 2000, thin: THIN, frame: 81 },
    burstMs: 4100,
    want: true,
  },
  {
    name: 'thin, a burst past its keyframe',
    standing: { ...live, isBurst: true, lagMs: 900, thin: THIN, frame: 82 },
    burstMs: 500,
    want: true,
  },
];

for (const { name, standing, burstMs = 0, want } of rows) {
  test(`${name}: ${want ? 'is given up' : 'goes on'}`, () => {
    const patience = new Patience();
    patience.begin(standing.track as Track, 80, 0);
    const whole = { thin: undefined, ...standing } as Standing;
    assert.equal(patience.isOver(whole, burstMs), want);
  });
}

test('a cached run is worth it on a thin path when it is fresh, or soon caught up with', () => {
  assert.ok(isNearOnThin(track(90, 0, 10), THIN));
  assert.ok(!isNearOnThin(track(500, 0, 10), THIN));
  assert.ok(isNearOnThin(track(400, 0, 10), ENOUGH));
  assert.ok(!isNearOnThin(track(1900, 0, 10), ENOUGH));
});
