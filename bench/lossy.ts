/** What a viewer sees while the path between him and the server is bad, in Chromium, on the network of test/lab. */
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type ViewerPage } from '../test/interop/chromium.ts';
import { ClockSource } from '../test/interop/clock-source.ts';
import { startPublisher } from '../test/interop/publisher-process.ts';
import { type Change, type Lab, openLab, type Side } from '../test/lab/network.ts';
import { type Seen, seenIn, wellAfter } from '../test/lab/seen.ts';
import { LabServer } from '../test/lab/server.ts';
import { appendResult, print, type Result } from './results.ts';
import { round } from './statistics.ts';
import type { Figure } from './viewers-run.ts';

export type LossyOptions = {
  readonly seconds: number;
  readonly seed: number;
  /** Which of {@link CONDITIONS}. */
  readonly only: readonly string[];
  readonly transports: readonly ('tcp' | 'udp')[];
};

type Condition = {
  /** Undefined: a cut. */
  readonly change?: Change;
  /** For how long, where not for as long as asked. */
  readonly cutMs?: number;
  readonly videoKbps: number;
  /** Over the bad path goes the viewer, or the publisher. */
  readonly bad: 'viewer' | 'publisher';
};

const USUAL_KBPS = 2000;
const THIN_KBPS = 2150; // with its sound 2.3 Mbit/s

export const CONDITIONS: Readonly<Record<string, Condition>> = {
  clean: { change: {}, videoKbps: USUAL_KBPS, bad: 'viewer' },
  'loss-2': { change: { down: { loss: 0.02 } }, videoKbps: USUAL_KBPS, bad: 'viewer' },
  'loss-5': { change: { down: { loss: 0.05 } }, videoKbps: USUAL_KBPS, bad: 'viewer' },
  'delay-200': { change: { down: { delayMs: 200 } }, videoKbps: USUAL_KBPS, bad: 'viewer' },
  wifi: {
    change: {
      down: { delayMs: 10, jitterMs: 40, loss: 0.01, reorder: 0.01 },
      up: { jitterMs: 20 },
    },
    videoKbps: USUAL_KBPS,
    bad: 'viewer',
  },
  /** 3 Mbit/s for a stream of 4, with room for 175 ms in the queue. */
  'cap-3M': { change: { down: { rateBps: 3e6 } }, videoKbps: 4000, bad: 'viewer' },
  /** Less than a stream of 2.3 Mbit/s, much or a little, and just more. */
  'cap-1M': { change: { down: { rateBps: 1e6 } }, videoKbps: THIN_KBPS, bad: 'viewer' },
  'cap-2M': { change: { down: { rateBps: 2e6 } }, videoKbps: THIN_KBPS, bad: 'viewer' },
  'cap-3M-enough': { change: { down: { rateBps: 3e6 } }, videoKbps: THIN_KBPS, bad: 'viewer' },
  'cut-3s': { cutMs: 3000, videoKbps: USUAL_KBPS, bad: 'viewer' },
  'publisher-loss-2': { change: { up: { loss: 0.02 } }, videoKbps: USUAL_KBPS, bad: 'publisher' },
};
const CLEAN: Change = {
  down: { loss: 0, delayMs: 0, jitterMs: 0, reorder: 0, rateBps: 0 },
  up: { loss: 0, delayMs: 0, jitterMs: 0, reorder: 0, rateBps: 0 },
};

const GOP_SECONDS = 2;
const SETTLE_MS = 4000;
const BEFORE_MS = 4000;
const AFTER_MS = 10_000;
/** Of the time after, when all should be well. */
const END_MS = 3000;
const STREAM = 'lab/clock';

/** @returns whether every run was valid */
export async function measureLossy(options: LossyOptions): Promise<boolean> {
  const results: Result[] = [];
  for (const name of options.only) {
    const condition = CONDITIONS[name]!;
    // A publisher's loss is the same whatever the viewers have.
    const transports = condition.bad === 'publisher' ? (['tcp'] as const) : options.transports;
    for (const transport of transports) {
      const result = await runOne(name, condition, transport, options);
      appendResult(result);
      results.push(result);
      printRow(result, results.length === 1);
    }
  }
  return results.every((result) => result.void.length === 0);
}

async function runOne(
  name: string,
  condition: Condition,
  transport: 'tcp' | 'udp',
  { seed, seconds }: LossyOptions,
): Promise<Result> {
  await using lab = await openLab({ seed });
  await using server = await LabServer.start(lab);
  await using _source = await publish(lab, server, condition);
  const side: Side = condition.bad === 'viewer' ? 'client' : 'server';
  await using chromium = await Chromium.start({
    autoplay: 'allowed',
    inside: lab.inside(side),
    secureOrigin: server.origin,
  });
  const page = await chromium.open(server.page(STREAM, `?transport=${transport}`));
  await page.waitForPicture();
  await page.listen();
  await delay(SETTLE_MS);
  const { figures, faults } = await watch(lab, page, condition, seconds * 1000);
  const viewer = (await server.stream(STREAM))?.viewers[0];
  const drops = Object.values(viewer?.drops ?? {}).reduce((sum, count) => sum + count, 0);
  return {
    bench: 'lossy',
    server: 'millrace',
    version: '',
    publish: condition.bad === 'publisher' ? 'whip' : 'rtmp',
    view: `${transport} ${name}`,
    figures: [...figures, { name: 'frames-dropped', value: drops, unit: '' }],
    void: faults,
    warnings: [],
    ratioToJanusUdp: undefined,
  };
}

