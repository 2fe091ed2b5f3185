/**
 * One stream's AAC decoder: FFmpeg's, in the package node-webcodecs, through the W3C's AudioDecoder.
 * It is native code fed by strangers, which is why all this runs in a process of its own.
 */
import { AudioDecoder, EncodedAudioChunk } from 'node-webcodecs';

/** The 13 bits that ADTS has for it; no AAC frame of up to 8 channels is longer. */
const FRAME_BYTES_MAX = 8191;

/**
 * The package makes its sample converter for the first frame's number of channels and keeps it. With up to 8, a later
 * frame with fewer leaves one of the converter's channel pointers null, so the process dies on the spot and is
 * restarted; with more, the pointer would be garbage: such a decoder is given up before its second frame.
 */
const CHANNELS_MAX = 8;

export type DecodedAudio = {
  readonly sampleRate: number;
  readonly channels: number;
  /** Interleaved. */
  readonly samples: Float32Array;
};

export class AacDecoder {
  readonly #decoder: AudioDecoder;
  #decoded: DecodedAudio[] = [];
  #failed = false;
  #channels: number | undefined;

  /** Throws when FFmpeg does not take the configuration. */
  constructor(audioSpecificConfig: Uint8Array, sampleRate: number, channels: number) {
    this.#decoder = new AudioDecoder({
      output: (data) => {
        // The package gives interleaved floats whatever format is asked for.
        const samples = new Float32Array(data.numberOfFrames * data.numberOfChannels);
        data.copyTo(samples, { planeIndex: 0 });
        this.#decoded.push({
          sampleRate: data.sampleRate,
          channels: data.numberOfChannels,
          samples,
        });
        data.close();
      },
      error: () => {
        this.#failed = true;
      },
    });
    this.#decoder.configure({
      codec: 'mp4a.40.2',
      sampleRate,
      numberOfChannels: channels,
      description: audioSpecificConfig,
    });
  }

  /**
   * One raw frame. `decode-error`: this one is lost, the next may be well again. `layout-changed`: the number of
   * channels is not what it was, which no encoder does and this decoder does not survive: close it.
   */
  async decode(
    aac: Uint8Array,
  ): Promise<readonly DecodedAudio[] | 'decode-error' | 'layout-changed'> {
    // To FFmpeg an empty packet means the end of the stream.
    if (aac.length === 0 || aac.length > FRAME_BYTES_MAX) return 'decode-error';
    this.#decoded = [];
    this.#failed = false;
    this.#decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: 0, data: aac }));
    // The package decodes at once but hands out the result in a setImmediate of its own, ahead of this one.
    await new Promise(setImmediate);
    if (this.#failed) return 'decode-error';
    for (const { channels } of this.#decoded) {
      this.#channels ??= channels;
      if (channels !== this.#channels || channels > CHANNELS_MAX) return 'layout-changed';
    }
    return this.#decoded;
  }

  close(): void {
    this.#decoder.close();
  }
}
