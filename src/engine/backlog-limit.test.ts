import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BacklogLimit, type TcpState } from './backlog-limit.ts';

const WELL: TcpState = { lagMs: 0, sentBps: 2e6, needBps: 2e6, thinBps: undefined };

function limitAfter(changes: Partial<TcpState>, flow?: Parameters<BacklogLimit['update']>[0]) {
  const limit = new BacklogLimit();
  limit.update(flow, { ...WELL, ...changes });
  return limit.limitBps;
}

test('a path that takes all it is given has no limit', () => {
  assert.equal(limitAfter({}), undefined);
  assert.equal(limitAfter({ lagMs: 250 }), undefined);
  assert.equal(limitAfter({}, { queuedBytes: 20_000, deliveryBps: 5e6, rttMs: 40 }), undefined);
});

test('a backlog says that it is less than needed, and the kernel how much', () => {
  assert.equal(limitAfter({ lagMs: 400 }, { queuedBytes: 0, deliveryBps: 8e5, rttMs: 40 }), 7.2e5);
  const queued = { queuedBytes: 100_000, deliveryBps: 1e6, rttMs: 40 };
  assert.equal(limitAfter({}, queued), 9e5, 'it may wait in the kernel, too');
  assert.equal(limitAfter({ lagMs: 700, sentBps: 3e6 }), 1.8e6, 'never as much as was too much');
});

test('a thin path is known by what it delivers, as long as there is a backlog', () => {
  assert.equal(limitAfter({ lagMs: 200, thinBps: 1e6 }), 9e5);
  assert.equal(limitAfter({ lagMs: 0, thinBps: 1e6 }), undefined);
  const wide = { thinBps: Number.POSITIVE_INFINITY };
  assert.equal(limitAfter({ lagMs: 400, ...wide }), undefined, 'it is being measured');
  assert.equal(limitAfter({ lagMs: 700, ...wide }), 1.8e6, 'but not for ever');
});

test('a limit stays until it is tried', () => {
  const limit = new BacklogLimit();
  limit.update(undefined, { ...WELL, lagMs: 200, thinBps: 1e6 });
  limit.update(undefined, WELL);
  assert.equal(limit.limitBps, 9e5);
  limit.retry(2.6e6);
  assert.equal(limit.limitBps, 2.6e6);
});
