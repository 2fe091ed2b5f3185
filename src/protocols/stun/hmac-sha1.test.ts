import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { hmacSha1 } from './hmac-sha1.ts';

test('RFC 2202 §3, cases 1 and 2', () => {
  const cases = [
    ['\x0b'.repeat(20), 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00'],
    ['Jefe', 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  ] as const;
  for (const [key, text, want] of cases) {
    assert.equal(hmacSha1(key, Buffer.from(text)).toString('hex'), want);
  }
});

test('the same as OpenSSL’s, for keys and messages of every length', () => {
  for (let length = 0; length < 200; length++) {
    const key = 'k€y'.repeat(30).slice(0, length);
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
    assert.deepEqual(hmacSha1(key, bytes), createHmac('sha1', key).update(bytes).digest());
  }
});
