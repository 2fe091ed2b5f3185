/** What a viewer sees of a stream with B-frames, for each way that the server may treat them; and of one without. */
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type Frame, type Inbound, type ViewerPage } from '../test/interop/chromium.ts';
import { ClockSource } from '../test/interop/clock-source.ts';
import { TestServer } from '../test/interop/server.ts';
import { appendResult, print, printTable, type Result } from './results.ts';
import { percentile, round } from './statistics.ts';
import type { Figure } from './viewers-run.ts';

export type BFrameOptions = {
  /** Length of each measured window. */
  readonly seconds: number;
  /** Which of {@link ENCODERS}; all of them when it is left out. */
  readonly only?: readonly string[];
};

/** What OBS sets for x264 (veryfast, CBR), and settings around it, with a keyframe each 2 s and as many B-frames as may be. */
const ENCODERS: Readonly<Record<string, readonly string[]>> = {
  'no B-frames': x264('bframes=0'),
  'bf=2': x264('bframes=2:b-adapt=0:b-pyramid=none'),
  'bf=3': x264('bframes=3:b-adapt=0:b-pyramid=none'),
  'bf=3 pyramid': x264('bframes=3:b-adapt=0:b-pyramid=normal'),
  // Three references: here P-frames build on reference B-frames.
  'bf=3 pyramid ref=3': x264('bframes=3:b-adapt=0:b-pyramid=normal:ref=3'),
  'bf=3 adaptive pyramid': x264('bframes=3:b-pyramid=normal'),
  // As graphics cards do it: one fixed pattern, one reference, no weights.
  'hardware IBBP': x264('bframes=2:b-adapt=0:b-pyramid=none:ref=1:weightp=0:rc-lookahead=0'),
};
const MODES = ['pass', 'drop'] as const;

const GOP_SECONDS = 2;
const SETTLE_MS = 5000;
const PICTURE_MS_MAX = 15_000;
const FREEZE_MS = 200;

function x264(params: string): readonly string[] {
  return ['-preset', 'veryfast', '-x264-params', `${params}:nal-hrd=cbr`];
}

/** @returns whether every run showed a picture */
export async function measureBFrames({ seconds, only }: BFrameOptions): Promise<boolean> {
  const results: Result[] = [];
  const chromium = await Chromium.start({ autoplay: 'allowed' });
  try {
    for (const mode of MODES) {
      const config = `app_defaults: {b_frames: ${mode}}`;
      await using server = await TestServer.start({ config });
      for (const [name, encoder] of Object.entries(ENCODERS)) {
        if (only && !only.includes(name)) continue;
        print(`${mode}, ${name} ...`);
        const result = await run(server, chromium, { mode, name, encoder, seconds });
        appendResult(result);
        results.push(result);
        print(result.figures.map(({ name, value, unit }) => `${name} ${value} ${unit}`).join(', '));
      }
    }
  } finally {
    await chromium.close();
  }
  print('');
  for (const mode of MODES) printTable(results.filter(({ view }) => view === mode));
  return results.every((result) => result.void.length === 0);
}

type Run = {
  readonly mode: (typeof MODES)[number];
  readonly name: string;
  readonly encoder: readonly string[];
  readonly seconds: number;
};

async function run(
  server: TestServer,
  chromium: Chromium,
  { mode, name, encoder, seconds }: Run,
): Promise<Result> {
  const stream = `live/${name.replaceAll(/\W+/g, '-')}`;
  const output = { rtmp: server.rtmpUrl(stream) };
  await using _source = new ClockSource({ gopSeconds: GOP_SECONDS, output, encoder });
  const viewer = await chromium.open(server.page(stream));
  // Where next to nothing moves, that is the result.
  await viewer.waitForPicture(PICTURE_MS_MAX).catch(() => {});
  const figures = await watch(viewer, seconds);
  await viewer.page.close();
  return {
    bench: 'b-frames',
    server: 'millrace',
    version: '',
    publish: name,
    view: mode,
    figures,
    void: [],
    warnings: [],
    ratioToJanusUdp: undefined,
  };
}

async function watch(viewer: ViewerPage, seconds: number): Promise<readonly Figure[]> {
  await viewer.listen();
  await delay(SETTLE_MS);
  const [before, inboundBefore] = [await viewer.since(0), await viewer.inbound('video')];
  const watched = await viewer.watch(seconds * 1000);
  const inbound = await viewer.inbound('video');
  const since = (counter: keyof Inbound) =>
    Number(inbound?.[counter] ?? 0) - Number(inboundBefore?.[counter] ?? 0);
  const latencies = watched.frames.map(({ latencyMs }) => latencyMs);
  const beeps = watched.beeps.map(({ latencyMs }) => latencyMs);
  return [
    figure('shown', watched.frames.length / seconds, '/s'),
    figure('decoded', since('framesDecoded') / seconds, '/s'),
    ...motion(watched.frames),
    figure('unreadable', watched.unreadable - before.unreadable, ''),
    figure('picture requests', since('pliCount'), ''),
    figure('keyframes', since('keyFramesDecoded'), ''),
    figure('glass-to-glass p50', percentile(latencies, 50), 'ms'),
    figure('glass-to-glass p95', percentile(latencies, 95), 'ms'),
    figure(
      'sound after picture p50',
      nearest(percentile(beeps, 50) - percentile(latencies, 50)),
      'ms',
    ),
  ];
}

/** How the pictures follow each other: by when they were shown, and by when they were drawn. */
function motion(frames: readonly Frame[]): readonly Figure[] {
  const stepsShown: number[] = [];
  let freezes = 0;
  let back = 0;
  let unevenMs = 0;
  for (let index = 1; index < frames.length; index++) {
    const [before, frame] = [frames[index - 1]!, frames[index]!];
    const shownMs = frame.shownMs - before.shownMs;
    const drawnMs = frame.drawnMs - before.drawnMs;
    stepsShown.push(shownMs);
    if (shownMs > FREEZE_MS) freezes++;
    if (drawnMs < 0) back++;
    unevenMs += Math.abs(shownMs - drawnMs);
  }
  return [
    figure('freezes', freezes, ''),
    figure('backwards', back, ''),
    figure('between pictures p50', percentile(stepsShown, 50), 'ms'),
    figure('between pictures p95', percentile(stepsShown, 95), 'ms'),
    // A picture is shown that much earlier or later after the one before than it was drawn: 0 is even motion.
    figure('unevenness mean', unevenMs / Math.max(1, frames.length - 1), 'ms'),
  ];
}

/** Beeps come each second, so their lateness is known modulo one. */
function nearest(differenceMs: number): number {
  return differenceMs - 1000 * Math.round(differenceMs / 1000);
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value: round(value), unit };
}
