import assert from 'node:assert/strict';
import { test } from 'node:test';
import { othersOf } from './parameters.ts';

test('what is not for the player goes on as it was written', () => {
  assert.equal(othersOf(''), '');
  assert.equal(othersOf('?controls=0&muted'), '');
  assert.equal(
    othersOf('?link=a.b&controls=0&policy=%2B%20x&signature=='),
    '?link=a.b&policy=%2B%20x&signature==',
  );
  assert.equal(othersOf('?&&label=x&y'), '?y');
});
