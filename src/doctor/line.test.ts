import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineVerdict, type MeasuredLine } from './line.ts';

const GOOD: MeasuredLine = { upBps: 8_000_000, isMore: false, loss: 0, rttMs: 30 };

const cases: readonly (readonly [Partial<MeasuredLine>, string, RegExp])[] = [
  [{}, 'good', /^Your line carries about 8 Mbit\/s up: 1080p at 6000 kbit\/s is fine\.$/],
  [{ upBps: 12e6, isMore: true }, 'good', /carries at least 12 Mbit\/s up: 1080p at 6000/],
  [{ upBps: 6.1e6 }, 'good', /about 6 Mbit\/s up: 1080p at 4500/],
  [{ upBps: 3.4e6 }, 'good', /about 3 Mbit\/s up: 720p at 2500/],
  [{ upBps: 2.04e6 }, 'warning', /about 2 Mbit\/s up: 540p at 1500 kbit\/s is fine, not more\./],
  [{ upBps: 1.1e6 }, 'warning', /about 1\.1 Mbit\/s up: 360p at 800/],
  [{ upBps: 0.5e6 }, 'problem', /about 0\.5 Mbit\/s up: too little for a picture/],
  [{ upBps: 0 }, 'problem', /about 0 Mbit\/s up: too little/],
  [{ loss: 0.06 }, 'warning', /is fine\. But 6 % is lost on the way\. Use a cable/],
  [{ rttMs: 612 }, 'warning', /But it takes 612 ms there and back/],
];

for (const [change, state, sentence] of cases) {
  test(`a line: ${JSON.stringify(change)}`, () => {
    const verdict = lineVerdict({ ...GOOD, ...change });
    assert.equal(verdict.state, state);
    assert.match(verdict.sentence, sentence);
    const { advice } = verdict;
    if (advice) assert.ok(advice.videoBps < (change.upBps ?? GOOD.upBps) * 0.8);
  });
}
