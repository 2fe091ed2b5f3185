/** A clip of AAC through a transcoder process, and what a viewer would hear of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDecoder } from 'libopus-wasm';
import type { AacFormat } from '../../src/media/audio.ts';
import type { TranscoderProcess } from '../../src/media/transcoder.ts';
import type { AacClip } from './ffmpeg.ts';

export type Packet = {
  readonly opus: Uint8Array;
  readonly timestampMs: number;
  readonly arrivedMs: number;
};

export type Run = {
  readonly packets: Packet[];
  readonly faults: string[];
  /** Arrival of the packet that ends with the last sample of a frame, after that frame was pushed. */
  readonly delaysMs: number[];
};

export type RunOptions = {
  /** Times real time. */
  readonly speed: number;
  readonly frames?: readonly Uint8Array[];
  readonly onFrame?: (index: number) => void;
};

export function formatOf(clip: AacClip): AacFormat {
  const { audioSpecificConfig, sampleRate, channels } = clip;
  return { audioSpecificConfig, sampleRate, channels, opusBitrateBps: 128_000 };
}

/** Pushes a clip's frames as an RTMP session would, and collects what comes back. */
export async function run(
  transcoder: TranscoderProcess,
  clip: AacClip,
  options: RunOptions,
): Promise<Run> {
  const { speed, frames = clip.frames, onFrame } = options;
  const packets: Packet[] = [];
  const faults: string[] = [];
  const pushed: { readonly endMs: number; readonly atMs: number }[] = [];
  const stream = transcoder.open(
    formatOf(clip),
    (opus, timestampMs) => packets.push({ opus, timestampMs, arrivedMs: performance.now() }),
    (message) => faults.push(message),
  );
  while (!transcoder.stats.ready) await sleep(5); // it drops what comes before
  const frameMs = (1024 * 1000) / clip.sampleRate;
  const startMs = performance.now();
  for (const [index, frame] of frames.entries()) {
    const dueMs = startMs + (index * frameMs) / speed;
    if (dueMs > performance.now()) await sleep(dueMs - performance.now());
    onFrame?.(index);
    stream.push(frame, clip.timestampMs(index));
    pushed.push({ endMs: clip.timestampMs(index) + frameMs, atMs: performance.now() });
  }
  await sleep(500);
  stream.close();
  const delaysMs = packets.flatMap(({ timestampMs, arrivedMs }) => {
    const frame = pushed.find(({ endMs }) => endMs >= timestampMs + 20);
    return frame ? [arrivedMs - frame.atMs] : [];
  });
  return { packets, faults, delaysMs };
}

/** What a viewer hears: the packets decoded and laid out on their time line, left side, from 0 ms. */
export async function listen(packets: readonly Packet[]): Promise<Float32Array> {
  using decoder = await createDecoder({ sampleRate: 48000, channels: 2 });
  const end = Math.max(...packets.map(({ timestampMs }) => timestampMs)) + 20;
  const heard = new Float32Array(Math.ceil(end * 48));
  for (const { opus, timestampMs } of packets) {
    const samples = decoder.decodeFloat(opus);
    for (let index = 0; index < samples.length / 2; index++) {
      const place = Math.round(timestampMs * 48) + index;
      if (place >= 0) heard[place] = samples[index * 2]!;
    }
  }
  return heard;
}

/** How loud one frequency is. */
export function levelOf(samples: Float32Array, frequency: number): number {
  let sine = 0;
  let cosine = 0;
  for (const [index, sample] of samples.entries()) {
    sine += sample * Math.sin((2 * Math.PI * frequency * index) / 48000);
    cosine += sample * Math.cos((2 * Math.PI * frequency * index) / 48000);
  }
  return (2 * Math.hypot(sine, cosine)) / samples.length;
}

/** The value that a share of all stays below. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
