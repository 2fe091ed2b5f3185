import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeZone, isWithin, parseHours, writeHours } from './hours.ts';

/** A Monday. */
const MONDAY = Date.UTC(2026, 10, 23);
const HOUR_MS = 3_600_000;

function at(day: number, clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return MONDAY + day * 24 * HOUR_MS + hour * HOUR_MS + minute * 60_000;
}

const cases: readonly [hours: string, open: readonly number[], closed: readonly number[]][] = [
  [
    'Mon-Fri 18:00-23:00',
    [at(0, '18:00'), at(4, '22:59')],
    [at(0, '17:59'), at(0, '23:00'), at(5, '19:00')],
  ],
  ['Sat 14:00-02:00', [at(5, '14:00'), at(6, '01:59')], [at(6, '02:00'), at(5, '01:00')]],
  ['Sat-Mon 00:00-24:00', [at(5, '0:00'), at(6, '12:00'), at(0, '23:59')], [at(1, '0:00')]],
  ['sun 22:00-04:00', [at(6, '22:00'), at(0, '03:59'), at(7, '03:00')], [at(0, '04:00')]],
];

for (const [text, open, closed] of cases) {
  test(text, () => {
    const hours = parseHours(text);
    assert.ok(hours);
    for (const nowMs of open) assert.ok(isWithin([hours], 'UTC', nowMs), String(new Date(nowMs)));
    for (const nowMs of closed)
      assert.ok(!isWithin([hours], 'UTC', nowMs), String(new Date(nowMs)));
    assert.deepEqual(parseHours(writeHours(hours)), hours);
  });
}

test('summer time moves the hours with the clock on the wall', () => {
  const hours = parseHours('Mon-Sun 20:00-21:00');
  assert.ok(hours);
  const inBerlin = (nowMs: number) => isWithin([hours], 'Europe/Berlin', nowMs);
  assert.ok(inBerlin(Date.UTC(2026, 0, 15, 19)), 'winter: UTC+1');
  assert.ok(inBerlin(Date.UTC(2026, 6, 15, 18)), 'summer: UTC+2');
  assert.ok(!inBerlin(Date.UTC(2026, 6, 15, 19)));
});

test('no hours are all hours; what is no hours or no zone is told', () => {
  assert.ok(isWithin([], 'UTC', MONDAY));
  const texts = ['', 'Mon', 'Mon 18-23', 'Mon 18:00-18:00', 'Mon 25:00-26:00', 'Mon 18:60-19:00'];
  for (const text of [...texts, 'Montag 18:00-19:00', 'Mon-Xyz 18:00-19:00']) {
    assert.equal(parseHours(text), undefined, text);
  }
  assert.ok(isTimeZone('America/New_York'));
  assert.ok(!isTimeZone('Mars/Olympus'));
});
