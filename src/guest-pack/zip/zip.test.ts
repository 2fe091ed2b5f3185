import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { readDirectory, readEnd, type ZipEntry } from './directory.ts';
import { type Merged, mergeZips } from './merge.ts';
import { inspectObs, wantedOf } from './obs.ts';
import { packZip } from './pack-zip.ts';

const OBS = {
  'bin/64bit/obs64.exe': bytes('the program'),
  'bin/64bit/obs.dll': bytes('more of it'),
  'data/obs-studio/locale/en-US.ini': bytes('Hello="Hello"'),
  'obs-plugins/64bit/obs-browser.dll': bytes('a plugin'),
  'obs-plugins/64bit/libcef.dll': new Uint8Array(5000),
  'obs-plugins/64bit/locales/de.pak': bytes('words'),
  'obs-plugins/64bit/obs-x264.dll': bytes('an encoder'),
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function listed(zip: Uint8Array): ZipEntry[] {
  const end = readEnd(zip.subarray(-65_557), zip.length);
  assert.ok(typeof end === 'object', String(end));
  const entries = readDirectory(zip.subarray(end.directoryFrom, end.directoryTo), end);
  assert.ok(Array.isArray(entries), String(entries));
  return entries;
}

function written({ pieces, bytes: length }: Merged, large: Uint8Array): Uint8Array {
  const parts = pieces.map((piece) =>
    'bytes' in piece ? piece.bytes : large.subarray(piece.from, piece.to),
  );
  const zip = Buffer.concat(parts);
  assert.equal(zip.length, length);
  return zip;
}

const path = fc
  .array(fc.stringMatching(/^[A-Za-z0-9 _.-]{1,12}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((text) => text !== '__proto__');
const tree = fc.dictionary(path, fc.uint8Array({ maxLength: 300 }), { maxKeys: 30 });

test('two ZIPs become one that holds what was wanted of both, byte for byte', () => {
  fc.assert(
    fc.property(
      tree,
      tree,
      fc.integer({ min: 0, max: 9 }),
      fc.nat(),
      (large, small, level, pick) => {
        const first = zipSync(large, { level: level as 0 });
        const isWanted = (name: string) => (name.length + pick) % 3 !== 0;
        const second = zipSync(small);
        const merged = mergeZips(listed(first), isWanted, second);
        const zip = written(merged, first);
        const kept = Object.entries(large).filter(([name]) => isWanted(name));
        const wanted = [...kept, ...Object.entries(small)];
        assert.deepEqual(
          listed(zip).map(({ name }) => name),
          wanted.map(([name]) => name),
        );
        assert.deepEqual(unzipSync(zip), { ...Object.fromEntries(kept), ...small });
      },
    ),
  );
});

test('a file that is no whole ZIP has a reason, whatever it holds', () => {
  const zip = packZip([{ path: 'a/b.txt', text: 'hello '.repeat(100) }], 'OBS/');
  const reasonOf = (file: Uint8Array) => {
    const end = readEnd(file.subarray(-65_557), file.length);
    if (typeof end === 'string') return end;
    const entries = readDirectory(file.subarray(end.directoryFrom, end.directoryTo), end);
    return typeof entries === 'string' ? entries : undefined;
  };
  assert.equal(reasonOf(zip), undefined);
  assert.equal(reasonOf(new Uint8Array()), 'not-a-zip');
  assert.equal(reasonOf(bytes('<html>not found</html>')), 'not-a-zip');
  assert.equal(reasonOf(zip.subarray(0, -5)), 'not-a-zip');
  assert.equal(reasonOf(zip.subarray(7)), 'damaged');
  const commented = Buffer.concat([zip, bytes('words')]);
  commented.writeUInt16LE(5, zip.length - 2);
  assert.equal(reasonOf(commented), undefined);
  const large = Buffer.from(zip);
  large.writeUInt32LE(0xffffffff, zip.length - 6);
  assert.equal(reasonOf(large), 'zip64');
  fc.assert(
    fc.property(fc.nat(zip.length - 1), fc.nat(255), (at, value) => {
      const spoilt = zip.slice();
      spoilt[at] = value;
      reasonOf(spoilt);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (file) => void reasonOf(file)));
});

test("OBS's own ZIP is known, also a folder deeper", () => {
  assert.deepEqual(inspectObs(listed(zipSync(OBS))), {
    folder: '',
    hasBrowser: true,
    browserBytes: browserBytesOf(zipSync(OBS)),
  });
  const deeper = zipSync({ 'OBS Studio': OBS } as never);
  const found = inspectObs(listed(deeper));
  assert.ok(typeof found === 'object');
  assert.equal(found.folder, 'OBS Studio/');
  assert.equal(inspectObs(listed(zipSync({ 'bin/64bit/other.exe': bytes('') }))), 'no-obs');
  for (const name of ['../evil.exe', '/evil.exe', 'C:/evil.exe', 'a/../../b', 'a\\..\\b']) {
    assert.equal(inspectObs(listed(zipSync({ ...OBS, [name]: bytes('') }))), 'unsafe-names', name);
  }
});

function browserBytesOf(zip: Uint8Array): number {
  const names = ['obs-browser.dll', 'libcef.dll', 'locales/de.pak'];
  return listed(zip)
    .filter(({ name }) => names.some((one) => name.endsWith(one)))
    .reduce((sum, { from, to }) => sum + to - from, 0);
}

test('a pack replaces its own files, leaves former settings out, and browser sources where they are not wanted', () => {
  const former = { 'portable_mode.txt': bytes('x'), 'config/obs-studio/global.ini': bytes('mine') };
  const large = zipSync({ ...OBS, ...former });
  const own = [{ path: 'Portable_Mode.txt', text: '' }];
  const entries = listed(large);
  const found = inspectObs(entries);
  assert.ok(typeof found === 'object');
  const namesWith = (browser: boolean) => {
    const wanted = wantedOf(found, { own: own.map((file) => file.path), browser });
    const zip = written(mergeZips(entries, wanted, packZip(own, found.folder)), large);
    return Object.keys(unzipSync(zip)).toSorted();
  };
  assert.deepEqual(namesWith(true), [...Object.keys(OBS), 'Portable_Mode.txt'].toSorted());
  assert.deepEqual(
    namesWith(false),
    ['bin/64bit/obs.dll', 'bin/64bit/obs64.exe', 'data/obs-studio/locale/en-US.ini']
      .concat(['obs-plugins/64bit/obs-x264.dll', 'Portable_Mode.txt'])
      .toSorted(),
  );
});
