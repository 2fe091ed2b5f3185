import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { encoderWords, newPack, packKinds } from '../../src/api/packs.ts';
import {
  encoderOptions,
  kindOptions,
  type PackChoice,
  pictureOptions,
  requestOf,
  stepsFor,
  withKind,
} from './packs.ts';

const choice: PackChoice = {
  ...{ kind: 'profile', protocol: 'whip', encoder: 'apple', picture: '720p30', browser: false },
};

test('what the page offers, the server takes', () => {
  for (const kind of packKinds) {
    for (const { value: encoder } of encoderOptions(kind)) {
      for (const { value: picture } of pictureOptions()) {
        v.parse(newPack, requestOf({ ...choice, kind, encoder, picture }));
      }
    }
    assert.ok(stepsFor({ ...choice, kind }).length > 0);
  }
  assert.deepEqual(
    encoderOptions('profile')
      .map(({ value }) => value)
      .toSorted(),
    encoderWords.toSorted(),
  );
});

test('an encoder that the chosen kind cannot have gives way to x264', () => {
  assert.equal(withKind(choice, 'overlay').encoder, 'x264');
  assert.equal(withKind({ ...choice, encoder: 'nvenc' }, 'complete').encoder, 'nvenc');
});

test('complete packs are offered where there are any', () => {
  const complete = { bytes: 215e6, browserBytes: 1 };
  assert.equal(kindOptions({ complete: null }).length, 2);
  assert.match(kindOptions({ complete })[0]?.label ?? '', /215 MB/);
});
