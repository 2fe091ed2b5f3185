/** The owner's ZIP of OBS, which somebody may have given to them. */
import assert from 'node:assert/strict';
import { zipSync } from 'fflate';
import {
  readDirectory,
  readEnd,
  TAIL_BYTES,
  type ZipEntry,
} from '../../../src/guest-pack/zip/directory.ts';
import { mergeZips } from '../../../src/guest-pack/zip/merge.ts';
import { inspectObs, wantedOf } from '../../../src/guest-pack/zip/obs.ts';
import { packZip } from '../../../src/guest-pack/zip/pack-zip.ts';
import type { Targets } from '../target.ts';

const own = [{ path: 'portable_mode.txt', text: '' }];
const added = packZip(own);

const obs = (folder: string) =>
  zipSync({
    [`${folder}bin/64bit/obs64.exe`]: new Uint8Array(20),
    [`${folder}obs-plugins/64bit/libcef.dll`]: new Uint8Array(9),
    [`${folder}config/obs-studio/global.ini`]: new Uint8Array(3),
    [`${folder}portable_mode.txt`]: new Uint8Array(),
  });

function entriesOf(file: Uint8Array): readonly ZipEntry[] | undefined {
  const end = readEnd(file.subarray(-TAIL_BYTES), file.length);
  if (typeof end === 'string') return undefined;
  const entries = readDirectory(file.subarray(end.directoryFrom, end.directoryTo), end);
  return typeof entries === 'string' ? undefined : entries;
}

export const zipTargets: Targets = {
  'obs-zip': {
    vectors: () => [obs(''), obs('OBS/')],
    run: (input) => {
      const entries = entriesOf(input);
      const content = entries === undefined ? 'no-obs' : inspectObs(entries);
      if (entries === undefined || typeof content === 'string') return;
      const isWanted = wantedOf(content, { own: own.map(({ path }) => path), browser: false });
      const { pieces, bytes } = mergeZips(entries, isWanted, added);
      const parts = pieces.map((piece) => {
        if ('bytes' in piece) return piece.bytes;
        assert.ok(piece.from <= piece.to && piece.to <= input.length, 'bytes that are not there');
        return input.subarray(piece.from, piece.to);
      });
      const merged = Buffer.concat(parts);
      assert.equal(merged.length, bytes);
      // A pack is a ZIP of the same kind, without what is to be left out.
      const names = entriesOf(merged)?.map(({ name }) => name);
      const wanted = entries.map(({ name }) => name).filter(isWanted);
      assert.deepEqual(names, [...wanted, 'portable_mode.txt']);
    },
  },
};
