import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slotsOf } from './slot-list.ts';

test('streams of both lists, each once, in the order of people', () => {
  const created = '2026-05-01T19:00:00Z';
  const slots = [
    { name: 'show/slot-10', label: 'Right', created },
    { name: 'show/slot-2', label: 'Left', created },
  ];
  assert.deepEqual(slotsOf({ settings: { slots: ['slot-1', 'slot-2'] } }, slots), [
    { stream: 'slot-1', label: '', isInSettings: true },
    { stream: 'slot-2', label: 'Left', isInSettings: false },
    { stream: 'slot-10', label: 'Right', isInSettings: false },
  ]);
  assert.deepEqual(slotsOf({ settings: {} }, []), []);
});
