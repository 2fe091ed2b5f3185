import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateMeter } from './rate-meter.ts';

test('measures a steady rate, forgets what is older than its window', () => {
  const meter = new RateMeter();
  for (let ms = 0; ms < 10_000; ms += 10) meter.add(1, ms);
  assert.equal(meter.perSecond(10_000), 100);
  assert.equal(meter.perSecond(11_250), 60);
  assert.equal(meter.perSecond(60_000), 0);
});

test('says nothing before the first full bucket', () => {
  const meter = new RateMeter();
  meter.add(1000, 100);
  assert.equal(meter.perSecond(200), 0);
});
