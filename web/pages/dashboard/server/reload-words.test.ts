import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reloadWords } from './reload-words.ts';

test('what came of reading the configuration again', () => {
  assert.match(reloadWords({ applied: [], needRestart: [] }), /Nothing/);
  assert.equal(
    reloadWords({ applied: ['limits.viewers', 'apps.show'], needRestart: ['http.port'] }),
    'Holds from now on: limits.viewers, apps.show. Holds after the next start: http.port.',
  );
});
