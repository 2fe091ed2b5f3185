import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicUs, readStamp, STAMP_BYTES, writeStamp } from './stamp.ts';

test('a stamp is read back, and holds no byte that H.264 would escape', () => {
  for (const timeUs of [0, 1, 127, 128, 2 ** 31, 2 ** 32 + 5, 2 ** 49 - 1, monotonicUs()]) {
    const bytes = new Uint8Array(40);
    writeStamp(bytes, 30, timeUs);
    assert.equal(readStamp(bytes, 30), timeUs);
    assert.ok(bytes.subarray(30 - STAMP_BYTES, 30).every((byte) => byte >= 0x80));
  }
});

test('anything else is no stamp', () => {
  assert.equal(readStamp(new Uint8Array(40), 40), undefined);
  assert.equal(readStamp(new Uint8Array(STAMP_BYTES - 1), STAMP_BYTES - 1), undefined);
});
