/** docs/internals/clients.md names, for each way of a client, a test that is there; every recording says whose it is. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

const PAGE = 'docs/internals/clients.md';
/** Stands for what a test of several cases fills in. */
const ANYTHING = '…';

type Row = { readonly quirk: string; readonly path: string; readonly name: string };

const page = readFileSync(PAGE, 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (---|quirk )/.test(line));

function readRow(line: string): Row | undefined {
  const [, quirk = '', path, name] =
    /^\| (.+?) \| .+ \| `([\w./-]+\.test\.ts)` \*(.+)\* \|$/.exec(line) ?? [];
  return path === undefined || name === undefined ? undefined : { quirk, path, name };
}

/** Names of the tests of a file as they stand there; what a template fills in is {@link ANYTHING}. */
function testsOf(path: string): Set<string> {
  const text = readFileSync(path, 'utf8');
  const names = new Set<string>();
  for (const [, quoted = ''] of text.matchAll(
    /\b(?:test|scenario)\(\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)/g,
  )) {
    names.add(quoted.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, ANYTHING));
  }
  // Tables of cases: their first member is the name.
  if (/\btest\(name,/.test(text)) {
    for (const [, name = ''] of text.matchAll(/^ {2,4}(?:\[|\{ name: )'([^']+)',/gm))
      names.add(name);
  }
  return names;
}

test('every row names a client, a file and a test', () => {
  assert.ok(rows.length > 80, `${rows.length} rows`);
  assert.deepEqual(
    rows.filter((line) => readRow(line) === undefined),
    [],
  );
});

test('every file is there, and has the test', () => {
  const known = new Map<string, Set<string>>();
  const missing = rows.flatMap((line) => {
    const row = readRow(line);
    if (row === undefined) return [line];
    const { path, name } = row;
    if (!existsSync(path)) return [`no file ${path}`];
    const names = known.get(path) ?? testsOf(path);
    known.set(path, names);
    return names.has(name) ? [] : [`${path} has no test “${name}”`];
  });
  assert.deepEqual(missing, []);
});

test('every recording of a client is in the README of its folder, and is read by a test', () => {
  const sources = globSync(['src/**/*.test.ts', 'test/**/*.ts'])
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const recordings = globSync('test/vectors/{http,sdp,dtls,rtmp,ovenplayer}/*').filter(
    (path) => !/\.(md|ts)$/.test(path),
  );
  assert.ok(recordings.length > 40);
  for (const path of recordings) {
    const name = basename(path);
    const readme = readFileSync(join(dirname(path), 'README.md'), 'utf8');
    assert.ok(readme.includes(`\`${name}\``), `${path} is not in the README`);
    // Some are read by the part of their name that tells them from the others.
    const [, client = ''] =
      /^(?:clienthello-|player-0\.10\.54-|ovenplayer-upgrade-)(.+)\.\w+$/.exec(name) ?? [];
    const stem = name.replace(/\.bin$/, '');
    const isRead = sources.includes(`'${name}'`) || sources.includes(`'${stem}'`);
    assert.ok(isRead || (client !== '' && sources.includes(`'${client}'`)), `${path} is not read`);
  }
});
