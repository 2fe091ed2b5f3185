import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayTarget, wordsIn, writeTarget } from './target.ts';

test('a target is written as the API has it, or not at all', () => {
  assert.equal(writeTarget({ reach: 'all', name: 'whatever' }), '*');
  assert.equal(writeTarget({ reach: 'app', name: ' show ' }), 'show');
  assert.equal(writeTarget({ reach: 'stream', name: 'show/slot-1' }), 'show/slot-1');
  for (const name of ['', 'a/b', '*', 'a b']) {
    assert.equal(writeTarget({ reach: 'app', name }), undefined, name);
  }
  for (const name of ['', 'show', 'a/b/c', '<i>/b']) {
    assert.equal(writeTarget({ reach: 'stream', name }), undefined, name);
  }
});

test('a target in words, and words in a text', () => {
  assert.equal(sayTarget('*'), 'everything');
  assert.equal(sayTarget('show'), 'the app show');
  assert.equal(sayTarget('show/slot-1'), 'show/slot-1');
  assert.deepEqual(wordsIn(' 192.0.2.0/24, 2001:db8::/32\n\n10.0.0.1;'), [
    '192.0.2.0/24',
    '2001:db8::/32',
    '10.0.0.1',
  ]);
});
