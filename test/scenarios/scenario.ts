/** Scenarios as tests: each runs under several seeds; one that fails says which, and can be run again under it. */
import { test } from 'node:test';
import { MediaWorld } from './media-world.ts';

/** `SCENARIO_SEED=17` runs that seed alone; `SCENARIO_SEEDS=100` sweeps the first hundred. */
const ONE_SEED = process.env['SCENARIO_SEED'];
const SEEDS = Number(process.env['SCENARIO_SEEDS'] ?? 2);

/** Runs a scenario to its end, checks included. */
export function play(seed: number, run: (world: MediaWorld) => void): MediaWorld {
  const world = new MediaWorld(seed);
  try {
    run(world);
    world.end();
  } catch (error) {
    const { message } = error as Error;
    const broken = world.violations.slice(0, 3).map((text) => `\n  ${text}`);
    throw new Error(`SCENARIO_SEED=${seed} at ${world.nowMs} ms: ${message}${broken.join('')}`, {
      cause: error,
    });
  }
  return world;
}

export function scenario(name: string, run: (world: MediaWorld) => void): void {
  const seeds = ONE_SEED ? [Number(ONE_SEED)] : Array.from({ length: SEEDS }, (_, i) => i + 1);
  test(name, () => {
    for (const seed of seeds) play(seed, run);
  });
}
