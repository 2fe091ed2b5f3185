import type { PublisherInput, TrackInput } from '../../engine/publishing.ts';
import type { AacConfig } from '../../protocols/codecs/aac.ts';
import { parseAudioTag } from '../../protocols/flv/audio-tag.ts';
import type { AudioTranscoder, AudioTranscoderFactory } from '../audio.ts';
import { RtpNumbers } from './rtp-numbers.ts';
import type { TagResult } from './video-track.ts';

const CLOCK_RATE = 48_000;
/** As payload types go by custom; viewers are sent their own. */
const PAYLOAD_TYPE = 111;

export type AudioTrackOptions = {
  readonly publisher: PublisherInput;
  readonly ssrc: number;
  readonly createTranscoder: AudioTranscoderFactory;
  readonly opusBitrateBps: number;
  /** Sends one packet of `timeMs` on the publisher's line when its moment has come. */
  readonly release: (timeMs: number, send: (nowMs: number) => void) => void;
};

/** An RTMP publisher's audio: FLV tags with AAC → the transcoder → RTP packets of Opus. */
export class AudioTrack {
  readonly #options: AudioTrackOptions;
  readonly #numbers: RtpNumbers;
  #header: Uint8Array | undefined;
  #input: TrackInput | undefined;
  #transcoder: AudioTranscoder | undefined;
  /** Counts formats; -1 once closed. */
  #epoch = 0;

  constructor(options: AudioTrackOptions) {
    this.#options = options;
    this.#numbers = new RtpNumbers(PAYLOAD_TYPE, options.ssrc, CLOCK_RATE);
  }

  get isThere(): boolean {
    return this.#input !== undefined;
  }

  /** @param timeMs the tag's place on the publisher's time line */
  push(body: Uint8Array, timeMs: number): TagResult {
    const tag = parseAudioTag(body);
    if (typeof tag === 'string') return body[1] === 0 ? unreadable(tag) : { dropped: tag };
    switch (tag.type) {
      case 'sequence-header':
        this.#configure(tag.config, tag.bytes);
        return undefined;
      case 'frame':
        if (!this.#transcoder) return { dropped: 'audio-before-sequence-header' };
        if (tag.data.length > 0) this.#transcoder.push(tag.data, timeMs);
        return undefined;
      case 'unsupported':
        return { fatal: 'audio-codec', message: unsupported(tag.codec) };
      default:
        return tag satisfies never;
    }
  }

  close(): void {
    this.#epoch = -1;
    this.#transcoder?.close();
    this.#transcoder = undefined;
  }

  /** Encoders repeat their sequence header; only another one means another format. */
  #configure(config: AacConfig, header: Uint8Array): void {
    if (this.#header && Buffer.compare(this.#header, header) === 0) return;
    this.#header = header.slice();
    this.#transcoder?.close();
    const { publisher, createTranscoder, opusBitrateBps } = this.#options;
    const input = publisher.setTrack({
      kind: 'audio',
      codec: 'opus',
      clockRate: CLOCK_RATE,
      channels: 2,
      sourceCodec: 'aac',
      sourceSampleRate: config.outputSampleRate,
      sourceChannels: config.channels,
    });
    this.#input = input;
    this.#epoch++;
    const epoch = this.#epoch;
    // What a closed transcoder still has under way must not come between.
    const isCurrent = () => epoch === this.#epoch;
    const { sampleRate, channels } = config;
    this.#transcoder = createTranscoder(
      { audioSpecificConfig: this.#header, sampleRate, channels, opusBitrateBps },
      (opus, timeMs) => {
        if (isCurrent()) this.#onOpus(input, opus, timeMs);
      },
      (message) => {
        if (isCurrent()) publisher.report('audio-codec', message);
      },
    );
  }

  #onOpus(input: TrackInput, opus: Uint8Array, timeMs: number): void {
    this.#numbers.tieClock(input, timeMs);
    // RFC 7587 §4.2: the marker begins a talkspurt; a stream without pauses sets none.
    const packet = this.#numbers.packet(opus, this.#numbers.ticks(timeMs), false);
    this.#options.release(timeMs, (nowMs) => input.push(packet, nowMs));
  }
}

function unreadable(reason: string): TagResult {
  return {
    fatal: reason,
    message: `The encoder's AAC sequence header cannot be read (${reason}).`,
  };
}

function unsupported(codec: string): string {
  return (
    `This encoder sends ${codec} audio. Over RTMP this server accepts H.264 video and AAC audio: ` +
    'choose AAC (in OBS: Settings > Output > Streaming > Audio Encoder).'
  );
}
