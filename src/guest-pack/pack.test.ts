import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encoderWords, packKinds } from '../api/packs.ts';
import type { StreamName } from '../base/names.ts';
import { encoders } from './encoders.ts';
import { escapeHtml } from './html.ts';
import { writeIni } from './ini.ts';
import { distinct, folderName, plainName } from './names.ts';
import { packFiles } from './pack.ts';
import { profilesOf } from './profiles.ts';
import type { PackRequest } from './request.ts';

const request: PackRequest = {
  guest: 'Left desk',
  host: 'live.example.net',
  slots: [
    {
      stream: 'show/slot-1' as StreamName,
      label: 'Left',
      server: 'https://live.example.net/show/slot-1/whip',
      secret: 'key-one',
    },
    {
      stream: 'show/slot-2' as StreamName,
      label: '',
      server: 'https://live.example.net/show/slot-2/whip',
      secret: 'key-two',
    },
  ],
  protocol: 'whip',
  picture: { width: 1280, height: 720, fps: 30, kbps: 2500 },
  encoder: 'x264',
};

/** Whatever people can write, and what is written to break things. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    ...['', ' ', '\\', '"', "'", '%PATH%', '&calc', 'a\r\nb=c', '[Basic]', '#', '=', '../../x'],
    ...['</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>', '\u202eevil', '\0'],
    ...['\ud800', 'CON', 'नमस्ते', '👩‍👩‍👧', 'ﷺ'.repeat(100)],
  ),
);

function filesOf(changes: Partial<PackRequest> = {}, kind: (typeof packKinds)[number] = 'overlay') {
  const files = packFiles({ ...request, ...changes }, kind);
  return new Map(files.map(({ path, text }) => [path, text]));
}

/** As OBS reads it: libobs/util/config-file.c. */
function readIni(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of text.split(/[\r\n]/)) {
    const head = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (head !== undefined) {
      section = sections[head] ??= {};
    } else if (line.includes('=')) {
      const at = line.indexOf('=');
      section[line.slice(0, at)] = line
        .slice(at + 1)
        .replace(/\\([\\rn])/g, (_, sign) => (sign === 'r' ? '\r' : sign === 'n' ? '\n' : '\\'));
    }
  }
  return sections;
}

test('a value of a settings file comes back as it was, whatever it is', () => {
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      const text = writeIni({ General: { Name: one, Other: other }, Basic: { Last: 1 } });
      const kept = (value: string) => value.toWellFormed().replaceAll('\0', '');
      assert.deepEqual(readIni(text), {
        General: { Name: kept(one), Other: kept(other) },
        Basic: { Last: '1' },
      });
    }),
  );
});

test('names are one line, never empty, and folders are of letters, digits and dashes', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = plainName(text, 'guest');
      assert.ok(name.length > 0 && [...name].length <= 60 && name.trim() === name);
      assert.doesNotMatch(name, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      assert.ok(name.isWellFormed());
      assert.match(folderName(text), /^([A-Za-z0-9][A-Za-z0-9-]{0,39})?$/);
    }),
  );
  assert.equal(plainName(' a\u0000\r\n b ', '?'), 'a b');
  assert.deepEqual(distinct(['Left', 'left', 'Left']), ['Left', 'left (2)', 'Left (3)']);
});

test('text stays text in a page', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const escaped = escapeHtml(text);
      assert.doesNotMatch(escaped, /[<>"']/);
      const back = escaped
        .replace(/&(lt|gt|quot|#39);/g, (_, name: string) => SIGNS[name] ?? '')
        .replaceAll('&amp;', '&');
      assert.equal(back, text.toWellFormed());
    }),
  );
});
const SIGNS: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'" };

test('whatever the guest and the slots are called, the pack is the same but for their names', () => {
  const plain = filesOf();
  fc.assert(
    fc.property(anyText, anyText, fc.constantFrom(...packKinds), (guest, label, kind) => {
      const slots = request.slots.map((slot) => ({ ...slot, label }));
      const files = filesOf({ guest, slots }, kind);
      assert.deepEqual([...files.keys()], [...filesOf({}, kind).keys()]);
      for (const [path, text] of files) {
        assert.match(path, /^[A-Za-z0-9 ._/-]+$/);
        assert.ok(text.isWellFormed() && !text.includes('\0'));
        if (path.endsWith('.json')) JSON.parse(text);
        if (path.endsWith('.bat')) assert.equal(text, plain.get(path));
      }
      const [first] = profilesOf({ ...request, slots });
      const name = readIni(files.get(pathOf(kind, 'basic.ini')) ?? '')['General']?.['Name'];
      assert.equal(name, first?.name);
      assert.deepEqual(tagsOf(files), tagsOf(filesOf({}, kind)));
    }),
    { numRuns: 300 },
  );
});

function tagsOf(files: Map<string, string>): string[] {
  return [...(files.get('start-here.html') ?? '').matchAll(/<[^>]*>/g)].map(([tag]) => tag);
}

