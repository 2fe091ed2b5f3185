import { RateMeter } from '../../engine/rate-meter.ts';
import { isSilentOpus, isStereoOpus } from '../../protocols/codecs/opus.ts';
import { SoundMeter } from './sound-meter.ts';

/** Pauses in speech and between scenes are shorter. */
const SILENCE_MS = 10_000;
/** Coders switch to one channel for a moment where both are alike. */
const MONO_MS = 10_000;
/** What Opus works at; everything else is resampled. */
const OPUS_RATE = 48_000;

/** What one publisher's sound shows of its settings. */
export class AudioFacts {
  /** Of the source, where its codec is another than Opus. */
  sampleRate: number | undefined;
  channels: number | undefined;
  /** What the codec's own configuration calls itself. */
  profile: string | undefined;
  /** What the encoder says that it sends, in bits a second. */
  declaredBps: number | undefined;
  /** Bytes as they come in. */
  readonly incoming = new RateMeter();
  readonly meter = new SoundMeter();
  lastPacketMs: number | undefined;
  #soundMs: number | undefined;
  #stereoMs: number | undefined;
  #sawStereoMs: number | undefined;

  /** One packet of Opus: as it came, or as it was made from AAC. */
  packet(opus: Uint8Array, nowMs: number): void {
    this.lastPacketMs = nowMs;
    this.#soundMs ??= nowMs;
    this.#stereoMs ??= nowMs;
    if (isSilentOpus(opus)) return;
    this.#soundMs = nowMs;
    if (isStereoOpus(opus)) {
      this.#stereoMs = nowMs;
      this.#sawStereoMs = nowMs;
    }
  }

  isSilent(nowMs: number): boolean {
    return this.#soundMs !== undefined && nowMs - this.#soundMs >= SILENCE_MS;
  }

  isMono(nowMs: number): boolean {
    if (this.channels !== undefined) return this.channels === 1;
    if (this.#soundMs === undefined || this.isSilent(nowMs)) return false;
    return this.#stereoMs !== undefined && this.#soundMs - this.#stereoMs >= MONO_MS;
  }

  /** Undefined while it cannot be told. */
  isStereo(nowMs: number): boolean | undefined {
    if (this.channels !== undefined) return this.channels === 0 ? undefined : this.channels > 1;
    if (this.isMono(nowMs)) return false;
    return this.#sawStereoMs !== undefined && nowMs - this.#sawStereoMs < MONO_MS
      ? true
      : undefined;
  }

  get isResampled(): boolean {
    return this.sampleRate !== undefined && this.sampleRate !== OPUS_RATE;
  }
}
