import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from './timeline.ts';

type Kind = 'audio' | 'video';

/** A timeline and what it said about jumps. */
function newTimeline(): { timeline: Timeline; jumps: string[] } {
  const jumps: string[] = [];
  const timeline = new Timeline((kind, byMs) => jumps.push(`${kind} ${byMs}`));
  return { timeline, jumps };
}

test('keeps the encoder’s own times, rounding and all', () => {
  const { timeline, jumps } = newTimeline();
  const steps: readonly [Kind, number][] = [
    ['video', 0],
    ['audio', 0],
    ['audio', 21],
    ['video', 33],
    ['audio', 43],
    ['audio', 64],
    ['video', 67],
  ];
  for (const [kind, ms] of steps) assert.equal(timeline.place(kind, ms, ms + 5000), ms);
  assert.deepEqual(jumps, []);
});

test('goes on where 32 bits end', () => {
  const { timeline, jumps } = newTimeline();
  const start = 2 ** 32 - 50;
  for (let ms = 0; ms < 200; ms += 10) {
    assert.equal(timeline.place('video', (start + ms) % 2 ** 32, ms), start + ms);
    assert.equal(timeline.place('audio', (start + ms) % 2 ** 32, ms), start + ms);
  }
  assert.deepEqual(jumps, []);
});

test('a small step back is held, not followed', () => {
  const { timeline, jumps } = newTimeline();
  assert.deepEqual(
    [100, 140, 120, 130, 160].map((ms) => timeline.place('audio', ms, ms)),
    [100, 140, 140, 140, 160],
  );
  assert.deepEqual(jumps, []);
});

test('an encoder that begins anew keeps its lip-sync', () => {
  const { timeline, jumps } = newTimeline();
  let nowMs = 0;
  for (; nowMs <= 3000; nowMs += 20) {
    timeline.place('video', 60_000 + nowMs, nowMs);
    timeline.place('audio', 60_000 + nowMs, nowMs);
  }
  // From here its clock begins at 0 again; audio is still 40 ms behind in the old one.
  const video = timeline.place('video', 0, nowMs);
  assert.equal(video, 63_020, 'where the time line is by now');
  assert.equal(timeline.place('audio', 63_010, nowMs), 63_010);
  assert.equal(timeline.place('audio', 5, nowMs + 5), video + 5, 'by the same offset as video');
  assert.equal(timeline.place('video', 33, nowMs + 33), video + 33);
  assert.deepEqual(jumps, ['video -63000', 'audio -63005']);
});

test('a jump ahead is taken back, a pause is not', () => {
  const { timeline, jumps } = newTimeline();
  timeline.place('video', 0, 0);
  assert.equal(timeline.place('video', 9_000, 4_000), 9_000);
  assert.equal(timeline.place('video', 1_000_000, 4_040), 9_040);
  assert.equal(timeline.place('video', 1_000_033, 4_073), 9_073);
  assert.deepEqual(jumps, ['video 991000']);
});

test('two tracks on clocks of their own stay on their own', () => {
  const { timeline, jumps } = newTimeline();
  for (let ms = 0; ms < 1000; ms += 20) {
    timeline.place('video', ms, ms);
    const audio = timeline.place('audio', 2_000_000_000 + ms, ms);
    assert(Math.abs(audio - ms) <= 20, `${audio} at ${ms}`);
  }
  assert.deepEqual(jumps, []);
});

test('never goes back, whatever comes', () => {
  const { timeline } = newTimeline();
  const last = { audio: 0, video: 0 };
  let state = 1;
  for (let step = 0; step < 20_000; step++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const kind = state & 0x100 ? 'audio' : 'video';
    const timeMs = timeline.place(kind, state & 0x200 ? state : step, step);
    assert(step < 2 || timeMs >= last[kind]);
    last[kind] = timeMs;
  }
});
