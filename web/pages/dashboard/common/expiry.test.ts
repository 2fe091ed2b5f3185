import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryTime, standingOf } from './expiry.ts';

const NOW = Date.UTC(2026, 4, 1, 19);

test('how long something lasts is a moment', () => {
  const at = (lasting: Parameters<typeof expiryTime>[0]['lasting'], date = '') =>
    expiryTime({ lasting, date }, NOW);
  assert.equal(at('never'), null);
  assert.equal(at('hour'), '2026-05-01T20:00:00.000Z');
  assert.equal(at('week'), '2026-05-08T19:00:00.000Z');
  assert.equal(at('date', '2026-05-03T10:00Z'), '2026-05-03T10:00:00.000Z');
  for (const date of ['', 'soon', '2026-05-01T18:59Z']) assert.equal(at('date', date), undefined);
});

test('what is revoked is so, whenever it would have expired', () => {
  const past = '2026-05-01T18:00:00Z';
  assert.equal(standingOf({ expires: past, revoked: past }, NOW), 'revoked');
  assert.equal(standingOf({ expires: past, revoked: null }, NOW), 'expired');
  assert.equal(standingOf({ expires: null, revoked: null }, NOW), 'good');
  assert.equal(standingOf({ expires: '2026-05-02T00:00:00Z', revoked: null }, NOW), 'good');
});
