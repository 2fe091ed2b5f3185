/**
 * Makes assets/demo/clock.clip, what `npm start -- --demo` publishes: a clock that moves and a tone with each second.
 * Needs ffmpeg with libx264 and the font DejaVu Sans (Debian: ffmpeg, fonts-dejavu-core). The result is in the
 * repository; run this only to change it:
 *
 *   node scripts/demo/make-clip.ts
 *
 * The clip is made for looping: all that moves is back where it began after ten seconds, each second begins with a
 * keyframe, nothing refers to later pictures, and the Opus packets are those of a second round, so that their encoder
 * went through the seam too. The format of the file is told in src/media/demo-clip.ts.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Application, createEncoder } from 'libopus-wasm';
import { type ClipUnit, VIDEO_TICKS_PER_MS, writeClip } from '../../src/media/demo-clip.ts';
import { drawFrame, FRAMES, FRAMES_PER_SECOND, HEIGHT, SECONDS, WIDTH } from './picture.ts';

const OUTPUT = new URL('../../assets/demo/clock.clip', import.meta.url);
/** The repository carries it, and everybody who clones it. */
const BYTES_MAX = 1_000_000;
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans';

const video = groupPictures(await encodeVideo());
const audio = await encodeAudio();
const units = [...video, ...audio].toSorted((a, b) => a.timeMs - b.timeMs);
const clip = writeClip({ width: WIDTH, height: HEIGHT, durationMs: SECONDS * 1000, units });
if (video.length !== FRAMES) throw new Error(`${video.length} pictures instead of ${FRAMES}`);
if (clip.length > BYTES_MAX) throw new Error(`${clip.length} bytes are more than ${BYTES_MAX}`);
writeFileSync(OUTPUT, clip);
process.stdout.write(`${video.length} pictures, ${audio.length} packets, ${clip.length} bytes\n`);

/** H.264 as a byte stream (ITU-T H.264 annex B) with a delimiter ahead of each picture. */
async function encodeVideo(): Promise<Buffer> {
  const text = (font: string, size: number, y: number, colour: string, words: string): string =>
    `drawtext=fontfile=${font}.ttf:fontsize=${size}:x=510:y=${y}:fontcolor=${colour}:text='${words}'`;
  const filters = [
    text(`${FONT}-Bold`, 76, 150, '0xf0d6a0', 'Millrace'),
    text(FONT, 30, 246, '0x7fb4c4', 'live, in under a second'),
    text(FONT, 30, 312, '0x9fb0b8', `frame %{eif\\:n\\:d\\:3} of ${FRAMES}`),
    'format=yuv420p',
  ];
  const child = spawn('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-f', 'rawvideo', '-pix_fmt', 'rgb24'],
    ...[
      '-s',
      `${WIDTH}x${HEIGHT}`,
      '-r',
      String(FRAMES_PER_SECOND),
      '-i',
      '-',
      '-vf',
      filters.join(','),
    ],
    ...['-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'veryslow', '-tune', 'zerolatency'],
    ...[
      '-level',
      '3.1',
      '-refs',
      '1',
      '-crf',
      '25',
      '-maxrate',
      '700k',
      '-bufsize',
      '350k',
      '-g',
      String(FRAMES_PER_SECOND),
    ],
    ...['-x264-params', 'scenecut=0:aud=1:slices=1:repeat-headers=1', '-f', 'h264', '-'],
  ]);
  child.stderr.pipe(process.stderr);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let frame = 0; frame < FRAMES; frame++) {
    if (!child.stdin.write(drawFrame(frame))) {
      await new Promise((resolve) => child.stdin.once('drain', resolve));
    }
  }
  child.stdin.end();
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return Buffer.concat(chunks);
}

function groupPictures(stream: Buffer): ClipUnit[] {
  const pictures: Uint8Array[][] = [];
  for (const unit of splitByteStream(stream)) {
    const type = unit[0]! & 31;
    if (type === 9)
      pictures.push([]); // access unit delimiter
    else if (type !== 6) pictures.at(-1)?.push(unit); // x264's settings, as SEI, are for nobody
  }
  return pictures.map((parts, frame) => {
    const timeMs = (frame * 1000) / FRAMES_PER_SECOND;
    const isKeyframe = parts.some((part) => (part[0]! & 31) === 5);
    return {
      kind: 'video',
      isKeyframe,
      ticks: Math.round(timeMs * VIDEO_TICKS_PER_MS),
      timeMs,
      parts,
    };
  });
}

function* splitByteStream(stream: Buffer): Generator<Uint8Array> {
  const startCode = Buffer.of(0, 0, 1);
  for (let start = stream.indexOf(startCode); start >= 0; ) {
    const next = stream.indexOf(startCode, start + 3);
    let end = next < 0 ? stream.length : next;
    while (stream[end - 1] === 0) end--;
    yield stream.subarray(start + 3, end);
    start = next;
  }
}

async function encodeAudio(): Promise<ClipUnit[]> {
  using encoder = await createEncoder({
    sampleRate: 48000,
    channels: 2,
    frameSize: 960,
    application: Application.Audio,
    bitrate: 48_000,
    complexity: 10,
  });
  const lookahead = encoder.getLookahead();
  const packets: Uint8Array[] = [];
  for (let packet = 0; packet < 2 * SECONDS * 50; packet++) {
    const samples = new Float32Array(960 * 2);
    for (let index = 0; index < 960; index++) {
      // Early by what a decoder is late, so that the tone begins with the second.
      samples.fill(sound((packet * 960 + index + lookahead) / 48000), index * 2, index * 2 + 2);
    }
    packets.push(encoder.encodeFloat(samples));
  }
  return packets.slice(-SECONDS * 50).map((opus, index) => ({
    kind: 'audio',
    isKeyframe: true,
    ticks: index * 960,
    timeMs: index * 20,
    parts: [opus],
  }));
}

/** A soft bell on each second, a fifth higher where the hand begins its round. */
function sound(seconds: number): number {
  const since = seconds % 1;
  const frequency = Math.floor(seconds % SECONDS) === 0 ? 660 : 440;
  const attack = Math.min(1, since / 0.004);
  const tone =
    Math.sin(2 * Math.PI * frequency * since) + 0.3 * Math.sin(4 * Math.PI * frequency * since);
  return 0.22 * attack * Math.exp(-since * 9) * tone;
}
