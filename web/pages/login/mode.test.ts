import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD_LENGTH_MIN as SERVERS } from '../../../src/api/access.ts';
import { missingIn, modeOf, nextUrl, PASSWORD_LENGTH_MIN } from './mode.ts';

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
  assert.equal(nextUrl(at('/login?next=%2Fdashboard%23keys')), '/dashboard#keys');
});

test('no address leads to another server, or back here for ever', () => {
  for (const next of [
    ...['https://there.example', '//there.example/x', '/\\there.example', 'javascript:alert(1)'],
    ...[
      'http://live.example.net/',
      'https://live.example.net@there.example/',
      '/login?next=/login',
    ],
    ...['', '\t//there.example', 'data:text/html,x'],
  ]) {
    assert.equal(nextUrl(at(`/login?next=${encodeURIComponent(next)}`)), '/', next);
  }
  assert.equal(
    nextUrl(at('/login?next=https://live.example.net//there.example')),
    '/there.example',
  );
});

test('what is still missing is said before the server is asked', () => {
  assert.equal(PASSWORD_LENGTH_MIN, SERVERS);
  const full = { code: 'abcd', name: 'ann', password: 'ten letters' };
  for (const kind of ['claim', 'sign-in', 'password'] as const) {
    assert.equal(missingIn(kind, full), undefined);
    assert.match(missingIn(kind, { ...full, password: '' }) ?? '', /the password/);
  }
  assert.match(missingIn('claim', { ...full, code: ' ' }) ?? '', /code/);
  assert.match(missingIn('claim', { ...full, password: 'short' }) ?? '', /too short: 10/);
  // Passwords that were set otherwise may be shorter.
  assert.equal(missingIn('sign-in', { ...full, password: 'short' }), undefined);
  assert.match(missingIn('sign-in', { ...full, name: '' }) ?? '', /name/);
  assert.equal(missingIn('password', { code: '', name: '', password: 'p' }), undefined);
});
