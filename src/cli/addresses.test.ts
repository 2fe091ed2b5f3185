import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesAt, sayLink, sayWhereKeyGoes } from './addresses.ts';

const secret = 'KEY';

test('a new key says what goes into OBS', () => {
  const here = addressesAt('https://live.example.net', 1935);
  const all = { secret, protocols: [] };
  assert.deepEqual(sayWhereKeyGoes(here, { ...all, target: 'show/slot-1' }), [
    'OBS by WHIP: Server https://live.example.net/show/slot-1/whip | Bearer Token KEY',
    'OBS by RTMP: Server rtmp://live.example.net/show | Stream Key slot-1?key=KEY',
  ]);
  const [, rtmp] = sayWhereKeyGoes(here, { ...all, target: 'show' });
  assert.match(rtmp ?? '', /net\/show \| Stream Key STREAM\?key=KEY$/);
  const [whip] = sayWhereKeyGoes(here, { ...all, target: '*' });
  assert.match(whip ?? '', /net\/APP\/STREAM\/whip/);
});

test('what a key is not for, and what is off, is not said', () => {
  const key = { secret, target: 'a/b' };
  const said = (rtmpPort: number | null, protocols: string[]) =>
    sayWhereKeyGoes(addressesAt('http://[2001:db8::1]:3333', rtmpPort), { ...key, protocols });
  assert.deepEqual(said(2935, ['rtmp']), [
    'OBS by RTMP: Server rtmp://[2001:db8::1]:2935/a | Stream Key b?key=KEY',
  ]);
  assert.equal(said(2935, ['whip']).length, 1);
  assert.equal(said(null, []).length, 1);
});

test('a link to many streams says where it goes', () => {
  const here = addressesAt('http://h:3333', 1935);
  const made = { token: 'T', url: null };
  assert.equal(sayLink(here, 'show', made), 'http://h:3333/show/STREAM?link=T');
  assert.equal(sayLink(here, '*', made), 'http://h:3333/APP/STREAM?link=T');
  assert.equal(sayLink(here, 'show/a', { token: 'T', url: 'http://h/x' }), 'http://h/x');
});
