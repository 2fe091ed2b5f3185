import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoundMeter } from './sound-meter.ts';

const PACKET_MS = 20;

/** Packets of 20 ms from `fromMs` on. */
function play(
  meter: SoundMeter,
  fromMs: number,
  ms: number,
  below: number,
  isClipped = false,
): void {
  for (let at = 0; at < ms; at += PACKET_MS) meter.packet(below, isClipped, fromMs + at);
}

test('nothing is said before a second was heard', () => {
  const meter = new SoundMeter();
  play(meter, 0, 900, 20);
  assert.equal(meter.levelDb(900), undefined);
  assert.equal(meter.loudestDb(900), undefined);
  assert.equal(meter.clippedShare(900), undefined);
});

test('the level is the mean power of the last second, and silence is its own', () => {
  const meter = new SoundMeter();
  play(meter, 0, 1020, 20);
  assert.equal(Math.round(meter.levelDb(1020)!), -20);
  play(meter, 1020, 2040, 127);
  assert.equal(meter.levelDb(3060), -127);
  assert.equal(meter.loudestDb(3060), -20);
  for (let at = 0; at < 2040; at += 2 * PACKET_MS) {
    meter.packet(20, false, 3060 + at);
    meter.packet(127, false, 3080 + at);
  }
  assert.equal(Math.round(meter.levelDb(5100)!), -23);
});

test('the loudest is forgotten after ten seconds', () => {
  const meter = new SoundMeter();
  play(meter, 0, 1020, 3, true);
  assert.ok(meter.clippedShare(1020)! > 0.9);
  play(meter, 1020, 5000, 40);
  assert.equal(meter.loudestDb(6020), -3);
  play(meter, 6020, 6000, 40);
  assert.equal(meter.loudestDb(12_020), -40);
  assert.equal(meter.clippedShare(12_020), 0);
});

test('where samples are not seen, nothing is said of clipping', () => {
  const meter = new SoundMeter();
  for (let at = 0; at < 2000; at += PACKET_MS) meter.packet(0, undefined, at);
  assert.equal(meter.loudestDb(2000), -0);
  assert.equal(meter.clippedShare(2000), undefined);
});

test('sound that stopped has no level', () => {
  const meter = new SoundMeter();
  play(meter, 0, 3000, 20);
  assert.equal(meter.levelDb(10_000), undefined);
  assert.equal(meter.loudestDb(10_000), undefined);
});
