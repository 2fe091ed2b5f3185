import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf } from './keys.ts';

const plain = { ctrlKey: false, altKey: false, metaKey: false };

test('knows the usual keys', () => {
  assert.equal(commandOf({ ...plain, key: 'k' }, false), 'toggle-play');
  assert.equal(commandOf({ ...plain, key: 'M' }, false), 'toggle-mute');
  assert.equal(commandOf({ ...plain, key: 'ArrowUp' }, false), 'louder');
  assert.equal(commandOf({ ...plain, key: 'constructor' }, false), undefined);
});

test('leaves to a focused button what a button needs', () => {
  assert.equal(commandOf({ ...plain, key: ' ' }, true), undefined);
  assert.equal(commandOf({ ...plain, key: 'ArrowLeft' }, true), undefined);
  assert.equal(commandOf({ ...plain, key: 'm' }, true), 'toggle-mute');
});

test('leaves shortcuts of the browser alone', () => {
  assert.equal(commandOf({ ...plain, key: 'f', ctrlKey: true }, false), undefined);
  assert.equal(commandOf({ ...plain, key: 'p', metaKey: true }, false), undefined);
});
