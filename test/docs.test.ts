/** What the documentation says is so. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { generatedPages } from '../scripts/generated-pages.ts';
import { EVENT_TYPES } from '../src/api/events.ts';
import { checkCodes } from '../src/api/health.ts';
import { findingCodes } from '../src/api/streams.ts';
import { writeReference } from '../src/control/config/reference.ts';
import { findingItems } from '../src/doctor/finding-items.ts';

const README_LINES_MAX = 150;

const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md']).map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}));

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** As GitHub makes them from headings. */
function anchorsOf(text: string): Set<string> {
  const headings = withoutCode(text).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(text: string): string {
  return text
    .replace(/```[\s\S]*?```/g, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
}

test('links and their anchors lead somewhere', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const to = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(to)) return true;
        return anchor !== undefined && !anchorsOf(read(to)).has(anchor);
      })
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('commands that are shown exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const suites = [...read('scripts/test.ts').matchAll(/^ {4}name: '(\w+)'/gm)].map(
    ([, name]) => name,
  );
  for (const { path, text } of pages) {
    const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].join('\n');
    for (const [shown, run = '', name = ''] of code.matchAll(/\bnpm (run )?(\w[\w-]*)/g)) {
      if (['install', 'ci'].includes(name)) continue;
      assert.ok(scripts[name] !== undefined, `${path}: ${shown}`);
      assert.ok(run !== '' || ['start', 'test'].includes(name), `${path}: ${shown} lacks "run"`);
    }
    for (const [shown, suite = ''] of text.matchAll(/\bnpm test -- (\w+)/g)) {
      assert.ok(suites.includes(suite), `${path}: ${shown}`);
    }
  }
});

test('the README is short, and its first command shows a moving picture', () => {
  const text = read('README.md');
  assert.ok(text.split('\n').length <= README_LINES_MAX);
  assert.equal(/```sh\n(.*)\n/.exec(text)?.[1], 'npm start -- --demo');
});

test('options that are shown exist', () => {
  const known = [...writeReference().matchAll(/`(--[a-z-]+)/g)].map(([, option]) => option);
  for (const { path, text } of pages) {
    for (const [, line = ''] of text.matchAll(/npm start --( --[^`\n]*)/g)) {
      for (const [option] of line.matchAll(/--[a-z-]+/g)) {
        assert.ok(known.includes(option), `${path}: ${option}`);
      }
    }
  }
});

test('the generated pages are what keys, routes and commands say', () => {
  for (const [path, text] of Object.entries(generatedPages())) {
    assert.equal(read(path), text, 'run: node scripts/reference-pages.ts');
  }
});

/** First cells of the tables below a heading. */
function listed(path: string, heading: string): string[] {
  const [, section = ''] = read(path).split(`## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\| `([a-z-]+)`/gm)].map(([, word = '']) => word).toSorted();
}

function union(path: string, name: string): string[] {
  const plain = read(path).replace(/\/\/.*$/gm, '');
  const [, body = ''] = new RegExp(`type ${name} =([\\s\\S]*?);`).exec(plain) ?? [];
  return [...body.matchAll(/^ +\| '([a-z-]+)'/gm)].map(([, word = '']) => word).toSorted();
}

test('every reason is explained, and every explained reason exists', () => {
  const path = 'docs/reference/reasons.md';
  const reasons = 'src/base/reasons.ts';
  assert.deepEqual(listed(path, 'Why a session or a stream ended'), union(reasons, 'CloseReason'));
  assert.deepEqual(listed(path, 'Why frames did not reach a viewer'), union(reasons, 'DropReason'));
  const findings = union('src/base/findings.ts', 'FindingCode');
  assert.deepEqual(listed(path, 'What is wrong with what a publisher sends'), findings);
  assert.deepEqual(findingCodes.toSorted(), findings);
});

test('every check of the doctor is explained, with the findings that belong to it', () => {
  const path = 'docs/reference/health.md';
  assert.deepEqual(listed(path, 'Checks'), checkCodes.toSorted());
  const rows = [...read(path).matchAll(/^\| `([a-z-]+)` \|[^|]*\|(.*)\|$/gm)];
  const explained = rows.flatMap(([, check = '', cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, finding = '']) => `${finding} in ${check}`),
  );
  const real = Object.entries(findingItems).map(([finding, { code }]) => `${finding} in ${code}`);
  assert.deepEqual(explained.toSorted(), real.toSorted());
});

test('every type of event is explained, and every explained type exists', () => {
  const [, section = ''] = read('docs/reference/events.md').split('## Types\n');
  const [body = ''] = section.split('\n## ');
  const explained = [...body.matchAll(/^\| `([a-z.]+)`/gm)].map(([, type = '']) => type);
  assert.deepEqual(explained.toSorted(), EVENT_TYPES.toSorted());
});

test('every problem of the HTTP API is explained, and every explained problem exists', () => {
  const sources = globSync('src/{control,access}/**/*.ts').filter(
    (path) => !path.includes('.test.'),
  );
  const own = sources.flatMap((path) => [...read(path).matchAll(/\breason: '([a-z-]+)'/g)]);
  const [, table = ''] =
    /const messages = \{([\s\S]*?)\n\}/.exec(read('src/protocols/sdp/refusal.ts')) ?? [];
  const ofSdp = [...table.matchAll(/^ {2}'?([a-z-]+)'?:/gm)];
  // What the media plane or the table of sessions refuses with.
  const passedOn = ['refused', 'limit-reached', ...union('src/base/reasons.ts', 'DenialReason')];
  const words = new Set([...own, ...ofSdp].map(([, word = '']) => word).concat(passedOn));
  words.delete('timed-out'); // in OvenPlayer's log line, no HTTP answer
  assert.deepEqual(listed('docs/reference/http-api.md', 'Problems'), [...words].toSorted());
});
