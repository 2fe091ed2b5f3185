import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridCommandOf } from './keys.ts';

const press = (key: string, held: object = {}) =>
  gridCommandOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

test('digits look at a tile, arrows go from tile to tile', () => {
  assert.deepEqual(press('1'), { does: 'focus', index: 0 });
  assert.deepEqual(press('9'), { does: 'focus', index: 8 });
  assert.equal(press('0'), undefined);
  assert.deepEqual(press('ArrowUp'), { does: 'move', by: 'row', direction: -1 });
  assert.deepEqual(press('M'), { does: 'sound' });
  assert.deepEqual(press('Escape'), { does: 'all' });
});

test('what is the browser’s stays the browser’s', () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    assert.equal(press('f', held), undefined);
    assert.equal(press('1', held), undefined);
  }
  for (const key of ['Enter', ' ', 'Tab', 'constructor', 'k']) assert.equal(press(key), undefined);
});
