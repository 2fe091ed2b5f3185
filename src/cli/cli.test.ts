import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from './command-error.ts';
import { serverArguments } from './dispatch.ts';
import { bitrate, Output, printable, since, size, table } from './output.ts';
import { parseDuration, parseExpiry, parseSettings, parseStream } from './values.ts';

const lines: readonly { args: string; want: string | undefined }[] = [
  { args: '', want: '' },
  { args: '--demo', want: '--demo' },
  { args: 'serve --demo', want: '--demo' },
  { args: '--config a.yaml', want: '--config a.yaml' },
  { args: '--config key', want: '--config key' },
  { args: '--config a.yaml serve --demo', want: '--config a.yaml --demo' },
  { args: '--static-dir key', want: '--static-dir key' },
  { args: 'key list', want: undefined },
  { args: '--state-dir s key list', want: undefined },
  { args: '--json --config a.yaml key list', want: undefined },
  { args: '--help', want: undefined },
  { args: 'serve --help', want: '--help' },
  { args: '--version', want: undefined },
];

for (const { args, want } of lines) {
  test(`millrace ${args} ${want === undefined ? 'is a command' : 'starts the server'}`, () => {
    assert.equal(serverArguments(args.split(' ').filter(Boolean))?.join(' '), want);
  });
}

const NOW = Date.parse('2026-11-22T12:00:00Z');

test('durations, times and settings as people write them', () => {
  assert.equal(parseDuration('90s'), 90);
  assert.equal(parseDuration('2w'), 1_209_600);
  assert.equal(parseExpiry('1d', NOW), '2026-11-23T12:00:00.000Z');
  assert.equal(parseExpiry('2026-12-24T18:00:00+01:00', NOW), '2026-12-24T17:00:00.000Z');
  const wrong = ['', 'soon', '1y', '2026-13-01', '2025-01-01', '1e9s'];
  for (const text of wrong) assert.throws(() => parseExpiry(text, NOW), CommandError, text);
  assert.deepEqual(parseSettings(['viewing=link', 'closed=true', 'slots=[a, b]', 'protocols=']), {
    viewing: 'link',
    closed: true,
    slots: ['a', 'b'],
    protocols: null,
  });
  assert.throws(() => parseSettings(['viewing']), CommandError);
  assert.deepEqual(parseStream('show/a'), { app: 'show', stream: 'a' });
  for (const text of ['show', 'show/', '/a', 'a/b/c']) {
    assert.throws(() => parseStream(text), CommandError, text);
  }
});

test('tables line up, and no text of a stranger moves the cursor', () => {
  const rows = [
    { name: 'a', count: 1 },
    { name: '\u001b[2Jlong', count: null },
  ];
  const text = table(
    rows,
    [
      ['NAME', ({ name }) => name],
      ['N', ({ count }) => count],
    ],
    'none',
  );
  assert.deepEqual(text.split('\n'), ['NAME      N', 'a         1', '?[2Jlong  -']);
  assert.equal(table([], [['NAME', () => '']], 'none'), 'none');
  assert.equal(printable('a\nb'), 'a?b');
  assert.equal(bitrate(2_500_000), '2.5 Mbit/s');
  assert.equal(size(1_234_567), '1.2 MB');
  assert.equal(since('2026-11-22T08:48:00Z', NOW), '3 h 12 min');
});

test('JSON is for scripts, sentences are for people', () => {
  for (const [isJson, want] of [
    [true, '{\n  "a": 1\n}\n'],
    [false, 'one\n'],
  ] as const) {
    let text = '';
    const output = new Output(isJson, (chunk) => {
      text += chunk;
    });
    output.show({ a: 1 }, () => 'one');
    assert.equal(text, want);
  }
});
