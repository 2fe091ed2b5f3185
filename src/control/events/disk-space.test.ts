import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { DiskWatch, diskSpaceOf } from './disk-space.ts';

const MB = 1024 * 1024;

test('a disk is low once, and enough again once', () => {
  const watch = new DiskWatch();
  const totalBytes = 100_000 * MB;
  const said = [9000, 257, 255, 100, 300, 511, 512, 300, 200].map((mb) => {
    const event = watch.check({ freeBytes: mb * MB, totalBytes }, 0);
    return event && (event.data.isOver ? 'enough' : 'low');
  });
  const none = undefined;
  assert.deepEqual(said, [none, none, 'low', none, none, none, 'enough', none, 'low']);
});

test('a small disk is low at a tenth', () => {
  const watch = new DiskWatch();
  const totalBytes = 500 * MB;
  assert.equal(watch.check({ freeBytes: 60 * MB, totalBytes }, 0), undefined);
  assert.match(
    watch.check({ freeBytes: 49 * MB, totalBytes }, 0)?.data.message ?? '',
    /Only 49 MB/,
  );
  assert.equal(watch.check({ freeBytes: 99 * MB, totalBytes }, 0), undefined);
  assert.equal(watch.check({ freeBytes: 100 * MB, totalBytes }, 0)?.data.isOver, true);
});

test('the disk of a folder has a size', async () => {
  const { freeBytes, totalBytes } = await diskSpaceOf(tmpdir());
  assert.ok(totalBytes > 0 && freeBytes >= 0 && freeBytes <= totalBytes);
});
