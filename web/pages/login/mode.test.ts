import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modeOf, nextUrl } from './mode.ts';

const at = (path: string) => new URL(path, 'https://live.example.net');

test('what the page is for', () => {
  assert.deepEqual(modeOf(at('/login'), undefined), { kind: 'sign-in' });
  assert.deepEqual(modeOf(at('/login#claim=abcd-efgh'), undefined), {
    kind: 'claim',
    code: 'abcd-efgh',
  });
  assert.deepEqual(modeOf(at('/show/slot-1'), 'sign-in-needed'), { kind: 'sign-in' });
  assert.deepEqual(modeOf(at('/show/slot-1?stats'), 'password-needed'), {
    kind: 'password',
    app: 'show',
  });
});

test('where it goes on to', () => {
  assert.equal(nextUrl(at('/login')), '/');
  assert.equal(nextUrl(at('/show/slot-1?muted=1')), '/show/slot-1?muted=1');
});
