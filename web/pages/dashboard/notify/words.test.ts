import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetInfo } from '../../../../src/api/targets.ts';
import { sayFailure, troubleOf } from './words.ts';

const target: TargetInfo = {
  ...{ id: 'a', name: 'crew', kind: 'discord', url: 'https://discord.com/…', events: [] },
  ...{ streams: [], inConfiguration: false, state: 'ok', problem: null },
  ...{ waiting: 0, lost: 0, delivered: null },
};

test('what is wrong with a target is said with what comes of it', () => {
  assert.equal(troubleOf(target), undefined);
  assert.match(troubleOf({ ...target, lost: 2 }) ?? '', /^2 events were given up .* all is well/);
  const failing = {
    ...target,
    state: 'failing',
    problem: 'Discord answers 500',
    waiting: 1,
  } as const;
  assert.match(troubleOf(failing) ?? '', /Discord answers 500\. 1 event waits for it/);
  const stopped = { ...target, state: 'stopped', problem: 'it answers 410' } as const;
  assert.match(troubleOf(stopped) ?? '', /nobody there any more.*send a test/);
});

test('a test that failed says what to do', () => {
  assert.match(sayFailure('Discord answers 404: this webhook was deleted'), /make a new webhook/);
  assert.match(sayFailure('it answers 503'), /^It answers 503\. It is in trouble itself/);
  assert.match(sayFailure('its address is not one of the public internet'), /below “notify”/);
  assert.match(sayFailure('no connection can be made to it (ECONNREFUSED)'), /program there runs/);
  assert.equal(sayFailure('a bug of ours'), 'A bug of ours.');
});
