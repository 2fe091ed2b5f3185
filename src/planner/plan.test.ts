import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BENCHMARK, type PlanInput, plan, streamsOf } from './plan.ts';

const yardstick = {
  videoKbps: 2000,
  audioKbps: 256,
  hoursPerDay: 4,
  daysPerMonth: 20,
  publish: 'whip',
  view: 'tcp',
  offer: {},
} as const satisfies Omit<PlanInput, 'gathering'>;

function near(actual: number, expected: number, digits: number): void {
  assert.equal(actual.toFixed(digits), expected.toFixed(digits));
}

test('five viewers, four hours on twenty days', () => {
  const result = plan({ ...yardstick, gathering: { kind: 'solo', viewers: 5 } });
  near(result.incomingMbps, 2.256, 3);
  near(result.outgoingMbps, 11.28, 2);
  near(result.gbPerDay * 8, 162.432, 3);
  near(result.gbPerMonth, 406.08, 2);
  assert.deepEqual(result.warnings, []);
});

test('a call of eight is 64 copies, or 56 where nobody gets his own picture back', () => {
  const call = { kind: 'call', people: 8 } as const;
  assert.deepEqual(streamsOf({ ...call, ownPictureBack: true }), { incoming: 8, outgoing: 64 });
  assert.deepEqual(streamsOf({ ...call, ownPictureBack: false }), { incoming: 8, outgoing: 56 });
  const input = { ...yardstick, gathering: { ...call, ownPictureBack: true } };
  near(plan(input).outgoingMbps, 144.384, 3);
  near(plan(input).gbPerHour, 64.97, 2);
});

test('an event is one stream in and one out for each streamer and producer', () => {
  const streams = streamsOf({ kind: 'event', streamers: 6, producers: 1 });
  assert.deepEqual(streams, { incoming: 6, outgoing: 6 });
});

test('what does not fit is said, with what to change', () => {
  const input: PlanInput = {
    ...yardstick,
    gathering: { kind: 'solo', viewers: 500 },
    offer: { allowanceGb: 1000, pricePerMonth: 5, linkMbps: 1000, cores: 1, pricePerExtraGb: 0.01 },
  };
  const result = plan({ ...input, videoKbps: 4000 });
  assert.equal(result.warnings.length, 3);
  assert.match(result.warnings[0] ?? '', /after 0 of 20 days/);
  assert.match(result.warnings[1] ?? '', /line of 1000 Mbit\/s/);
  assert.match(result.warnings[2] ?? '', /processor/);
  const extraGb = result.gbPerMonthOnWire - 1000;
  near(result.pricePerMonth ?? 0, 5 + extraGb * 0.01, 6);
});

test('a price is not guessed', () => {
  const offer = { allowanceGb: 100, pricePerMonth: 5 };
  const input = { ...yardstick, gathering: { kind: 'solo', viewers: 5 }, offer } as const;
  assert.equal(plan(input).pricePerMonth, undefined, 'beyond the allowance, at no known price');
  const enough = { ...offer, allowanceGb: 1000 };
  assert.equal(plan({ ...input, offer: enough }).pricePerMonth, 5);
});

test('a host that counts both ways', () => {
  const gathering = { kind: 'event', streamers: 4, producers: 1 } as const;
  const out = plan({ ...yardstick, gathering });
  const both = plan({ ...yardstick, gathering, offer: { countsIncoming: true } });
  near(both.gbPerMonth, out.gbPerMonth * 2, 9);
});

test('the CPU figures are those of the benchmark', () => {
  const newest = (view: string): number | undefined =>
    readFileSync('bench/results.jsonl', 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ bench, server, publish, void: faults, ...result }) => {
        const isOurs = bench === 'viewers' && server === 'millrace' && publish === 'whip';
        return isOurs && result.view === view && faults.length === 0;
      })
      .at(-1)
      ?.figures.find(({ name }: { name: string }) => name === 'cpu').value;
  for (const view of ['tcp', 'udp'] as const) {
    const measured = newest(view);
    assert.ok(measured !== undefined);
    const claimed = BENCHMARK.viewerMs[view];
    assert.ok(claimed > measured / 2 && claimed < measured * 2, `${view}: ${claimed}, ${measured}`);
  }
});
