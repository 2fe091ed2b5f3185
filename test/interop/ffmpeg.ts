/** Debian's ffmpeg as a source of test material: started here, ended here. */
import { type ChildProcess, spawn } from 'node:child_process';

export const FFMPEG = '/usr/bin/ffmpeg';

/** Runs ffmpeg to its end and gives what it wrote to stdout. */
export async function ffmpegOutput(args: readonly string[]): Promise<Buffer> {
  const child = spawn(FFMPEG, ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args, '-'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${args.join(' ')}`);
  return Buffer.concat(chunks);
}

/** Ends a child for sure: asks, and after a second insists. */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const insist = setTimeout(() => child.kill('SIGKILL'), 1000);
  await exited;
  clearTimeout(insist);
}

export type AacClip = {
  readonly audioSpecificConfig: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frames: readonly Uint8Array[];
  /** When frame `index` starts, in whole milliseconds as RTMP has it; the encoder's priming frame lies before 0. */
  readonly timestampMs: (index: number) => number;
};

/** Encodes a lavfi source to AAC-LC and cuts it into raw frames. */
export async function encodeAac(
  source: string,
  sampleRate: number,
  channels: number,
): Promise<AacClip> {
  const adts = await ffmpegOutput([
    ...['-f', 'lavfi', '-i', source, '-ar', String(sampleRate), '-ac', String(channels)],
    ...['-c:a', 'aac', '-b:a', '160k', '-f', 'adts'],
  ]);
  const frames: Uint8Array[] = [];
  let audioSpecificConfig = new Uint8Array(0);
  for (let at = 0; at + 7 <= adts.length; ) {
    // ISO/IEC 14496-3 §1.A.2.2: the ADTS header says what an AudioSpecificConfig would, one frame at a time.
    const header = adts.readUIntBE(at + 2, 3);
    const objectType = (header >> 22) + 1;
    const rateIndex = (header >> 18) & 15;
    const channelConfiguration = (header >> 14) & 7;
    const config = (objectType << 11) | (rateIndex << 7) | (channelConfiguration << 3);
    audioSpecificConfig = Uint8Array.of(config >> 8, config & 255);
    const length = (adts.readUIntBE(at + 3, 3) >> 5) & 8191;
    frames.push(adts.subarray(at + 7, at + length));
    at += length;
  }
  const frameMs = (1024 * 1000) / sampleRate;
  const timestampMs = (index: number): number => Math.round((index - 1) * frameMs);
  return { audioSpecificConfig, sampleRate, channels, frames, timestampMs };
}
