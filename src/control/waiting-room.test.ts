import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingRoom } from './waiting-room.ts';

const BOUNDS = { allMax: 2000, perNetworkMax: 256 };

function enterMany(room: WaitingRoom, count: number, address: (index: number) => string): number {
  let entered = 0;
  for (let index = 0; index < count; index++) {
    if (room.enter(`${address(index)} ${index}`, address(index))) entered++;
  }
  return entered;
}

test('one network takes a part of the room', () => {
  const room = new WaitingRoom(BOUNDS);
  assert.equal(
    enterMany(room, 1000, () => '192.0.2.1'),
    256,
  );
  assert.equal(
    enterMany(room, 1000, (index) => `2001:db8:0:1::${index.toString(16)}`),
    256,
  );
  assert.ok(room.enter('other', '192.0.2.2'));
});

test('a proxy on this machine takes as much as there is', () => {
  const room = new WaitingRoom(BOUNDS);
  assert.equal(
    enterMany(room, 3000, () => '127.0.0.1'),
    2000,
  );
  assert.ok(!room.enter('other', '192.0.2.2'));
});

test('who leaves makes room, once', () => {
  const room = new WaitingRoom(BOUNDS);
  enterMany(room, 256, () => '192.0.2.1');
  room.leave('192.0.2.1 7');
  room.leave('192.0.2.1 7');
  room.leave('nobody');
  assert.ok(room.enter('one', '192.0.2.1'));
  assert.ok(!room.enter('two', '192.0.2.1'));
});
