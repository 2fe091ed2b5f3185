/** Every target: its vectors and their beginnings, what once broke it, what reaches far into it, and mutations of it all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCorpus, readCrashes } from './corpus.ts';
import { problemOf } from './explore.ts';
import { fuzz, truncations } from './mutate.ts';
import { targets } from './targets/all.ts';

/** Of longer vectors, beginnings are tried in steps. */
const TRUNCATIONS_MAX = 400;

/** `2/3`: the second of three processes that share the targets. */
const [SHARE = 1, SHARES = 1] = process.env['FUZZ_SHARE']?.split('/').map(Number) ?? [];

for (const [index, [name, target]] of Object.entries(targets).entries()) {
  if (index % SHARES !== SHARE - 1) continue;
  test(`${name}: vectors, and every beginning of them`, () => {
    for (const vector of target.vectors()) {
      target.run(new Uint8Array(vector));
      const step = Math.ceil(vector.length / TRUNCATIONS_MAX);
      for (const beginning of truncations(vector)) {
        if (beginning.length % step === 0) target.run(beginning);
      }
    }
  });

  test(`${name}: what was found before`, () => {
    for (const { name: file, input } of readCrashes(name)) {
      assert.equal(problemOf(target, input), undefined, file);
    }
    for (const input of readCorpus(name)) {
      assert.equal(problemOf(target, input), undefined, Buffer.from(input).toString('hex'));
    }
  });

  test(`${name}: mutation`, () => {
    fuzz([...target.vectors(), ...readCorpus(name)], target.run);
  });
}