function publish(
  lab: Lab,
  server: LabServer,
  { bad, videoKbps }: Condition,
): Promise<AsyncDisposable> {
  if (bad === 'publisher') {
    const target = {
      url: server.whip(STREAM),
      key: server.key,
      gopSeconds: GOP_SECONDS,
      videoKbps,
    };
    return startPublisher(target, lab.inside('client'));
  }
  const output = { rtmp: server.rtmpUrl(STREAM) };
  const inside = lab.inside('server');
  return Promise.resolve(new ClockSource({ gopSeconds: GOP_SECONDS, videoKbps, output, inside }));
}

async function watch(
  lab: Lab,
  page: ViewerPage,
  { change, cutMs }: Condition,
  durationMs: number,
): Promise<{ figures: Figure[]; faults: string[] }> {
  const startMs = Date.now();
  await delay(BEFORE_MS);
  const countsBefore = (await lab.counts()).down.packets;
  const badMs = Date.now();
  if (cutMs === undefined) lab.change(change ?? {});
  else lab.cut(cutMs);
  await delay(cutMs ?? durationMs);
  lab.change(CLEAN);
  const goodMs = Date.now();
  await delay(AFTER_MS - END_MS);
  const buffered = await bufferOf(page);
  await delay(END_MS);
  const bufferMs = heldFor(buffered, await bufferOf(page));
  const watched = await page.since(startMs);
  const endMs = Date.now();
  const before = seenIn(watched, { fromMs: startMs, toMs: badMs });
  const during = seenIn(watched, { fromMs: badMs, toMs: goodMs });
  const whole = seenIn(watched, { fromMs: badMs, toMs: endMs });
  const end = seenIn(watched, { fromMs: endMs - END_MS, toMs: endMs });
  const well = wellAfter(watched, { fromMs: goodMs, toMs: endMs }, before.latencyMs);
  return {
    figures: [
      figure('latency-before', before.latencyMs, 'ms'),
      figure('latency-during', during.latencyMs, 'ms'),
      figure('latency-during-p95', during.latencyP95Ms, 'ms'),
      figure('latency-end', end.latencyMs, 'ms'),
      figure('buffer-end', bufferMs, 'ms'),
      figure('frames-during', during.framesPerSecond, '/s'),
      figure('freezes', whole.freezes, ''),
      figure('frozen', whole.frozenMs, 'ms'),
      figure('longest-freeze', whole.longestMs, 'ms'),
      figure('well-after', well ?? Number.NaN, 'ms'),
      ...soundFigures(before, during, end),
      figure('packets', (await lab.counts()).down.packets - countsBefore, ''),
    ],
    faults:
      before.freezes > 0 ? [`the picture froze ${before.freezes} times on the clean path`] : [],
  };
}

type Held = { readonly delaySeconds: number; readonly frames: number };

/** The browser's own: what it waits for is not what the server or the path keep back. */
async function bufferOf(page: ViewerPage): Promise<Held> {
  const inbound = await page.inbound('video');
  return {
    delaySeconds: inbound?.jitterBufferDelay ?? Number.NaN,
    frames: inbound?.jitterBufferEmittedCount ?? Number.NaN,
  };
}

/** How long a frame stayed in it, on average between two looks. */
function heldFor(before: Held, after: Held): number {
  return (1000 * (after.delaySeconds - before.delaySeconds)) / (after.frames - before.frames);
}

function soundFigures(before: Seen, during: Seen, end: Seen): Figure[] {
  return [
    figure('sound-late-before', before.soundLateMs, 'ms'),
    figure('sound-late-during', during.soundLateMs, 'ms'),
    figure('sound-late-end', end.soundLateMs, 'ms'),
  ];
}

/** NaN, which JSON does not know, becomes null there: it never happened. */
function figure(name: string, value: number, unit: string): Figure {
  return { name, value: round(value), unit };
}

const COLUMN = 9;

/** A line a run, as soon as it has ended; the columns' names over the first. */
function printRow({ publish, view, figures, void: faults }: Result, withHead: boolean): void {
  const title = `${publish} > ${view}`.padEnd(30);
  if (withHead) {
    const words = figures.map(({ name }) => name.split('-'));
    for (let line = 0; line < Math.max(...words.map(({ length }) => length)); line++) {
      print(''.padEnd(30) + words.map((word) => (word[line] ?? '').padStart(COLUMN)).join(''));
    }
  }
  print(
    title +
      figures
        .map(({ value }) =>
          String(Number.isNaN(value) ? 'never' : Math.round(value)).padStart(COLUMN),
        )
        .join(''),
  );
  for (const fault of faults) print(`  VOID: ${fault}`);
}
