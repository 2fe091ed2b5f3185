import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DECIDE_MS_MAX, UNDECIDED_PER_NETWORK_MAX, Undecided } from './undecided.ts';

const MAX = 1000;

/** Enters guests and remembers whom it cut. */
class Hall {
  readonly undecided = new Undecided(MAX);
  readonly cut: string[] = [];

  enter(name: string, network: string, nowMs = 0): () => void {
    return this.undecided.enter(network, () => this.cut.push(name), nowMs);
  }
}

test('who says nothing is cut when the time is up, the others not', () => {
  const hall = new Hall();
  hall.enter('silent', 'a', 0);
  const decided = hall.enter('quick', 'a', 10);
  hall.enter('later', 'b', 20);
  decided();
  assert.equal(hall.undecided.deadlineMs, DECIDE_MS_MAX);
  hall.undecided.advance(DECIDE_MS_MAX - 1);
  assert.deepEqual(hall.cut, []);
  hall.undecided.advance(DECIDE_MS_MAX + 10);
  assert.deepEqual(hall.cut, ['silent']);
  assert.equal(hall.undecided.deadlineMs, DECIDE_MS_MAX + 20);
  hall.undecided.advance(DECIDE_MS_MAX + 20);
  assert.deepEqual(hall.cut, ['silent', 'later']);
  assert.equal(hall.undecided.size, 0);
  assert.equal(hall.undecided.deadlineMs, undefined);
  decided(); // and once more, when it closes
});

test('a full network loses its own oldest, nobody else does', () => {
  const hall = new Hall();
  hall.enter('neighbour', 'other');
  for (let index = 0; index <= UNDECIDED_PER_NETWORK_MAX; index++) hall.enter(`${index}`, 'full');
  assert.deepEqual(hall.cut, ['0']);
  assert.equal(hall.undecided.crowdedOut, 1);
  assert.equal(hall.undecided.size, UNDECIDED_PER_NETWORK_MAX + 1);
});

test('a full house loses the oldest of all', () => {
  const hall = new Hall();
  for (let index = 0; index < MAX; index++) hall.enter(`${index}`, `net-${index >> 4}`);
  hall.enter('newcomer', 'somewhere');
  hall.enter('another', 'elsewhere');
  assert.deepEqual(hall.cut, ['0', '1']);
  assert.equal(hall.undecided.size, MAX);
});

test('at the end everybody goes', () => {
  const hall = new Hall();
  for (const name of ['a', 'b', 'c']) hall.enter(name, name);
  hall.undecided.close();
  assert.deepEqual(hall.cut, ['a', 'b', 'c']);
  assert.equal(hall.undecided.size, 0);
});
