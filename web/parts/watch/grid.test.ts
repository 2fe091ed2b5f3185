import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestGrid, spotlight } from './grid.ts';

const DESKTOP = { width: 1280, height: 740 };
const PHONE = { width: 390, height: 780 };
const GAP = 8;

test('one to sixteen tiles take the columns that leave them the largest', () => {
  const columns = (room: typeof DESKTOP) =>
    [1, 2, 3, 4, 6, 8, 9, 12, 16].map((count) => bestGrid(count, room, GAP).columns);
  assert.deepEqual(columns(DESKTOP), [1, 2, 2, 2, 3, 3, 3, 4, 4]);
  assert.deepEqual(columns(PHONE), Array(9).fill(1));
});

test('no room is left over that a tile could have, and no tile stands out of the room', () => {
  for (const room of [DESKTOP, PHONE, { width: 2560, height: 1300 }, { width: 844, height: 330 }]) {
    for (let count = 1; count <= 16; count++) {
      const { columns, width, scrolls } = bestGrid(count, room, GAP);
      const rows = Math.ceil(count / columns);
      assert.ok(columns * width + GAP * (columns - 1) <= room.width);
      const high = (rows * width) / (16 / 9) + GAP * (rows - 1);
      if (scrolls) assert.ok(width >= 150);
      else assert.ok(high <= room.height + rows);
    }
  }
});

test('who is looked at has most of the room', () => {
  const desktop = spotlight(5, DESKTOP, GAP);
  assert.equal(desktop.strip, 'right');
  assert.ok(desktop.stage.width > 900);
  const phone = spotlight(5, PHONE, GAP);
  assert.equal(phone.strip, 'below');
  assert.equal(phone.stage.width, 390);
  assert.deepEqual(spotlight(1, DESKTOP, GAP).stage, DESKTOP);
});
