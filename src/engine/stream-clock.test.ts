import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamClock } from './stream-clock.ts';

test('without reports a timestamp is placed by when the first packet came', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.arrived('video', 1000, 500);
  assert.equal(clock.serverTimeMs('video', 1000 + 90000), 1500);
  assert.equal(clock.ticksAt('video', 1500), 91000);
});

test('timestamps may wrap', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.arrived('video', 4294967295, 0);
  assert.equal(Math.round(clock.serverTimeMs('video', 89999)), 1000);
});

test('reports from every track put both on the publisher’s time line', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.add('audio', 48000);
  // Audio of the same moment arrived 80 ms later than video.
  clock.arrived('video', 0, 1000);
  clock.arrived('audio', 0, 1080);
  assert.equal(clock.serverTimeMs('audio', 0), 1080);
  clock.report('video', 0, 70_000);
  assert.equal(
    clock.serverTimeMs('audio', 0),
    1080,
    'one report alone says nothing about the other track',
  );
  clock.report('audio', 0, 70_000);
  assert.equal(clock.serverTimeMs('video', 0), clock.serverTimeMs('audio', 0));
});

test('a publisher that tells its time before its first packet (RTMP) is in sync from that packet on', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.report('video', 0, 0);
  clock.arrived('video', 9000, 5000);
  clock.add('audio', 48000);
  clock.report('audio', 0, 0);
  clock.arrived('audio', 4800, 5300);
  assert.equal(clock.serverTimeMs('video', 9000), 5000);
  assert.equal(clock.serverTimeMs('audio', 4800), 5000);
});

test('a report that would move a track by seconds is not believed', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.arrived('video', 0, 1000);
  assert.ok(clock.report('video', 0, 50_000));
  assert.equal(clock.report('video', 90000, 90_000), false);
  assert.ok(clock.report('video', 90000, 50_997), 'some milliseconds are');
  assert.equal(clock.serverTimeMs('video', 90000), 1997);
});

test('a stream that runs for a day stays on its line, and its reports are believed', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.add('audio', 48000);
  /** The sound card is slow: its 48 kHz are 100 ppm less, 8.6 s a day. */
  const audioTicks = (timeMs: number): number => Math.round(timeMs * 48 * (1 - 100e-6)) >>> 0;
  const videoTicks = (timeMs: number): number => Math.round(timeMs * 90) >>> 0;
  const dayMs = 24 * 3600 * 1000;
  for (let timeMs = 0; timeMs <= dayMs; timeMs += 5000) {
    clock.arrived('video', videoTicks(timeMs), timeMs + 40);
    clock.arrived('audio', audioTicks(timeMs), timeMs + 40);
    assert.ok(clock.report('video', videoTicks(timeMs), timeMs), `video at ${timeMs}`);
    assert.ok(clock.report('audio', audioTicks(timeMs), timeMs), `audio at ${timeMs}`);
  }
  assert.ok(Math.abs(clock.serverTimeMs('video', videoTicks(dayMs)) - dayMs - 40) < 2);
  assert.ok(Math.abs(clock.serverTimeMs('audio', audioTicks(dayMs)) - dayMs - 40) < 2);
});

test('an encoder that is slow to begin does not leave its picture late', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.add('audio', 48000);
  for (let timeMs = 0; timeMs < 1000; timeMs += 20) clock.arrived('audio', timeMs * 48, timeMs + 5);
  // The first picture took 120 ms to encode, the others take 10.
  for (let picture = 0; picture < 30; picture++) {
    const timeMs = Math.round((picture * 1000) / 30);
    clock.arrived('video', timeMs * 90, timeMs + (picture === 0 ? 120 : 10));
  }
  assert.equal(clock.serverTimeMs('audio', 48000), 1005);
  assert.equal(clock.serverTimeMs('video', 90000), 1010);
});

test('reports that were written late, as a busy sender does, move nothing', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  clock.add('audio', 48000);
  const lateMs = [4, 60, 3, 90, 45, 5, 70, 2, 66, 80, 4, 61];
  for (const [second, late] of lateMs.entries()) {
    const timeMs = second * 1000;
    clock.arrived('video', second * 90000, timeMs + late);
    clock.arrived('audio', second * 48000, timeMs + 3);
    clock.report('video', second * 90000, timeMs + late);
    clock.report('audio', second * 48000, timeMs + 3);
    const apartMs =
      clock.serverTimeMs('audio', second * 48000) - clock.serverTimeMs('video', second * 90000);
    assert.ok(Math.abs(apartMs) < 5, `${apartMs} ms apart after ${second} s`);
  }
});

test('sound that was missing for a while is followed within some reports', () => {
  const clock = new StreamClock();
  clock.add('audio', 48000);
  clock.arrived('audio', 0, 0);
  clock.report('audio', 0, 70_000);
  // A headset was unplugged for 300 ms; the samples are counted on as if nothing had been.
  for (let second = 1; second <= 4; second++) {
    clock.report('audio', second * 48000, 70_300 + second * 1000);
  }
  assert.equal(clock.serverTimeMs('audio', 4 * 48000), 4300);
});

test('without reports a timestamp keeps its place for a day', () => {
  const clock = new StreamClock();
  clock.add('video', 90000);
  for (let hour = 0; hour <= 24; hour++) {
    const timestamp = (hour * 3600 * 90000) >>> 0;
    clock.arrived('video', timestamp, hour * 3_600_000);
    assert.equal(Math.round(clock.serverTimeMs('video', timestamp)), hour * 3_600_000);
  }
});

for (const [name, wallRate, soundRate] of [
  ['all of a publisher’s clocks run fast', 1.0001, 1.0001],
  ['all of them run slow', 0.9999, 0.9999],
  ['its sound card runs fast, its wall clock right', 1, 1.0001],
  ['its sound card runs slow, its wall clock fast', 1.0001, 0.9999],
] as const) {
  test(`lip-sync over ten minutes: ${name}`, () => {
    const clock = new StreamClock();
    clock.add('video', 90000);
    clock.add('audio', 48000);
    // Pictures are stamped by the wall clock, sound by the sound card; each second a report ties both to the former.
    for (let second = 0; second <= 600; second++) {
      const nowMs = 5000 + second * 1000;
      const video = Math.round(second * 90000 * wallRate);
      const audio = Math.round(second * 48000 * soundRate);
      clock.arrived('video', video, nowMs);
      clock.arrived('audio', audio, nowMs + 20);
      clock.report('video', video, 70_000 + second * 1000 * wallRate);
      clock.report('audio', audio, 70_000 + second * 1000 * wallRate);
      const apartMs = clock.serverTimeMs('audio', audio) - clock.serverTimeMs('video', video);
      assert.ok(Math.abs(apartMs) < 1, `${apartMs} ms apart after ${second} s`);
      // What sender reports tell viewers: the same moment of both.
      const videoMs = (clock.ticksAt('video', nowMs) - video) / 90;
      const audioMs = (clock.ticksAt('audio', nowMs) - audio) / 48;
      assert.ok(Math.abs(videoMs - audioMs) < 1, `${videoMs} and ${audioMs} after ${second} s`);
    }
  });
}
