import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bitrate, bytes, clockTime, counted, duration, percent } from './words.ts';

test('figures as people read them', () => {
  assert.equal(bitrate(0), '0 bit/s');
  assert.equal(bitrate(2_512_345), '2.51 Mbit/s');
  assert.equal(bitrate(999_600), '1 Mbit/s');
  assert.equal(bytes(999), '999 B');
  assert.equal(bytes(112_500_000_000), '113 GB');
  assert.equal(counted(1, 'viewer'), '1 viewer');
  assert.equal(counted(0, 'viewer'), '0 viewers');
  assert.equal(counted(2, 'person', 'people'), '2 people');
  assert.deepEqual([0, 0.004, 0.05, 0.5, 1].map(percent), ['0 %', '0.4 %', '5 %', '50 %', '100 %']);
});

test('how long something took', () => {
  assert.deepEqual(
    [-5, 0, 59_999, 60_000, 3_600_000, 8_000_000, 90_000_000, 86_400_000].map(duration),
    ['0 s', '0 s', '59 s', '1 min', '1 h', '2 h 13 min', '1 d 1 h', '1 d'],
  );
});

test('the day is said where it is not today', () => {
  const at = '2026-05-01T12:00:00.000Z';
  const today = clockTime(at, Date.parse(at));
  assert.ok(clockTime(at, Date.parse('2026-05-03T12:00:00.000Z')).length > today.length);
});
