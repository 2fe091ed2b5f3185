/**
 * The yardstick stream as a clip, made once by ffmpeg and kept in the temporary folder: H.264 1280x720, 30 fps,
 * 2000 kbit/s, a keyframe each second, one slice a frame, no B-frames; Opus 256 kbit/s and AAC 160 kbit/s, stereo.
 * The picture is a moving test card under noise, so that the encoder always needs its whole bitrate.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STAMP_BYTES, writeStamp } from './stamp.ts';

export const FPS = 30;
const KEYFRAME_FRAMES = 30;
const SECONDS = 10;
export const VIDEO_KBPS = 2000;
export const OPUS_KBPS = 256;
const AAC_KBPS = 160;

/** One access unit: its NAL units without start codes, ending with room for a stamp. */
export type VideoFrame = { readonly key: boolean; readonly nals: readonly Uint8Array[] };

export type Clip = {
  readonly frames: readonly VideoFrame[];
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
  /** 20 ms each. */
  readonly opus: readonly Uint8Array[];
  /** Raw AAC-LC access units of 1024 samples at 48 kHz. */
  readonly aac: readonly Uint8Array[];
  readonly aacConfig: Uint8Array;
};

const SOURCES = [
  ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=${FPS}:duration=${SECONDS}`],
  ...[
    '-f',
    'lavfi',
    '-i',
    `anoisesrc=color=pink:amplitude=0.3:sample_rate=48000:duration=${SECONDS}`,
  ],
];
const H264 = [
  ...['-map', '0:v', '-vf', 'noise=alls=12:allf=t', '-pix_fmt', 'yuv420p'],
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-b:v', `${VIDEO_KBPS}k`],
  ...['-maxrate', `${VIDEO_KBPS}k`, '-bufsize', '500k', '-x264-params'],
  `keyint=${KEYFRAME_FRAMES}:min-keyint=${KEYFRAME_FRAMES}:scenecut=0:bframes=0:slices=1:sliced-threads=0:repeat-headers=1`,
  ...['-f', 'h264'],
];
const OPUS = [
  '-map',
  '1:a',
  '-ac',
  '2',
  '-c:a',
  'libopus',
  '-b:a',
  `${OPUS_KBPS}k`,
  '-vbr',
  'off',
  '-f',
  'ogg',
];
const AAC = ['-map', '1:a', '-ac', '2', '-c:a', 'aac', '-b:a', `${AAC_KBPS}k`, '-f', 'adts'];

/** Reads the clip, making it first where it is not there yet (needs ffmpeg, takes some seconds). */
export function loadClip(): Clip {
  const recipe = createHash('sha256').update([SOURCES, H264, OPUS, AAC].flat().join(' '));
  const folder = join(tmpdir(), `millrace-bench-${recipe.digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true });
  const frames = splitFrames(make(folder, 'clip.h264', H264));
  const { config, units } = splitAdts(make(folder, 'clip.aac', AAC));
  const parameterSets = frames[0]?.nals ?? [];
  const sps = parameterSets.find((nal) => (nal[0]! & 0x1f) === 7);
  const pps = parameterSets.find((nal) => (nal[0]! & 0x1f) === 8);
  if (!sps || !pps || frames.length !== FPS * SECONDS)
    throw new Error(`unusable clip in ${folder}`);
  return {
    frames,
    sps,
    pps,
    opus: splitOgg(make(folder, 'clip.ogg', OPUS)),
    aac: units,
    aacConfig: config,
  };
}

function make(folder: string, name: string, output: readonly string[]): Uint8Array {
  const path = join(folder, name);
  if (!existsSync(path)) {
    const part = join(folder, `part-${process.pid}-${name}`);
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...SOURCES, ...output, part], {
      stdio: 'inherit',
    });
    renameSync(part, path);
  }
  return readFileSync(path);
}

/** Annex B into access units; every one ends with exactly one slice (slices=1). */
function splitFrames(stream: Uint8Array): VideoFrame[] {
  const frames: VideoFrame[] = [];
  let nals: Uint8Array[] = [];
  for (const nal of splitAnnexB(stream)) {
    const type = nal[0]! & 0x1f;
    if (type !== 1 && type !== 5) {
      if (type !== 9) nals.push(nal); // access unit delimiters say nothing that RTP does not
      continue;
    }
    const stamped = new Uint8Array(nal.length + STAMP_BYTES);
    stamped.set(nal);
    writeStamp(stamped, stamped.length, 0);
    frames.push({ key: type === 5, nals: [...nals, stamped] });
    nals = [];
  }
  return frames;
}

function splitAnnexB(stream: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  const mark = Buffer.from([0, 0, 1]);
  const nals: Uint8Array[] = [];
  let start = bytes.indexOf(mark) + mark.length;
  while (start >= mark.length && start < bytes.length) {
    const next = bytes.indexOf(mark, start);
    let end = next < 0 ? bytes.length : next;
    while (end > start && bytes[end - 1] === 0) end--; // trailing_zero_8bits and the long start code's first byte
    nals.push(bytes.subarray(start, end));
    start = next < 0 ? bytes.length : next + mark.length;
  }
  return nals;
}

/** ADTS headers of 7 bytes off (ISO 14496-3 §1.A.2.2), AudioSpecificConfig out of the first. */
function splitAdts(stream: Uint8Array): { config: Uint8Array; units: Uint8Array[] } {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at + 7 <= stream.length) {
    const length = ((stream[at + 3]! & 3) << 11) | (stream[at + 4]! << 3) | (stream[at + 5]! >> 5);
    units.push(stream.subarray(at + 7, at + length));
    at += length;
  }
  const objectType = (stream[2]! >> 6) + 1;
  const frequency = (stream[2]! >> 2) & 0xf;
  const channels = ((stream[2]! & 1) << 2) | (stream[3]! >> 6);
  const config = (objectType << 11) | (frequency << 7) | (channels << 3);
  return { config: Uint8Array.of(config >> 8, config & 0xff), units };
}

/** Packets of an Ogg stream (RFC 3533 §6) after OpusHead and OpusTags. */
function splitOgg(stream: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let at = 0;
  while (at + 27 <= stream.length) {
    const segments = stream[at + 26]!;
    let data = at + 27 + segments;
    for (let index = 0; index < segments; index++) {
      const length = stream[at + 27 + index]!;
      parts.push(stream.subarray(data, data + length));
      data += length;
      if (length === 255) continue; // the packet goes on in the next segment
      packets.push(Buffer.concat(parts));
      parts = [];
    }
    at = data;
  }
  return packets.slice(2);
}
