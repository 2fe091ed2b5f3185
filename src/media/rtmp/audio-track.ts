import type { PublisherInput, TrackInput } from '../../engine/publishing.ts';
import { type AacConfig, aacProfile } from '../../protocols/codecs/aac.ts';
import { type OpusHead, opusSamples } from '../../protocols/codecs/opus.ts';
import { type AudioTag, parseAudioTag } from '../../protocols/flv/audio-tag.ts';
import { PAYLOAD_BYTES_MAX } from '../../protocols/rtp/payload/scratch.ts';
import type { AudioTranscoder, AudioTranscoderFactory, Loudness } from '../audio.ts';
import type { PublisherFindings } from '../findings/publisher-findings.ts';
import { ACCEPTED } from './accepted.ts';
import { RtpNumbers } from './rtp-numbers.ts';
import { TrackChoice } from './track-choice.ts';
import type { TagResult } from './video-track.ts';

const CLOCK_RATE = 48_000;
/** As payload types go by custom; viewers are sent their own. */
const PAYLOAD_TYPE = 111;
const SAMPLES_PER_MS = CLOCK_RATE / 1000;
/** RTMP's times are whole milliseconds, and some encoders stamp packets in pairs: a packet further off was not sent on time. */
const OPUS_JITTER_MS_MAX = 60;

export type AudioTrackOptions = {
  readonly publisher: PublisherInput;
  readonly findings: PublisherFindings;
  readonly ssrc: number;
  readonly createTranscoder: AudioTranscoderFactory;
  readonly opusBitrateBps: number;
  /** Sends one packet of `timeMs` on the publisher's line when its moment has come. */
  readonly release: (timeMs: number, send: (nowMs: number) => void) => void;
};

type Frame = Extract<AudioTag, { type: 'frame' }>;

/** An RTMP publisher's audio: FLV tags → RTP packets of Opus; AAC by way of the transcoder, Opus as it comes. */
export class AudioTrack {
  readonly #options: AudioTrackOptions;
  readonly #numbers: RtpNumbers;
  readonly #choice = new TrackChoice();
  #codec: 'aac' | 'opus' | undefined;
  #header: Uint8Array | undefined;
  #input: TrackInput | undefined;
  #transcoder: AudioTranscoder | undefined;
  /** Counts formats; -1 once closed. */
  #epoch = 0;
  /** Where the next Opus packet lies on the publisher's time line. */
  #opusMs: number | undefined;

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
    if (typeof tag === 'string') return isSequenceHeader(body) ? unreadable(tag) : { dropped: tag };
    if (tag.type === 'nothing') return undefined;
    if (tag.type === 'unsupported')
      return { fatal: 'audio-codec', message: unsupported(tag.codec) };
    if (!this.#choice.takes(tag.trackId)) return undefined;
    if (tag.type === 'frame') return this.#frame(tag, timeMs);
    if (tag.codec === 'opus') return this.#configureOpus(tag.head);
    this.#configureAac(tag.config, tag.bytes);
    return undefined;
  }

  close(): void {
    this.#epoch = -1;
    this.#transcoder?.close();
    this.#transcoder = undefined;
  }

  #frame({ codec, data }: Frame, timeMs: number): TagResult {
    if (codec !== this.#codec || !this.#input) return { dropped: 'audio-before-sequence-header' };
    if (data.length === 0) return undefined;
    if (codec === 'opus') return this.#forwardOpus(this.#input, data, timeMs);
    this.#transcoder?.push(data, timeMs);
    return undefined;
  }

  /** Encoders repeat their sequence header; only another one means another format. */
  #configureAac(config: AacConfig, header: Uint8Array): void {
    if (this.#header && Buffer.compare(this.#header, header) === 0) return;
    this.#header = header.slice();
    this.#codec = 'aac';
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
    this.#options.findings.audio.sampleRate = config.outputSampleRate;
    this.#options.findings.audio.channels = channels;
    this.#options.findings.audio.profile = aacProfile(config);
    this.#transcoder = createTranscoder(
      { audioSpecificConfig: this.#header, sampleRate, channels, opusBitrateBps },
      (opus, timeMs, loudness) => {
        if (isCurrent()) this.#onOpus(input, opus, timeMs, loudness);
      },
      (message) => {
        if (isCurrent()) publisher.report('audio-codec', message);
      },
    );
  }

  /** What browsers take is what is sent on: one stream of Opus, mono or stereo. */
  #configureOpus({ channels, mappingFamily }: OpusHead): TagResult {
    if (channels > 2 || mappingFamily !== 0) {
      return { fatal: 'audio-channels', message: surround(channels) };
    }
    if (this.#codec === 'opus') return undefined;
    this.#codec = 'opus';
    this.#header = undefined;
    this.#transcoder?.close();
    this.#transcoder = undefined;
    this.#epoch++;
    this.#opusMs = undefined;
    this.#options.findings.audio.sampleRate = undefined;
    this.#options.findings.audio.channels = undefined;
    this.#options.findings.audio.profile = undefined;
    this.#input = this.#options.publisher.setTrack({
      kind: 'audio',
      codec: 'opus',
      clockRate: CLOCK_RATE,
      channels: 2,
      sourceCodec: 'opus',
      sourceSampleRate: CLOCK_RATE,
      sourceChannels: channels,
    });
    return undefined;
  }

  /** RTP timestamps count samples: a packet begins where the one before it ended, unless that was long ago. */
  #forwardOpus(input: TrackInput, opus: Uint8Array, timeMs: number): TagResult {
    const samples = opusSamples(opus);
    if (samples === undefined) return { dropped: 'opus-not-a-packet' };
    if (opus.length > PAYLOAD_BYTES_MAX) return { dropped: 'opus-packet-too-large' };
    const expectedMs = this.#opusMs ?? timeMs;
    const startMs = Math.abs(timeMs - expectedMs) > OPUS_JITTER_MS_MAX ? timeMs : expectedMs;
    this.#opusMs = startMs + samples / SAMPLES_PER_MS;
    this.#onOpus(input, opus, startMs);
    return undefined;
  }

  #onOpus(input: TrackInput, opus: Uint8Array, timeMs: number, loudness?: Loudness): void {
    this.#numbers.tieClock(input, timeMs);
    // RFC 7587 §4.2: the marker begins a talkspurt; a stream without pauses sets none.
    const packet = this.#numbers.packet(opus, this.#numbers.ticks(timeMs), false);
    this.#options.release(timeMs, (nowMs) => {
      const { audio } = this.#options.findings;
      audio.packet(opus, nowMs);
      if (loudness) audio.meter.packet(loudness.below, loudness.isClipped, nowMs);
      input.push(packet, nowMs);
    });
  }
}

/** Of AAC as it always was, and of Enhanced RTMP. */
function isSequenceHeader(body: Uint8Array): boolean {
  return body[0]! >> 4 === 9 ? (body[0]! & 0x0f) === 0 : body[1] === 0;
}

function unreadable(reason: string): TagResult {
  return {
    fatal: reason,
    message: `The encoder's audio sequence header cannot be read (${reason}).`,
  };
}

function surround(channels: number): string {
  return (
    `This encoder sends Opus with ${channels} channels, which browsers do not play. ` +
    'Send stereo (in OBS: Settings > Audio > Channels).'
  );
}

function unsupported(codec: string): string {
  return (
    `This encoder sends ${codec} audio. ${ACCEPTED}: ` +
    'choose AAC (in OBS: Settings > Output > Streaming > Audio Encoder).'
  );
}