function pathOf(kind: string, file: string): string {
  const folder = kind === 'profile' ? '' : 'config/obs-studio/basic/profiles/';
  return `${folder}1-show-slot-1/${file}`;
}

test('what is in a pack to unpack over OBS', () => {
  assert.deepEqual(
    [...filesOf().keys()],
    [
      'start-here.html',
      'Start OBS.bat',
      'portable_mode.txt',
      'disable_updater.txt',
      'disable_missing_files_check.txt',
      'config/obs-studio/global.ini',
      'config/obs-studio/user.ini',
      'config/obs-studio/basic/scenes/Live.json',
      ...['1-show-slot-1', '2-show-slot-2'].flatMap((folder) =>
        ['basic.ini', 'service.json', 'streamEncoder.json'].map(
          (file) => `config/obs-studio/basic/profiles/${folder}/${file}`,
        ),
      ),
    ],
  );
  assert.deepEqual([...filesOf({}, 'complete').keys()], [...filesOf().keys()]);
});

test('WHIP and RTMP: where to, with which key, by which codecs', () => {
  const service = (files: Map<string, string>) =>
    JSON.parse(files.get(pathOf('overlay', 'service.json')) ?? '');
  const basic = (files: Map<string, string>) =>
    readIni(files.get(pathOf('overlay', 'basic.ini')) ?? '');
  const whip = filesOf();
  assert.deepEqual(service(whip), {
    type: 'whip_custom',
    settings: {
      server: 'https://live.example.net/show/slot-1/whip',
      bearer_token: 'key-one',
      service: 'WHIP',
    },
  });
  assert.equal(basic(whip)['AdvOut']?.['AudioEncoder'], 'ffmpeg_opus');
  const rtmp = filesOf({ protocol: 'rtmp' });
  assert.deepEqual(service(rtmp), {
    type: 'rtmp_custom',
    settings: {
      server: 'https://live.example.net/show/slot-1/whip',
      key: 'key-one',
      use_auth: false,
    },
  });
  assert.equal(basic(rtmp)['AdvOut']?.['AudioEncoder'], 'ffmpeg_aac');
  assert.deepEqual(basic(rtmp)['Video']?.['FPSInt'], '30');
});

test('every encoder: constant rate, a keyframe a second, no B-frames', () => {
  for (const encoder of encoderWords) {
    const kind = encoders[encoder].onWindows ? 'overlay' : 'profile';
    const files = filesOf({ encoder }, kind);
    const settings = JSON.parse(files.get(pathOf(kind, 'streamEncoder.json')) ?? '');
    assert.equal(settings.rate_control, 'CBR', encoder);
    assert.equal(settings.bitrate, 2500, encoder);
    assert.equal(settings.keyint_sec, 1, encoder);
    assert.equal(settings.bf, 0, encoder);
    assert.ok(!settings.bframes, encoder);
    assert.equal(settings.profile, 'high', encoder);
    const page = files.get('start-here.html') ?? '';
    assert.equal(page.includes('is not tested'), !encoders[encoder].tested, encoder);
  }
});

test('where another encoder is asked for, there is a profile with x264 beside each', () => {
  const names = profilesOf({ ...request, encoder: 'nvenc' }).map((one) => [one.name, one.encoder]);
  assert.deepEqual(names, [
    ['Left', 'nvenc'],
    ['show slot-2', 'nvenc'],
    ['Left x264', 'x264'],
    ['show slot-2 x264', 'x264'],
  ]);
  assert.equal(
    new Set(profilesOf({ ...request, encoder: 'amf' }).map((one) => one.folder)).size,
    4,
  );
});

test('the scenes name sources that are there, and fit the picture', () => {
  const scenes = JSON.parse(filesOf().get('config/obs-studio/basic/scenes/Live.json') ?? '');
  const names: string[] = scenes.sources.map(({ name }: { name: string }) => name);
  type Item = { name: string; pos?: { x: number; y: number }; bounds?: { x: number; y: number } };
  const items: Item[] = scenes.sources.flatMap(
    ({ settings }: { settings: { items?: Item[] } }) => settings.items ?? [],
  );
  assert.ok(items.length >= 4);
  for (const { name, pos, bounds } of items) {
    assert.ok(names.includes(name));
    assert.ok((pos?.x ?? 0) + (bounds?.x ?? 0) <= 1280 && (pos?.y ?? 0) + (bounds?.y ?? 0) <= 720);
  }
  for (const { name } of scenes.scene_order) assert.ok(names.includes(name));
  assert.ok(names.includes(scenes.current_scene));
});

test('the script is of ASCII and ends its lines as cmd.exe wants', () => {
  const script = filesOf().get('Start OBS.bat') ?? '';
  assert.match(script, /^[\x20-\x7e\r\n]*$/);
  assert.equal(script.replaceAll('\r\n', '').match(/[\r\n]/), null);
  for (const [, label] of script.matchAll(/goto (\w+)/g))
    assert.ok(script.includes(`\r\n:${label}\r\n`));
});
