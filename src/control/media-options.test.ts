import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessWorld } from '../../test/fakes/access.ts';
import { mediaTuningOf } from './media-options.ts';

test('the database comes before the configuration, and that before the defaults', () => {
  const { apps, store } = accessWorld(
    'app_defaults: {b_frames: refuse}\napps: {show: {audio_coalescing: true}, guests: }',
  );
  store.apps.add('guests', 0);
  store.apps.set('guests', { b_frames: 'pass' });
  // Nobody sets this one, and it is no name that an object has by itself.
  assert.equal(mediaTuningOf(apps).bFrames.apps.get('constructor'), undefined);
  const { bFrames, audioCoalescing } = mediaTuningOf(apps);
  assert.equal(bFrames.initial, 'refuse');
  assert.deepEqual(
    [...bFrames.apps],
    [
      ...new Map([
        ['show', 'refuse'],
        ['guests', 'pass'],
      ]),
    ],
  );
  assert.deepEqual(
    [...audioCoalescing.apps],
    [
      ['show', true],
      ['guests', false],
    ],
  );
});

test('whoever changes an app is heard', () => {
  const { apps, config } = accessWorld('apps: {show: }');
  let changes = 0;
  apps.onChange(() => {
    changes += 1;
  });
  apps.changed();
  apps.reconfigure(config);
  assert.equal(changes, 2);
});
