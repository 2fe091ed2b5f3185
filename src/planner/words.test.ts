import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { measure } from './measure.ts';
import { type PlanInput, plan } from './plan.ts';
import { rowsOf } from './words.ts';

const input: PlanInput = {
  ...{ gathering: { kind: 'solo', viewers: 5 }, videoKbps: 2000, audioKbps: 256 },
  ...{ hoursPerDay: 4, daysPerMonth: 20, publish: 'whip', view: 'tcp' },
  offer: { allowanceGb: 1000 },
};

test('the words are those of the guide', () => {
  const guide = readFileSync('docs/guide/bandwidth.md', 'utf8');
  for (const [name, value] of rowsOf(plan(input), input)) {
    assert.ok(guide.includes(`${name.padEnd(10)} ${value}`), `${name} ${value}`);
  }
});

test('a price and a line stand there where they are known', () => {
  const offer = { pricePerMonth: 5, linkMbps: 100 };
  const rows = new Map(rowsOf(plan({ ...input, offer }), { ...input, offer }));
  assert.equal(rows.get('price'), '5.00 a month');
  assert.equal(rows.get('going out'), '11.28 Mbit/s, 12 % of the line');
});

test('what goes on is weighed by who watches', () => {
  const stream = (videoBps: number, viewers: number, protocol = 'whip') => ({
    publisher: { protocol, video: { bitrateBps: videoBps }, audio: null },
    viewers: Array.from({ length: viewers }, () => ({})),
  });
  assert.equal(measure([{ publisher: null, viewers: [{}] }]), undefined);
  assert.deepEqual(measure([stream(1_000_000, 1), stream(4_000_000, 2, 'rtmp')]), {
    gathering: { kind: 'custom', incoming: 2, outgoing: 3 },
    media: { videoKbps: 3000, audioKbps: 0, publish: 'rtmp' },
  });
  assert.equal(measure([stream(1_000_000, 0), stream(3_000_000, 0)])?.media.videoKbps, 2000);
});
