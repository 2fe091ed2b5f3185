/** What a graph shows of a stream's bit rate. */
import type { StreamSample } from '../../../../src/api/figures.ts';

export type Sample = { readonly atMs: number; readonly bps: number };

/** What a graph shows of time at most: as much as the server keeps. */
export const GRAPH_MS = 600_000;
/** And at least, or the first seconds would look like an earthquake. */
const GRAPH_MS_MIN = 120_000;
/** Events make the page look more often than a graph has room for. */
const STEP_MS = 3_000;

/** What the server has noted, and then what the page has seen since. */
export function fromHistory(
  history: readonly StreamSample[],
  seen: readonly Sample[],
): readonly Sample[] {
  const noted = history.map(({ at, receivedBps }) => ({ atMs: Date.parse(at), bps: receivedBps }));
  const lastMs = noted.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  return [...noted, ...seen.filter(({ atMs }) => atMs > lastMs)];
}

/** One more; what is too old for the graph goes. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.atMs - last.atMs < STEP_MS) return samples;
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= GRAPH_MS), sample];
}

/** How much of time there is to show. */
export function spanOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0]?.atMs ?? 0, samples.at(-1)?.atMs ?? 0];
  return Math.min(Math.max(last - first, GRAPH_MS_MIN), GRAPH_MS);
}
