import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, toConfig } from './config/config.ts';
import { parseSettings } from './config/parse.ts';
import { createLog } from './log.ts';
import { Reload } from './reload.ts';
import { StartError } from './start-error.ts';

type Line = {
  readonly level: string;
  readonly msg: string;
  readonly applied?: string[];
  readonly needRestart?: string[];
};

function read(text: string): Config {
  return toConfig(parseSettings(text, 'millrace.yaml'));
}

function reloading(before: string): {
  readonly to: (after: string | StartError) => Line[];
  readonly applied: string[];
} {
  const lines: Line[] = [];
  const applied: string[] = [];
  let next: string | StartError = before;
  const reload = new Reload(read(before), {
    load: () => {
      if (next instanceof StartError) throw next;
      return read(next);
    },
    appliers: [
      ...['apps', 'app_defaults', 'limits', 'log_level'].map((path) => ({
        path,
        apply: () => applied.push(path),
      })),
      {
        path: 'tls.hsts',
        can: ({ tls }, started) => tls.mode === started.tls.mode,
        apply: () => applied.push('tls.hsts'),
      },
    ],
    log: createLog({
      level: 'info',
      readable: false,
      write: (line) => lines.push(JSON.parse(line)),
    }),
  });
  return {
    applied,
    to: (after) => {
      next = after;
      reload.run();
      return lines.splice(0);
    },
  };
}

test('a changed secret is a change, and is not shown', () => {
  const { to, applied } = reloading('app_defaults: {viewing_password: before}');
  const lines = to('app_defaults: {viewing_password: after}');
  assert.deepEqual(lines[0]?.applied, ['app_defaults.viewing_password']);
  assert.deepEqual(applied, ['app_defaults']);
  assert.doesNotMatch(JSON.stringify(lines), /before|after/);
  assert.deepEqual(to('app_defaults: {viewing_password: after}')[0]?.applied, []);
});

test('what can change now is applied, once for each part; the rest is named', () => {
  const { to, applied } = reloading('apps: {show: {viewing: public}}\nhttp: {port: 3333}');
  const [info, warning] = to(
    'apps: {show: {viewing: link, b_frames: pass}, guests: }\nhttp: {port: 4444}\nlimits: {viewers: 9}',
  );
  assert.deepEqual(info?.applied, [
    'apps.guests',
    'apps.show.b_frames',
    'apps.show.viewing',
    'limits.viewers',
  ]);
  assert.deepEqual(warning?.needRestart, ['http.port']);
  assert.deepEqual(applied, ['apps', 'limits']);
});

test('nothing changed, nothing applied', () => {
  const { to, applied } = reloading('apps: {show: }');
  assert.equal(to('apps: {show: }').length, 1);
  assert.deepEqual(applied, []);
});

test('what needs a restart is named until it is as it was; what cannot be applied beside it, too', () => {
  const { to, applied } = reloading('tls: {mode: off}\nhttp: {port: 3333}');
  to('tls: {mode: off, hsts: 5}\nhttp: {port: 4444}');
  const [info, warning] = to('tls: {mode: auto, hsts: 6}\nhttp: {port: 4444}');
  assert.deepEqual(info?.applied, []);
  assert.deepEqual(warning?.needRestart, ['http.port', 'tls.hsts', 'tls.mode']);
  assert.deepEqual(applied, ['tls.hsts']);
  assert.equal(to('tls: {mode: off, hsts: 6}\nhttp: {port: 3333}').length, 1);
});

test('a mistake leaves everything as it was', () => {
  const { to, applied } = reloading('limits: {viewers: 5}');
  const [error] = to(new StartError('millrace.yaml:3:1: there is no key "veiwers".'));
  assert.match(error?.msg ?? '', /stays as it was: millrace\.yaml:3:1/);
  assert.deepEqual(applied, []);
  to('limits: {viewers: 6}');
  assert.deepEqual(applied, ['limits']);
});
