import { type Clip, FPS } from '../clip.ts';
import { monotonicUs } from '../stamp.ts';
import type { MediaSink } from './sink.ts';

const VIDEO_TICKS = 90_000 / FPS;
const SAMPLE_RATE = 48_000;

/** Plays the clip into a sink in real time, round and round, timestamps going on. */
export class Pacer {
  readonly #clip: Clip;
  readonly #sink: MediaSink;
  readonly #startUs = monotonicUs();
  /** Told in the quiet half of each frame interval: a time at which nothing else is under way. */
  readonly #onQuiet: () => void;
  #frames = 0;
  #audioPackets = 0;
  #quiets = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clip: Clip, sink: MediaSink, onQuiet: () => void) {
    this.#clip = clip;
    this.#sink = sink;
    this.#onQuiet = onQuiet;
    this.#run();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    const nowUs = monotonicUs() - this.#startUs;
    while (this.#frameUs(this.#frames) <= nowUs) this.#sendFrame();
    while (this.#audioUs(this.#audioPackets) <= nowUs) this.#sendAudio();
    while (this.#frameUs(this.#quiets + 0.75) <= nowUs) {
      this.#quiets++;
      this.#onQuiet();
    }
    const nextUs = Math.min(
      this.#frameUs(this.#frames),
      this.#audioUs(this.#audioPackets),
      this.#frameUs(this.#quiets + 0.75),
    );
    const waitMs = Math.max(0, nextUs - (monotonicUs() - this.#startUs)) / 1000;
    this.#timer = setTimeout(() => this.#run(), waitMs);
  }

  #frameUs(index: number): number {
    return (index * 1_000_000) / FPS;
  }

  #audioUs(index: number): number {
    return (index * this.#sink.audio.packetSamples * 1_000_000) / SAMPLE_RATE;
  }

  #sendFrame(): void {
    const index = this.#frames % this.#clip.frames.length;
    this.#sink.sendVideo(this.#clip.frames[index]!, index, this.#frames * VIDEO_TICKS);
    this.#frames++;
  }

  #sendAudio(): void {
    const packets = this.#clip[this.#sink.audio.codec];
    const packet = packets[this.#audioPackets % packets.length]!;
    this.#sink.sendAudio(packet, this.#audioPackets * this.#sink.audio.packetSamples);
    this.#audioPackets++;
  }
}
