/** What a viewer gets: from drawn to shown in Chromium through our player, and how soon after joining. */
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, figuresOf, type ViewerPage } from '../test/interop/chromium.ts';
import { ClockSource } from '../test/interop/clock-source.ts';
import { DatachannelPublisher } from '../test/interop/datachannel-publisher.ts';
import { DirectPair } from './direct-pair.ts';
import { appendResult, print, printTable, type Result } from './results.ts';
import { startMillrace } from './servers/millrace.ts';
import type { Server } from './servers/server.ts';
import { percentile, round } from './statistics.ts';
import type { Figure } from './viewers-run.ts';

export type GlassOptions = {
  /** Length of the measured window. */
  readonly seconds: number;
  /** How often a viewer joins, each time at a random place of the GOP. */
  readonly joins: number;
};

type Publisher = { stop(): Promise<unknown> };

const GOP_SECONDS = 2;
/** The player's buffer has found its size by then. */
const SETTLE_MS = 5000;
/** At 30 fps, less would mean that the machine was too busy to measure anything. */
const FRAMES_SHARE_MIN = 0.9;
const FPS = 30;
const PUBLISH_TIMEOUT_MS = 10_000;
const GLASS_MEDIAN = 'glass-to-glass-p50';

/** @returns whether every run was valid */
export async function measureGlass(options: GlassOptions): Promise<boolean> {
  print(`glass to glass with no server between, ${options.seconds} s ...`);
  const direct = await runDirect(options);
  appendResult(direct);
  const results: Result[] = [direct];
  for (const protocol of ['whip', 'rtmp'] as const) {
    print(`glass to glass from ${protocol}, ${options.seconds} s and ${options.joins} joins ...`);
    const result = above(direct, await runGlass(protocol, options));
    appendResult(result);
    results.push(result);
  }
  print('');
  printTable(results);
  return results.every((result) => result.void.length === 0);
}

async function runDirect(options: GlassOptions): Promise<Result> {
  const chromium = await Chromium.start({ autoplay: 'allowed' });
  let pair: DirectPair | undefined;
  try {
    pair = await DirectPair.start(chromium, GOP_SECONDS);
    await pair.page.waitForPicture(PUBLISH_TIMEOUT_MS);
    await pair.page.listen();
    const { figures, faults } = await watch(pair.page, options.seconds);
    return {
      bench: 'glass',
      server: 'none',
      version: '',
      publish: 'whip',
      view: 'direct',
      figures,
      void: faults,
      warnings: [],
      ratioToJanusUdp: undefined,
    };
  } finally {
    await pair?.stop();
    await chromium.close();
  }
}

/** What the server's being there costs, in the same run. */
function above(direct: Result, result: Result): Result {
  const medianOf = ({ figures }: Result) =>
    figures.find(({ name }) => name === GLASS_MEDIAN)?.value ?? Number.NaN;
  const added = figure('above-no-server-p50', medianOf(result) - medianOf(direct));
  return { ...result, figures: [...result.figures, added] };
}

async function runGlass(protocol: 'whip' | 'rtmp', options: GlassOptions): Promise<Result> {
  const server = await startMillrace({ core: undefined, publish: protocol, view: 'tcp' });
  const chromium = await Chromium.start({ autoplay: 'allowed' });
  let publisher: Publisher | undefined;
  try {
    publisher = await publish(server);
    const page = await chromium.open(server.pageUrl(0));
    await page.waitForPicture(PUBLISH_TIMEOUT_MS);
    await page.listen();
    const { figures, faults } = await watch(page, options.seconds);
    await page.page.close();
    const firstPictures = await joinRepeatedly(chromium, server, options.joins);
    return {
      bench: 'glass',
      server: server.name,
      version: server.version,
      publish: protocol,
      view: 'tcp',
      figures: [
        ...figures,
        figure('first-picture-p50', percentile(firstPictures, 50)),
        figure('first-picture-max', Math.max(...firstPictures)),
      ],
      void: faults,
      warnings: [],
      ratioToJanusUdp: undefined,
    };
  } finally {
    await publisher?.stop();
    await chromium.close();
    await server.stop();
  }
}

async function publish(server: Server): Promise<Publisher> {
  const target = server.publishTarget(0);
  if (target.protocol === 'rtmp') {
    return new ClockSource({ gopSeconds: GOP_SECONDS, output: { rtmp: target.url } });
  }
  if (target.protocol !== 'whip') throw new Error(`no picture for ${target.protocol}`);
  const key = target.bearer ?? '';
  return DatachannelPublisher.start({ url: target.url, key, gopSeconds: GOP_SECONDS });
}

async function watch(
  page: ViewerPage,
  seconds: number,
): Promise<{ figures: Figure[]; faults: string[] }> {
  await delay(SETTLE_MS);
  const watched = await page.watch(seconds * 1000);
  const latencies = watched.frames.map(({ latencyMs }) => latencyMs);
  const faults =
    latencies.length < FRAMES_SHARE_MIN * FPS * seconds
      ? [`only ${latencies.length} frames could be read in ${seconds} s`]
      : [];
  return {
    figures: [
      figure(GLASS_MEDIAN, percentile(latencies, 50)),
      figure('glass-to-glass-p95', percentile(latencies, 95)),
      figure('sound-after-picture-p50', figuresOf(watched).soundLateMs),
      { name: 'frames-shown', value: round(latencies.length / seconds), unit: '/s' },
    ],
    faults,
  };
}

/** Time from the WHEP answer to the first picture on the screen, in fresh pages. */
async function joinRepeatedly(
  chromium: Chromium,
  server: Server,
  joins: number,
): Promise<number[]> {
  const timesMs: number[] = [];
  for (let join = 0; join < joins; join++) {
    await delay(Math.random() * GOP_SECONDS * 1000);
    const viewer = await chromium.open(server.pageUrl(0));
    await viewer.waitForPicture(PUBLISH_TIMEOUT_MS);
    const [first] = (await viewer.since(0)).frames;
    const answeredMs = await viewer.page.evaluate<number>(
      `performance.timeOrigin + performance.getEntriesByType('resource')
        .filter(({ name, initiatorType }) => initiatorType === 'fetch' && name.includes('/whep')).at(-1).responseEnd`,
    );
    timesMs.push((first?.shownMs ?? Number.NaN) - answeredMs);
    await viewer.page.close();
  }
  return timesMs;
}

function figure(name: string, value: number): Figure {
  return { name, value: round(value), unit: 'ms' };
}
