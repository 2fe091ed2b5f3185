/** The server's size over time, from outside and inside, and whether it stays. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { TestServer } from '../../test/interop/server.ts';
import { percentile, round } from '../statistics.ts';
import type { Figure } from '../viewers-run.ts';
import type { ProbeLine } from './probe.ts';

export type Sample = { readonly atMs: number; readonly values: Readonly<Record<string, number>> };

/** How much more the last minutes may have than the first ones: a share and a constant. */
type Room = {
  readonly unit: string;
  readonly scale: number;
  readonly share: number;
  readonly plus: number;
};

const MB = 1e-6;
/** The load is random, so counts of live things move; memory follows them. */
const ROOMS: Readonly<Record<string, Room>> = {
  rss: { unit: 'MB', scale: MB, share: 0.1, plus: 10 },
  fds: { unit: '', scale: 1, share: 0.25, plus: 10 },
  threads: { unit: '', scale: 1, share: 0, plus: 1 },
  viewers: { unit: '', scale: 1, share: 0.3, plus: 5 },
  streams: { unit: '', scale: 1, share: 0.3, plus: 5 },
  'control-heap': { unit: 'MB', scale: MB, share: 0.1, plus: 3 },
  'control-external': { unit: 'MB', scale: MB, share: 0.1, plus: 3 },
  'control-handles': { unit: '', scale: 1, share: 0.25, plus: 10 },
  'media-heap': { unit: 'MB', scale: MB, share: 0.1, plus: 3 },
  'media-external': { unit: 'MB', scale: MB, share: 0.25, plus: 8 },
  'media-handles': { unit: '', scale: 1, share: 0.25, plus: 10 },
  dtls: { unit: '', scale: 1, share: 0.3, plus: 10 },
  srtp: { unit: '', scale: 1, share: 0.3, plus: 10 },
  arenas: { unit: '', scale: 1, share: 0.3, plus: 6 },
};

/** What must be exactly as before anybody came, once everybody has gone. */
const DRAINED = ['viewers', 'streams', 'dtls', 'srtp', 'arenas'];
/** HTTP connections that are kept alive, the transcoder's pipes. */
const FDS_ROOM = 8;
const HANDLES_ROOM = 8;

/** From outside: the process, its files, its streams. */
export async function sampleOutside(server: TestServer): Promise<Sample> {
  const pid = server.child.pid ?? 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  const streams = await server.streams();
  return {
    atMs: Date.now(),
    values: {
      rss: number('VmRSS') * 1024,
      threads: number('Threads'),
      fds: readdirSync(`/proc/${pid}/fd`).length,
      streams: streams.length,
      viewers: streams.reduce((sum, { viewers }) => sum + viewers.length, 0),
    },
  };
}

/** From inside: what the probe has written. */
export function readProbe(file: string): Sample[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((text) => {
    const { atMs, thread, heapBytes, externalBytes, handles, native } = JSON.parse(
      text,
    ) as ProbeLine;
    const own = {
      [`${thread}-heap`]: heapBytes,
      [`${thread}-external`]: externalBytes,
      [`${thread}-handles`]: handles,
    };
    // The control plane makes no native objects.
    return { atMs, values: thread === 'media' ? { ...own, ...native } : own };
  });
}

export type Span = { readonly fromMs: number; readonly toMs: number };

function medianOf(samples: readonly Sample[], name: string, { fromMs, toMs }: Span): number {
  const values = samples
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .flatMap(({ values }) => values[name] ?? []);
  return percentile(values, 50);
}

/** What is not flat from `first` to `last`; and the figures of both. */
export function compare(
  samples: readonly Sample[],
  first: Span,
  last: Span,
): { readonly figures: Figure[]; readonly faults: string[] } {
  const figures: Figure[] = [];
  const faults: string[] = [];
  for (const [name, { unit, scale, share, plus }] of Object.entries(ROOMS)) {
    const before = medianOf(samples, name, first) * scale;
    const after = medianOf(samples, name, last) * scale;
    figures.push({ name: `${name}-first`, value: round(before), unit });
    figures.push({ name: `${name}-last`, value: round(after), unit });
    if (!(after <= before * (1 + share) + plus)) {
      faults.push(`${name} went from ${round(before)} to ${round(after)} ${unit}`.trimEnd());
    }
  }
  return { figures, faults };
}

/** What is still there after everybody has gone. */
export function leftovers(empty: readonly Sample[], drained: readonly Sample[]): string[] {
  const everything: Span = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
  const latest = (name: string) =>
    drained.findLast(({ values }) => name in values)?.values[name] ?? Number.NaN;
  const faults = DRAINED.filter((name) => latest(name) !== 0).map(
    (name) => `${latest(name)} ${name} left after everybody had gone`,
  );
  for (const [name, room] of [
    ['fds', FDS_ROOM],
    ['control-handles', HANDLES_ROOM],
    ['media-handles', HANDLES_ROOM],
  ] as const) {
    const before = medianOf(empty, name, everything);
    if (!(latest(name) <= before + room))
      faults.push(`${latest(name)} ${name} after everybody had gone, ${before} before`);
  }
  return faults;
}
