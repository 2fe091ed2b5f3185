/** What an adapter with AAC asks for: Opus, made elsewhere. `media/transcoder.ts` implements it. */

import type { Loudness } from '../audio/loudness.ts';

export type { Loudness } from '../audio/loudness.ts';

/** AAC as its publisher describes it; the decoder goes by what it really finds. */
export type AacFormat = {
  /** ISO/IEC 14496-3 §1.6, from the sequence header. */
  readonly audioSpecificConfig: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  readonly opusBitrateBps: number;
};

/** One stream's way from AAC frames to 20 ms Opus packets (48 kHz, stereo). */
export interface AudioTranscoder {
  /** One raw AAC frame, without ADTS. The bytes are copied before this returns. Never waits, never throws. */
  push(aac: Uint8Array, timestampMs: number): void;
  close(): void;
}

/** One Opus packet; `timestampMs` is on the time line of the AAC frames: a whole number of 48 kHz samples. */
export type OpusListener = (opus: Uint8Array, timestampMs: number, loudness?: Loudness) => void;

/**
 * Opens a transcoder for one stream. `onFault` is told once, in the streamer's words, when there will be no sound:
 * a broken format, or frames that keep breaking the decoder.
 */
export type AudioTranscoderFactory = (
  format: AacFormat,
  onPacket: OpusListener,
  onFault?: (message: string) => void,
) => AudioTranscoder;
