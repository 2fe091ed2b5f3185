/** One stream's way from AAC to Opus: decode, downmix, resample, cut into 20 ms, encode. */
import { Application, createEncoder, type OpusEncoderHandle } from 'libopus-wasm';
import { AacDecoder, type DecodedAudio } from './aac-decoder.ts';
import { downmix } from './downmix.ts';
import { FRAME_SAMPLES, Framer, SAMPLES_PER_MS } from './framer.ts';
import { type Loudness, loudnessOf } from './loudness.ts';
import { AAC_SAMPLE_RATES, Resampler } from './resampler.ts';

/**
 * 5 of 10: on a stereo stream at 128 kbit/s the next step up is not heard, but costs two thirds more time.
 */
const COMPLEXITY = 5;
/** Any will do. */
const WARM_UP_BPS = 64_000;

export type AacToOpusOptions = {
  readonly audioSpecificConfig: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  readonly opusBitrateBps: number;
  readonly onPacket: (opus: Uint8Array, timestampMs: number, loudness: Loudness) => void;
};

/** What became of one frame; `layout-changed` and `unknown-rate` end the stream. */
export type FrameOutcome = 'decoded' | 'decode-error' | 'layout-changed' | 'unknown-rate';

export class AacToOpus {
  readonly #decoder: AacDecoder;
  readonly #encoder: OpusEncoderHandle;
  readonly #framer: Framer;
  #resampler: Resampler | undefined;
  #rate = 0;
  /** 48 kHz samples of the last good frame: a broken one is taken to have been as long. */
  #frameSamples = 0;

  static async open(options: AacToOpusOptions): Promise<AacToOpus> {
    const encoder = await openEncoder(options.opusBitrateBps);
    try {
      return new AacToOpus(options, encoder);
    } catch (error) {
      encoder.free();
      throw error;
    }
  }

  private constructor(options: AacToOpusOptions, encoder: OpusEncoderHandle) {
    this.#encoder = encoder;
    this.#decoder = new AacDecoder(
      options.audioSpecificConfig,
      options.sampleRate,
      options.channels,
    );
    // What goes into the encoder now comes out of a decoder that many samples later (RFC 6716 §4.3.7's overlap).
    const lookaheadMs = encoder.getLookahead() / SAMPLES_PER_MS;
    this.#framer = new Framer((samples, timestampMs) =>
      options.onPacket(
        encoder.encodeFloat(samples),
        timestampMs - lookaheadMs,
        loudnessOf(samples),
      ),
    );
  }

  async push(aac: Uint8Array, timestampMs: number): Promise<FrameOutcome> {
    const decoded = await this.#decoder.decode(aac);
    if (decoded === 'decode-error') {
      this.#framer.pushSilence(this.#frameSamples);
      return decoded;
    }
    if (decoded === 'layout-changed') return decoded;
    for (const audio of decoded) {
      if (!AAC_SAMPLE_RATES.includes(audio.sampleRate)) return 'unknown-rate';
      this.#take(audio, timestampMs);
    }
    return 'decoded';
  }

  #take(audio: DecodedAudio, timestampMs: number): void {
    if (this.#resampler === undefined || this.#rate !== audio.sampleRate) {
      this.#resampler = new Resampler(audio.sampleRate);
      this.#rate = audio.sampleRate;
    }
    const firstMs = timestampMs - this.#resampler.heldBackMs;
    const stereo = this.#resampler.process(downmix(audio.samples, audio.channels));
    this.#frameSamples = Math.round(
      (audio.samples.length / audio.channels / audio.sampleRate) * 48000,
    );
    this.#framer.push(stereo, firstMs);
  }

  close(): void {
    this.#decoder.close();
    this.#encoder.free();
  }
}

/** Loads and compiles the encoder: the first packet of the first stream shall not wait for that. */
export async function warmUp(): Promise<void> {
  const encoder = await openEncoder(WARM_UP_BPS);
  for (let frame = 0; frame < 5; frame++) encoder.encodeFloat(new Float32Array(FRAME_SAMPLES * 2));
  encoder.free();
}

function openEncoder(bitrate: number): Promise<OpusEncoderHandle> {
  return createEncoder({
    sampleRate: 48000,
    channels: 2,
    frameSize: FRAME_SAMPLES,
    application: Application.RestrictedLowDelay,
    bitrate,
    complexity: COMPLEXITY,
    vbr: true,
    vbrConstraint: true,
  });
}
