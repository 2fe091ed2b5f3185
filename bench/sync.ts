/** Whether picture and sound stay together, and the delay stays what it was, while one watches: minute by minute. */
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type Watched } from '../test/interop/chromium.ts';
import { ClockSource } from '../test/interop/clock-source.ts';
import { startPublisher } from '../test/interop/publisher-process.ts';
import { TestServer } from '../test/interop/server.ts';
import { appendResult, print, type Result } from './results.ts';
import { percentile, round } from './statistics.ts';

export type SyncOptions = {
  readonly minutes: number;
  readonly publish: 'rtmp' | 'whip';
  readonly transport: 'tcp' | 'udp';
};

const STREAM = 'live/sync';
const MINUTE_MS = 60_000;
/** Chromium delays the picture until it fits the sound, in steps of some milliseconds every second. */
const SETTLE_MINUTES = 1;
/** What the sound may be ahead or behind (ITU-R BT.1359: 45 ms ahead is what viewers begin to notice). */
const APART_MS_MAX = 45;

/** @returns whether it did */
export async function measureSync({ minutes, publish, transport }: SyncOptions): Promise<boolean> {
  await using server = await TestServer.start();
  await using chromium = await Chromium.start({ autoplay: 'allowed' });
  await using _publisher =
    publish === 'rtmp'
      ? new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(STREAM) } })
      : await startPublisher({ url: server.whip(STREAM), key: server.key });
  const viewer = await chromium.open(server.page(STREAM, `?transport=${transport}`));
  await viewer.waitForPicture();
  await viewer.listen();
  const apart: number[] = [];
  const latencies: number[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    const sinceMs = Date.now();
    await delay(MINUTE_MS);
    const { pictureMs, soundAfterMs, frames } = figures(await viewer.since(sinceMs));
    apart.push(soundAfterMs);
    latencies.push(pictureMs);
    print(
      `minute ${minute}: glass to glass ${Math.round(pictureMs)} ms, sound ${Math.round(soundAfterMs)} ms after the picture, ${frames} pictures`,
    );
  }
  const settled = apart.slice(SETTLE_MINUTES);
  const worstMs = Math.max(...settled.map(Math.abs));
  const result: Result = {
    bench: 'sync',
    server: 'millrace',
    version: '',
    publish,
    view: transport,
    figures: [
      { name: 'minutes', value: minutes, unit: '' },
      { name: 'sound-after-picture worst minute', value: round(worstMs), unit: 'ms' },
      {
        name: 'glass-to-glass second minute',
        value: round(latencies[1] ?? Number.NaN),
        unit: 'ms',
      },
      {
        name: 'glass-to-glass last minute',
        value: round(latencies.at(-1) ?? Number.NaN),
        unit: 'ms',
      },
    ],
    void: [],
    warnings:
      worstMs > APART_MS_MAX ? [`picture and sound were ${Math.round(worstMs)} ms apart`] : [],
    ratioToJanusUdp: undefined,
  };
  appendResult(result);
  return worstMs <= APART_MS_MAX;
}

function figures({ frames, beeps }: Watched) {
  const pictureMs = percentile(
    frames.map(({ latencyMs }) => latencyMs),
    50,
  );
  const soundMs = percentile(
    beeps.map(({ latencyMs }) => latencyMs),
    50,
  );
  // Beeps come each second, so their lateness is known modulo one.
  const apartMs = soundMs - pictureMs;
  const soundAfterMs = apartMs - 1000 * Math.round(apartMs / 1000);
  return { pictureMs, soundAfterMs, frames: frames.length };
}
