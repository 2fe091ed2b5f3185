import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FLAG } from './history.ts';
import { StreamClock } from './stream-clock.ts';
import { Track } from './track.ts';

const H264 = { kind: 'video', codec: 'h264', clockRate: 90000 } as const;
const FRAME_TICKS = 3000;
const FRAME_MS = 1000 / 30;

let track: Track;
let nowMs: number;
let sequenceNumber: number;
let timestamp: number;

beforeEach(() => {
  track = new Track('video', { register: () => 1, release: () => {} });
  track.begin(H264, new StreamClock());
  nowMs = 1000;
  sequenceNumber = 65_000;
  timestamp = 4_294_900_000;
});

/** Frames of one packet, `count` of them, the first a keyframe where wanted. */
function send(count: number, startsWithKey = false): void {
  for (let i = 0; i < count; i++) {
    const payload = Uint8Array.of(startsWithKey && i === 0 ? 0x67 : 0x41, 0x9a, 1);
    const packet = { payloadType: 96, marker: true, sequenceNumber, timestamp, ssrc: 1, payload };
    track.push(packet, nowMs);
    pass(1);
  }
}

/** What `count` frames take, sent or not. */
function pass(count: number): void {
  sequenceNumber = (sequenceNumber + count) & 0xffff;
  timestamp = (timestamp + count * FRAME_TICKS) >>> 0;
  nowMs += count * FRAME_MS;
}

function isPresent(index: number): boolean {
  return ((track.history.flags[index & track.history.mask] ?? 0) & FLAG.present) !== 0;
}

test('a hole that can be counted is a gap of its size', () => {
  send(10, true);
  pass(512 - 1);
  send(1);
  assert.equal(track.history.next, 10 + 511 + 1);
  assert.equal(track.packetsLost, 511);
  assert.equal(track.runStart, 0);
});

test('an outage longer than that is a gap too, and nobody starts before it any more', () => {
  send(10, true);
  pass(3000);
  send(5);
  assert.equal(track.epoch, 1);
  assert.equal(track.history.next, 10 + 1 + 5);
  assert.equal(isPresent(10), false, 'viewers see it in their numbering');
  assert.equal(track.runStart, undefined);
  send(1, true);
  assert.equal(track.runStart, 16);
});

test('numbers and timestamps from elsewhere are a new beginning', () => {
  track.width = 1280;
  send(10, true);
  sequenceNumber = 5000;
  timestamp = 1_000_000;
  send(5);
  assert.equal(track.epoch, 2);
  assert.equal(track.epochStart, 10);
  assert.equal(track.runStart, undefined);
  assert.equal(track.width, 1280, 'the format is as it was');
  const placedMs = track.clock.serverTimeMs('video', track.newestTimestamp);
  assert.ok(Math.abs(placedMs - (nowMs - FRAME_MS)) < 1, `${placedMs} for ${nowMs}`);
});
