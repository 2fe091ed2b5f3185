/** What a graph shows of a stream's bit rate. */
import type { StreamSample } from '../../../../src/api/figures.ts';

export type Sample = { readonly atMs: number; readonly bps: number };

/** What a graph shows of time at most: as much as the server keeps. */
export const GRAPH_MS = 600_000;
/** And at least, or the first seconds would look like an earthquake. */
const GRAPH_MS_MIN = 120_000;
/** Events make the page look more often than a graph has room for. */
const STEP_MS = 3_000;

/** The server notes something every five seconds while a stream is on: where this is missing, it was not. */
const GAP_MS = 20_000;

/** What the server has noted, with what the page has seen before (of a server that forgot it) and since. */
export function fromHistory(
  history: readonly StreamSample[],
  seen: readonly Sample[],
): readonly Sample[] {
  const noted = history.map(({ at, receivedBps }) => ({ atMs: Date.parse(at), bps: receivedBps }));
  const firstMs = noted[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const lastMs = noted.at(-1)?.atMs ?? Number.POSITIVE_INFINITY;
  return [
    ...seen.filter(({ atMs }) => atMs < firstMs),
    ...noted,
    ...seen.filter(({ atMs }) => atMs > lastMs),
  ];
}

/** Whether the page saw nothing for so long, as in the background, that the server is to be asked. */
export function wasAway(samples: readonly Sample[], nowMs: number): boolean {
  const last = samples.at(-1);
  return last !== undefined && nowMs - last.atMs > GAP_MS;
}

/** For a graph: its line ends where a stream did, and begins anew. */
export function linesOf(samples: readonly Sample[]): {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
} {
  const points = samples.flatMap(({ atMs, bps }, at) => {
    const beforeMs = samples[at - 1]?.atMs ?? atMs;
    const point: [number, number | null] = [atMs, bps];
    if (atMs - beforeMs <= GAP_MS) return [point];
    const gap: [number, number | null] = [(beforeMs + atMs) / 2, null];
    return [gap, point];
  });
  return { times: points.map(([ms]) => ms), values: points.map(([, bps]) => bps) };
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
