import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { plan } from '../../../src/planner/plan.ts';
import { rowsOf } from '../../../src/planner/words.ts';
import {
  commandOf,
  type Form,
  formOf,
  INITIAL,
  inputOf,
  mistakesIn,
  queryOf,
  withMeasurement,
} from './form.ts';

function rows(form: Form): ReadonlyMap<string, string> {
  const input = inputOf(form);
  return new Map(rowsOf(plan(input), input));
}

test('five viewers, four hours on twenty days: the guide’s example, in the guide’s words', () => {
  const form: Form = { ...INITIAL, viewers: '5', allowance: '1000' };
  assert.deepEqual(mistakesIn(form), {});
  const guide = readFileSync('docs/guide/bandwidth.md', 'utf8');
  for (const [name, value] of rows(form)) {
    assert.ok(guide.includes(`${name.padEnd(10)} ${value}`), `${name} ${value}`);
  }
});

test('a call of eight is 64 copies and 144 Mbit/s; 56 where nobody gets their own picture back', () => {
  const call = rows({ ...INITIAL, kind: 'call' });
  assert.equal(call.get('streams'), '8 in, 64 out');
  assert.equal(call.get('going out'), '144.38 Mbit/s');
  assert.equal(call.get('an hour'), '64.97 GB');
  assert.equal(
    rows({ ...INITIAL, kind: 'call', ownPicture: false }).get('streams'),
    '8 in, 56 out',
  );
});

test('a hundred viewers of one stream are 101 GB an hour before headers', () => {
  assert.equal(rows(INITIAL).get('an hour'), '101.52 GB');
});

test('what is no number is said at its field, and only where it counts', () => {
  const wrong = mistakesIn({ ...INITIAL, viewers: 'many', hours: '25', people: '', allowance: '' });
  assert.deepEqual(Object.keys(wrong).toSorted(), ['hours', 'viewers']);
  assert.equal(wrong.hours, 'Write a number from 0 to 24.');
});

test('a plan goes into an address and comes back', () => {
  assert.equal(queryOf(INITIAL), '');
  const form: Form = { ...INITIAL, kind: 'call', people: '12', ownPicture: false, rtmp: true };
  assert.equal(queryOf(form), '?kind=call&people=12&ownPicture=0&rtmp=1');
  assert.deepEqual(formOf(queryOf(form)), form);
  const odd = formOf(`?kind=__proto__&viewers=${'9'.repeat(99)}&rtmp=yes&else=1`);
  assert.equal(odd.kind, 'solo');
  assert.equal(odd.rtmp, false);
  assert.ok(Object.keys(mistakesIn(odd)).includes('viewers'));
});

test('what is measured takes the place of what was typed', () => {
  const form = withMeasurement(INITIAL, {
    gathering: { kind: 'custom', incoming: 2, outgoing: 7 },
    media: { videoKbps: 2480.4, audioKbps: 128, publish: 'rtmp' },
  });
  assert.deepEqual(
    [form.kind, form.incoming, form.outgoing, form.video],
    ['custom', '2', '7', '2480'],
  );
  assert.equal(rows(form).get('streams'), '2 in, 7 out');
  assert.equal(commandOf(form), undefined);
});

test('the command for the terminal', () => {
  assert.equal(commandOf(INITIAL), 'millrace plan solo 100');
  const form: Form = {
    ...{ ...INITIAL, kind: 'event', streamers: '6', producers: '2', video: '3000', rtmp: true },
    ...{ udp: true, allowance: '1000', extraPrice: '0.01', bothWays: true, cores: '1' },
  };
  assert.equal(
    commandOf(form),
    'millrace plan event 6 --producers 2 --video 3000 --rtmp --udp --allowance 1000 --extra-price 0.01 --both-ways --cores 1',
  );
});
