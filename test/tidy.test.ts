/** Rules about the repository itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** What each folder of src may import besides itself; `protocols/sdp` is that folder of it alone. */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: [],
  protocols: ['base'],
  engine: ['base', 'protocols'],
  native: ['base', 'protocols'],
  audio: ['base'],
  channel: ['base', 'api'],
  access: ['base', 'channel'],
  media: ['base', 'protocols', 'engine', 'native', 'audio', 'channel', 'api'],
  doctor: ['base', 'api'],
  'guest-pack': ['base', 'api'],
  control: [
    'base',
    'protocols/sdp',
    'protocols/still',
    'protocols/stun',
    'access',
    'api',
    'channel',
    'doctor',
    'guest-pack',
  ],
  planner: [],
  cli: ['base', 'access', 'api', 'control', 'planner'],
};
/** Below the two planes: bytes and the time come in, outputs come out. */
const SYNCHRONOUS = [
  'base',
  'protocols',
  'engine',
  'access',
  'channel',
  'api',
  'planner',
  'doctor',
  'guest-pack',
];
/** Where threads and processes start, and what the tests alone compare with. */
const ENTRIES = [
  'src/millrace.ts',
  'src/main.ts',
  'src/media.ts',
  'src/transcoder.ts',
  'src/native/install-addon.ts',
  'src/native/srtp-oracle.ts',
];
const FILE_LINES_MAX = 500;
const BLOB_BYTES_MAX = 256 * 1024;
const BLOBS_ALLOWED = ['test/vectors/', 'assets/demo/'];

type Source = { readonly path: string; readonly layer: string; readonly text: string };

function read(pattern: string): Source[] {
  return globSync(pattern).map((path) => ({
    path,
    layer: path.split('/')[1] ?? '',
    text: readFileSync(path, 'utf8'),
  }));
}

const sources = read('src/**/*.ts');
const production = sources.filter(({ path }) => !path.endsWith('.test.ts'));
const others = ['web', 'bench', 'scripts', 'test'].flatMap((folder) =>
  read(`${folder}/**/*.{ts,tsx}`),
);

function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(/(?:from|import\(|import|URL\()\s*'(\.[^']+)'/g)].map(
    ([, target = '']) => normalize(join(dirname(path), target)),
  );
}

function mayImport(source: Source, target: string): boolean {
  const [, layer = ''] = target.split('/');
  const allowed = layers[source.layer] ?? [];
  return source.layer === layer || allowed.some((one) => target.startsWith(`src/${one}/`));
}

test('imports point downwards', () => {
  const wrong = production.flatMap((source) =>
    source.path.split('/').length < 3
      ? [] // the entries build the object graph
      : importsOf(source)
          .filter((target) => target.startsWith('src/') && !mayImport(source, target))
          .map((target) => `${source.path} may not import ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('every folder of src has its place in the layers', () => {
  const folders = production.filter(({ path }) => path.split('/').length > 2);
  assert.deepEqual(
    [...new Set(folders.map(({ layer }) => layer))].toSorted(),
    Object.keys(layers).toSorted(),
  );
});

test('nothing below the two planes waits', () => {
  const waiting = production.filter(
    ({ layer, text }) =>
      SYNCHRONOUS.includes(layer) && /\b(async|await|Promise)\b/.test(withoutComments(text)),
  );
  assert.deepEqual(pathsOf(waiting), []);
});

test('every source file is used', () => {
  const used = new Set([...ENTRIES, ...production.flatMap(importsOf)]);
  for (const source of read('{web,scripts}/**/*.{ts,tsx}')) {
    for (const path of importsOf(source)) used.add(path);
  }
  assert.deepEqual(
    pathsOf(production).filter((path) => !used.has(path)),
    [],
  );
});

/** What of the server the pages may have a part of: plain rules, which need nothing of Node's. */
const PAGES_MAY = [
  'src/api/',
  'src/base/names.ts',
  'src/doctor/',
  'src/guest-pack/',
  'src/planner/',
];

test('pages know of the server what the API says', () => {
  const pages = read('web/**/*.{ts,tsx}').filter(({ path }) => !/\.test\.tsx?$/.test(path));
  const wrong = pages.flatMap((source) =>
    importsOf(source)
      .filter((target) => target.startsWith('src/'))
      .filter((target) => !PAGES_MAY.some((one) => target.startsWith(one)))
      .map((target) => `${source.path} may not import ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
  const native = read('native/*.{cc,h}');
  const plain = read('scripts/*.mjs');
  const long = [...sources, ...others, ...native, ...plain].filter(
    ({ text }) => text.split('\n').length - 1 > FILE_LINES_MAX,
  );
  assert.deepEqual(pathsOf(long), []);
});

test('what protocols and engine export is explained', () => {
  const bare = production.flatMap(({ path, layer, text }) => {
    if (layer !== 'protocols' && layer !== 'engine') return [];
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const [, name] =
        /^export (?:abstract )?(?:function|class|const|type|interface) (\w+)/.exec(line) ?? [];
      const explained = (lines[index - 1] ?? '').trimEnd().endsWith('*/');
      return name === undefined || explained ? [] : [`${path}: ${name}`];
    });
  });
  assert.deepEqual(bare, []);
});

test('large files are vectors or the demo clip', () => {
  const large = tracked().filter(
    (path) =>
      !BLOBS_ALLOWED.some((folder) => path.startsWith(folder)) &&
      (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > BLOB_BYTES_MAX,
  );
  assert.deepEqual(large, []);
});

test('every folder of vectors says where they come from', () => {
  const folders = new Set(
    tracked()
      .filter((path) => path.startsWith('test/vectors/'))
      .map(dirname),
  );
  const silent = [...folders].filter((folder) => {
    for (let at = folder; at !== 'test/vectors'; at = dirname(at)) {
      if (existsSync(join(at, 'README.md'))) return false;
    }
    return !existsSync('test/vectors/README.md');
  });
  assert.deepEqual(silent, []);
});

/** What is in the repository, or in the folder where that is no checkout. */
function tracked(): string[] {
  if (!existsSync('.git')) return globSync('{src,web,test,docs,assets,native,bench}/**/*.*');
  return execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
}

function pathsOf(list: readonly Source[]): string[] {
  return list.map(({ path }) => path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
