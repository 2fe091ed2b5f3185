import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishAddresses } from './publish-addresses.ts';

test('writes what goes into OBS', () => {
  assert.deepEqual(publishAddresses(' show/slot-1 ', 'https://live.example/', undefined), {
    whipUrl: 'https://live.example/show/slot-1/whip',
    rtmpUrl: 'rtmp://live.example/show',
    rtmpStream: 'slot-1',
    watchUrl: 'https://live.example/show/slot-1',
  });
});

test('names the RTMP port only where it is not the usual one, and keeps the brackets of IPv6', () => {
  const usual = publishAddresses('a/b', 'http://[2001:db8::1]:3333/', 1935);
  assert.equal(usual?.rtmpUrl, 'rtmp://[2001:db8::1]/a');
  assert.equal(usual?.whipUrl, 'http://[2001:db8::1]:3333/a/b/whip');
  assert.equal(publishAddresses('a/b', 'http://h/', 2935)?.rtmpUrl, 'rtmp://h:2935/a');
});

test('takes no name that the server would not take', () => {
  for (const name of ['', 'stage', 'a/b/c', 'a /b', '../etc', 'a/<b>']) {
    assert.equal(publishAddresses(name, 'http://h/', undefined), undefined, name);
  }
});
