/**
 * A sender whose picture tells when it was drawn: its top row of 32 cells is Date.now() modulo 2^32, white for one, the
 * row below is the complement, so that a damaged frame is noticed. A beep starts with each second of the same clock.
 * node draws, ffmpeg encodes (x264, zerolatency; AAC), and sends by RTMP or gives the access units back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { endProcess, FFMPEG } from './ffmpeg.ts';

export const WIDTH = 640;
export const HEIGHT = 360;
const FRAMES_PER_SECOND = 30;
const FRAME_MS = 1000 / FRAMES_PER_SECOND;
const CELLS = 32;
const CELL_WIDTH = WIDTH / CELLS;
const CELL_HEIGHT = HEIGHT / 18;
const SAMPLE_RATE = 48000;
const BEEP_MS = 60;
/** Nominal, and what a busy test machine keeps up with; the plain picture needs less. */
const VIDEO_KBPS = 900;
/** Shades by which a noisy picture varies: enough that the encoder always wants more than it has. */
const NOISE_SHADES = 48;
const FASTEST = ['-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'];

export type ClockOptions = {
  /** Keyframe interval. */
  readonly gopSeconds: number;
  /** Where ffmpeg sends to; `pipe` gives FLV on the child's stdout, with H.264 and no sound. */
  readonly output: { readonly rtmp: string } | 'pipe';
  /** x264's options instead of those of the fastest stream without B-frames. */
  readonly encoder?: readonly string[];
  /** Noise under the clock, so that the picture takes this bit rate, about. */
  readonly videoKbps?: number;
  /** Words ahead of ffmpeg's: it runs elsewhere, as in a network namespace. */
  readonly inside?: readonly string[];
  /** Told for each 20 ms of sound that was due, interleaved stereo. */
  readonly onSound?: (samples: Float32Array, timestampMs: number) => void;
};

export class ClockSource {
  readonly child: ChildProcess;
  /** Wall clock of media time 0. */
  readonly startMs = Date.now();
  readonly #options: ClockOptions;
  readonly #picture = new Uint8Array(WIDTH * HEIGHT);
  readonly #noise: Uint8Array | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #sound: Writable | undefined;
  #frame = 0;
  #block = 0;
  #stderr = '';

  constructor(options: ClockOptions) {
    this.#options = options;
    const toRtmp = options.output !== 'pipe';
    this.#noise = options.videoKbps === undefined ? undefined : makeNoise();
    const [program = FFMPEG, ...words] = [...(options.inside ?? []), FFMPEG];
    this.child = spawn(program, [...words, ...ffmpegArguments(options)], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#sound = toRtmp ? (this.child.stdio[3] as Writable) : undefined;
    // ffmpeg that ends, or is ended, closes its pipes under us.
    this.child.stdin!.on('error', () => {});
    this.#sound?.on('error', () => {});
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    this.#timer = setInterval(() => this.#draw(), 4);
  }

  get stdout(): Readable {
    return this.child.stdout!;
  }

  /** What ffmpeg complained about. */
  get complaints(): string {
    return this.#stderr;
  }

  /** Ends the way an encoder's stop button does. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.child.stdin!.end();
    this.#sound?.end();
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1500).unref())]);
    await endProcess(this.child);
  }

  /** Falls silent without closing anything, as a machine that loses power does: its sockets stay open. */
  freeze(): void {
    clearInterval(this.#timer);
    this.child.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    clearInterval(this.#timer);
    await endProcess(this.child, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #draw(): void {
    const elapsedMs = Date.now() - this.startMs;
    for (; this.#frame * FRAME_MS <= elapsedMs; this.#frame++) {
      drawClock(this.#picture, this.#frame, this.startMs + this.#frame * FRAME_MS);
      if (this.#noise) drawNoise(this.#picture, this.#noise, this.#frame);
      this.child.stdin!.write(this.#picture.slice());
    }
    for (; this.#block * 20 <= elapsedMs; this.#block++) {
      const samples = beepBlock(this.startMs + this.#block * 20);
      this.#options.onSound?.(samples, this.#block * 20);
      this.#sound?.write(new Uint8Array(samples.buffer));
    }
  }
}

function ffmpegArguments({
  gopSeconds,
  output,
  encoder = FASTEST,
  videoKbps = VIDEO_KBPS,
}: ClockOptions): string[] {
  const gop = String(Math.round(gopSeconds * FRAMES_PER_SECOND));
  const now = [
    '-fflags',
    'nobuffer',
    '-probesize',
    '32',
    '-analyzeduration',
    '0',
    '-thread_queue_size',
    '64',
  ];
  const picture = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${WIDTH}x${HEIGHT}`];
  const sound = [
    '-f',
    'f32le',
    '-ar',
    String(SAMPLE_RATE),
    '-ac',
    '2',
    '-i',
    'pipe:3',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
  ];
  return [
    ...['-hide_banner', '-loglevel', 'warning'],
    ...[...now, ...picture, '-r', String(FRAMES_PER_SECOND), '-i', 'pipe:0'],
    ...(output === 'pipe' ? [] : [...now, ...sound]),
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', ...encoder],
    ...['-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`],
    ...['-bufsize', `${Math.round(videoKbps / 3)}k`],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-threads', '1'],
    ...['-flush_packets', '1', '-f', 'flv', output === 'pipe' ? 'pipe:1' : output.rtmp],
  ];
}

/** Draws the frame that belongs to wall-clock time `wallMs`. */
export function drawClock(picture: Uint8Array, frame: number, wallMs: number): void {
  const clock = Math.round(wallMs) % 2 ** 32;
  for (let cell = 0; cell < CELLS; cell++) {
    const isOne = Math.floor(clock / 2 ** (CELLS - 1 - cell)) % 2 === 1;
    for (let y = 0; y < 2 * CELL_HEIGHT; y++) {
      const isWhite = isOne === y < CELL_HEIGHT;
      const at = y * WIDTH + cell * CELL_WIDTH;
      picture.fill(isWhite ? 235 : 16, at, at + CELL_WIDTH);
    }
  }
  // Something that moves, so that there is something to encode: stripes that drift, a bar that runs.
  for (let y = 2 * CELL_HEIGHT; y < HEIGHT; y++) {
    const shade = 60 + ((y * 3 + frame * 2) % 128);
    picture.fill(shade, y * WIDTH, (y + 1) * WIDTH);
    const bar = (frame * 8) % (WIDTH - 40);
    picture.fill(220, y * WIDTH + bar, y * WIDTH + bar + 40);
  }
}

/** Twice a picture of it, so that a picture's worth can start anywhere. */
function makeNoise(): Uint8Array {
  return Uint8Array.from({ length: 2 * WIDTH * HEIGHT }, () => 100 + Math.random() * NOISE_SHADES);
}

/** In the lower half of the picture, where the clock is not. */
function drawNoise(picture: Uint8Array, noise: Uint8Array, frame: number): void {
  const from = (frame * 7919) % (WIDTH * HEIGHT);
  const half = (WIDTH * HEIGHT) / 2;
  picture.set(noise.subarray(from, from + half), half);
}

/** 20 ms of stereo that start at `wallMs`. */
function beepBlock(wallMs: number): Float32Array {
  const samples = new Float32Array((SAMPLE_RATE / 50) * 2);
  for (let index = 0; index < samples.length; index++) {
    const sinceSecondMs = (wallMs + (Math.floor(index / 2) * 1000) / SAMPLE_RATE) % 1000;
    if (sinceSecondMs < BEEP_MS)
      samples[index] = 0.6 * Math.sin((2 * Math.PI * sinceSecondMs) / 1.25);
  }
  return samples;
}
