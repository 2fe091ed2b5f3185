import assert from 'node:assert/strict';
import { test } from 'node:test';
import { camel, toConfig } from '../../../../src/control/config/config.ts';
import type { AnyKey } from '../../../../src/control/config/keys.ts';
import { keys } from '../../../../src/control/config/keys.ts';
import { isProblem } from '../../../../src/control/config/kinds.ts';
import { findMistake } from '../../../../src/control/config/stored-settings.ts';
import { changesIn, GROUPS, sayChoice, sayMistake, typedValue } from './settings.ts';

const known: Readonly<Record<string, AnyKey>> = keys.apps.each;
const shown = GROUPS.flatMap(({ settings }) => settings);

test('every setting that the API takes is on the page, once', () => {
  // Streams have a list of their own, secrets stand in the configuration.
  const settable = Object.entries(known).filter(
    ([name, { isSecret }]) => !isSecret && name !== 'slots',
  );
  assert.deepEqual(
    shown.map(({ key }) => key).toSorted(),
    settable.map(([name]) => name).toSorted(),
  );
});

test('what can be chosen is what the server takes, all of it', () => {
  for (const { key, control } of shown) {
    const { read, kind, initial } = known[key] as AnyKey;
    if (control.kind === 'flag') assert.equal(typeof initial, 'boolean', key);
    if (control.kind === 'number') {
      assert.ok(!isProblem(read(control.max)), key);
      assert.ok(isProblem(read(control.max + 1)), key);
    }
    if (control.kind !== 'choice' && control.kind !== 'words') continue;
    const isMany = control.kind === 'words';
    for (const { value } of control.options) {
      assert.ok(!isProblem(read(isMany ? [value] : value)), `${key}: ${value}`);
    }
    const words = [...kind.matchAll(/`([\w.]+)`/g)].map(([, word]) => word);
    assert.deepEqual(control.options.map(({ value }) => value).toSorted(), words.toSorted(), key);
  }
});

test('what holds by itself can be shown', () => {
  const { appDefaults } = toConfig(new Map());
  for (const { key, control } of shown) {
    const value = (appDefaults as unknown as Record<string, unknown>)[camel(key)];
    if (control.kind === 'choice') assert.notEqual(sayChoice(key, value), value, key);
    else if (control.kind === 'words' || control.kind === 'lines') assert.ok(Array.isArray(value));
  }
});

test('what is typed is what the API takes', () => {
  assert.deepEqual(typedValue({ kind: 'lines', placeholder: '' }, ' Mon 18:00-20:00 \n\n'), [
    'Mon 18:00-20:00',
  ]);
  assert.equal(typedValue({ kind: 'number', max: 9 }, '4'), 4);
  assert.ok(Number.isNaN(typedValue({ kind: 'number', max: 9 }, ' ')));
  assert.equal(typedValue({ kind: 'text', placeholder: '' }, ' UTC '), 'UTC');
});

test('only what was changed is sent', () => {
  const before = { viewing: 'public', protocols: ['rtmp', 'whip'], closed: false };
  assert.deepEqual(changesIn(before, { ...before, protocols: ['rtmp', 'whip'] }), {});
  assert.deepEqual(changesIn(before, { ...before, viewing: 'link', closed: true }), {
    viewing: 'link',
    closed: true,
  });
});

test('what the server does not take is said in the words of the page', () => {
  const settings = { opening_hours: ['whenever. It must be'] };
  const message = findMistake(settings) ?? '';
  assert.match(message, /^opening_hours is /);
  assert.equal(
    sayMistake(message),
    '“Opening hours” must be a list of days and times, such as ["Mon-Fri 18:00-23:00", "Sat 14:00-02:00"].',
  );
  assert.equal(sayMistake('The database is full.'), 'The database is full.');
});
