import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetInfo } from '../../../../src/api/targets.ts';
import { changesOf, isUsuallyTold } from './changes.ts';

const target: TargetInfo = {
  ...{ id: 'a', name: 'crew', kind: 'discord', url: 'https://discord.com/…' },
  ...{ events: ['stream.live', 'stream.ended'], streams: ['show', 'talk/stage'] },
  ...{ inConfiguration: false, state: 'ok', problem: null, waiting: 0, lost: 0, delivered: null },
};
const { name, streams } = target;

test('only what differs is sent', () => {
  assert.ok(isUsuallyTold(target));
  assert.deepEqual(changesOf({ name, streams, events: [] }, target), {});
  const turned = { name, streams: streams.toReversed(), events: target.events.toReversed() };
  assert.deepEqual(changesOf(turned, target), {});
  const url = 'https://discord.com/api/webhooks/1/t';
  assert.deepEqual(changesOf({ name: 'all', url, streams: [], events: ['disk.low'] }, target), {
    ...{ name: 'all', url, streams: [], events: ['disk.low'] },
  });
});

test('back to the usual is said so, whatever that is', () => {
  const chosen: TargetInfo = { ...target, events: ['disk.low'] };
  assert.ok(!isUsuallyTold(chosen));
  assert.deepEqual(changesOf({ name, streams, events: [] }, chosen), { events: [] });
});
