/** What the server and its streams do over time: for the dashboard's graphs. */
import { type ServerFigures, serverFigures, streamHistory } from '../../../api/figures.ts';
import { diskSpaceOf } from '../../events/disk-space.ts';
import { Machine, memoryNow } from '../../figures/machine.ts';
import type { Sampler } from '../../figures/sampler.ts';
import type { MediaGate } from '../../signalling.ts';
import { type Route, route } from '../route.ts';

export type FigureDeps = {
  readonly media: Pick<MediaGate, 'stats'>;
  readonly sampler: Pick<Sampler, 'history' | 'egress'>;
  /** As configured; 0 for none. */
  readonly egressLimits: () => { readonly bps: number; readonly bytesPerMonth: number };
  /** Whose disk is looked at. */
  readonly stateFolder: string;
};

export function figureRoutes(deps: FigureDeps): Route[] {
  const machine = new Machine();
  return [
    route({
      method: 'GET',
      path: '/streams/:app/:stream/history',
      who: 'streams.read',
      tag: 'streams',
      summary: 'Bit rates and viewers of a stream over the last ten minutes',
      notes: 'One of which nothing is known has no samples.',
      answer: streamHistory,
      serve: ({ params }) => ({
        samples: [...deps.sampler.history(`${params.app}/${params.stream}`)],
      }),
    }),
    route({
      method: 'GET',
      path: '/server/figures',
      who: 'streams.read',
      tag: 'server',
      summary: 'CPU, memory, disk, and what goes out to viewers: now, and this month',
      answer: serverFigures,
      serve: () => figuresOf(deps, machine),
    }),
  ];
}

async function figuresOf(deps: FigureDeps, machine: Machine): Promise<ServerFigures> {
  const [streams, cpu, disk] = await Promise.all([
    deps.media.stats(),
    machine.cpu(),
    diskSpaceOf(deps.stateFolder).catch(() => null),
  ]);
  const viewers = streams.flatMap((stream) => stream.viewers);
  const publishers = streams.flatMap(({ publisher }) => publisher ?? []);
  const { days, monthBytes } = deps.sampler.egress();
  const { bps, bytesPerMonth } = deps.egressLimits();
  return {
    cpu,
    memory: memoryNow(),
    disk,
    streams: streams.filter(({ live }) => live).length,
    viewers: viewers.length,
    receivedBps: sum(
      publishers.map(({ video, audio }) => (video?.bitrateBps ?? 0) + (audio?.bitrateBps ?? 0)),
    ),
    egress: {
      nowBps: sum(viewers.map(({ bitrateBps }) => bitrateBps)),
      limitBps: bps === 0 ? null : bps,
      monthBytes,
      monthLimitBytes: bytesPerMonth === 0 ? null : bytesPerMonth,
      days,
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
