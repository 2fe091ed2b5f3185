/**
 * OBS's WHIP output without OBS: node-datachannel is the library that it uses, and this follows its code: no candidates
 * in the offer, gathering after the answer, Opus 111 and H.264 96 declared 42e01f, the library's packetizer, sender
 * reports and NACK store, pacing at ten times the bitrate, DELETE on stop. The picture is a clock-source's.
 */
import { createEncoder, type OpusEncoderHandle } from 'libopus-wasm';
import * as rtc from 'node-datachannel';
import { ClockSource } from './clock-source.ts';

const OPUS_FMTP = 'minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1';
const H264_FMTP = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
const FRAGMENT_BYTES = 1200;
const NACK_PACKETS = 4000;
const PACING_BPS = 10_000_000;
const PACING_MS = 5;

export type PublisherOptions = {
  readonly url: string;
  /** The token that OBS has a field for; empty for none. */
  readonly key: string;
  readonly gopSeconds?: number;
  /** x264's options: see {@link ClockSource}. */
  readonly encoder?: readonly string[];
  readonly videoKbps?: number;
  /** Dial the server's passive TCP candidates too, as no OBS does yet. */
  readonly iceTcp?: boolean;
  /** How it calls itself, instead of by Node's name. */
  readonly userAgent?: string;
  readonly onState?: (state: string) => void;
};

/** One track: the library's, and the packetizer's settings that carry its timestamp. */
type Lane = {
  readonly track: rtc.Track;
  readonly rtp: rtc.RtpPacketizationConfig;
  readonly first: number;
};

export class DatachannelPublisher {
  /** Every connection state, in order. */
  readonly states: string[] = [];
  readonly #options: PublisherOptions;
  readonly #peer: rtc.PeerConnection;
  readonly #video: Lane;
  readonly #audio: Lane;
  readonly #encoder: OpusEncoderHandle;
  #source: ClockSource | undefined;
  #resource: string | undefined;

  private constructor(options: PublisherOptions, encoder: OpusEncoderHandle) {
    this.#options = options;
    this.#encoder = encoder;
    this.#peer = new rtc.PeerConnection('publisher', {
      iceServers: [],
      disableAutoNegotiation: true,
      enableIceTcp: options.iceTcp ?? false,
    });
    this.#peer.onStateChange((state) => {
      this.states.push(state);
      options.onState?.(state);
    });
    const ssrc = 1 + Math.floor(Math.random() * 0xfffffff0);
    this.#audio = this.#addAudio(ssrc);
    this.#video = this.#addVideo(ssrc + 1);
  }

  /** Negotiates, connects and starts to send. */
  static async start(options: PublisherOptions): Promise<DatachannelPublisher> {
    const encoder = await createEncoder({
      sampleRate: 48000,
      channels: 2,
      frameSize: 960,
      bitrate: 96_000,
    });
    const publisher = new DatachannelPublisher(options, encoder);
    try {
      await publisher.#negotiate();
      await publisher.waitFor('connected');
      publisher.#send();
      return publisher;
    } catch (error) {
      await publisher.#release();
      throw error;
    }
  }

  /** The server's port that media go to. */
  get remotePort(): number | undefined {
    return this.#peer.getSelectedCandidatePair()?.remote.port;
  }

  async waitFor(state: string, timeoutMs = 10_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.states.includes(state)) {
      if (performance.now() > untilMs) throw new Error(`not ${state}: ${this.states.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The stop button: the connection closes, then the session is deleted. Gives the status of that. */
  async stop(): Promise<number> {
    await this.#release();
    if (this.#resource === undefined) return 0;
    const headers = bearer(this.#options);
    const response = await fetch(this.#resource, { method: 'DELETE', headers });
    return response.status;
  }

  async #release(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.kill();
    if (this.#peer.state() !== 'closed') this.#peer.close();
    if (source) this.#encoder.free();
  }

  #addAudio(ssrc: number): Lane {
    const media = new rtc.Audio('0', 'SendOnly');
    media.addOpusCodec(111, OPUS_FMTP);
    media.addSSRC(ssrc, 'clock', 'clock', 'clock-audio');
    return addLane(
      this.#peer,
      media,
      new rtc.RtpPacketizationConfig(ssrc, 'clock', 111, 48000),
      rtc.RtpPacketizer,
    );
  }

  #addVideo(ssrc: number): Lane {
    const media = new rtc.Video('1', 'SendOnly');
    media.addH264Codec(96, H264_FMTP);
    media.addSSRC(ssrc, 'clock', 'clock', 'clock-video');
    const rtp = new rtc.RtpPacketizationConfig(ssrc, 'clock', 96, 90000);
    return addLane(this.#peer, media, rtp, H264InLengths);
  }

  async #negotiate(): Promise<void> {
    this.#peer.setLocalDescription('offer');
    // OBS gathers after the answer; this binding cannot, so what it has gathered by now stays out of the offer.
    const offer = this.#peer
      .localDescription()
      ?.sdp.replaceAll(/a=(candidate|end-of-cand).*\r\n/g, '');
    const response = await fetch(this.#options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/sdp',
        ...bearer(this.#options),
        ...(this.#options.userAgent !== undefined && { 'user-agent': this.#options.userAgent }),
      },
      body: offer ?? null,
    });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(`WHIP answered ${response.status}: ${answer}`);
    this.#resource = new URL(response.headers.get('location') ?? '', this.#options.url).href;
    this.#peer.setRemoteDescription(answer, 'answer');
  }

  #send(): void {
    this.#source = new ClockSource({
      gopSeconds: this.#options.gopSeconds ?? 1,
      ...(this.#options.encoder ? { encoder: this.#options.encoder } : {}),
      output: 'pipe',
      ...(this.#options.videoKbps !== undefined && { videoKbps: this.#options.videoKbps }),
      onSound: (samples, timestampMs) => {
        if (!this.#audio.track.isOpen()) return;
        this.#audio.rtp.timestamp = (this.#audio.first + timestampMs * 48) % 2 ** 32;
        this.#audio.track.sendMessageBinary(Buffer.from(this.#encoder.encodeFloat(samples)));
      },
    });
    const flv = new FlvReader();
    this.#source.stdout.on('data', (chunk: Buffer) => {
      for (const { timestampMs, picture } of flv.read(chunk)) {
        if (!this.#video.track.isOpen()) continue;
        this.#video.rtp.timestamp = Math.round(this.#video.first + timestampMs * 90) % 2 ** 32;
        this.#video.track.sendMessageBinary(picture);
      }
    });
  }
}

function bearer({ key }: PublisherOptions): Record<string, string> {
  return key === '' ? {} : { authorization: `Bearer ${key}` };
}

type PacketizerClass = new (rtp: rtc.RtpPacketizationConfig) => rtc.RtpPacketizer;

/** x264's pictures come out of FLV with a length ahead of each NAL unit. */
const H264InLengths = class extends rtc.H264RtpPacketizer {
  constructor(rtp: rtc.RtpPacketizationConfig) {
    super('Length', rtp, FRAGMENT_BYTES);
  }
};

function addLane(
  peer: rtc.PeerConnection,
  media: rtc.Audio | rtc.Video,
  rtp: rtc.RtpPacketizationConfig,
  Packetizer: PacketizerClass,
): Lane {
  const packetizer = new Packetizer(rtp);
  packetizer.addToChain(new rtc.RtcpSrReporter(rtp));
  packetizer.addToChain(new rtc.RtcpNackResponder(NACK_PACKETS));
  if (media instanceof rtc.Video)
    packetizer.addToChain(new rtc.PacingHandler(PACING_BPS, PACING_MS));
  const track = peer.addTrack(media);
  track.setMediaHandler(packetizer);
  return { track, rtp, first: rtp.timestamp };
}

type Picture = { readonly timestampMs: number; readonly picture: Buffer };

/** Pictures out of an FLV byte stream, as soon as their last byte is there; parameter sets go ahead of each keyframe. */
class FlvReader {
  #pending: Buffer = Buffer.alloc(0);
  #headerRead = false;
  #parameterSets: Buffer = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<Picture> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (!this.#headerRead) {
      if (this.#pending.length < 13) return;
      this.#pending = this.#pending.subarray(13);
      this.#headerRead = true;
    }
    while (this.#pending.length >= 11) {
      const end = 11 + this.#pending.readUIntBE(1, 3) + 4;
      if (this.#pending.length < end) return;
      const tag = this.#pending.subarray(0, end - 4);
      this.#pending = this.#pending.subarray(end);
      const picture = tag[0] === 9 ? this.#picture(tag.subarray(11)) : undefined;
      const timestampMs = tag.readUIntBE(4, 3) | (tag[7]! << 24);
      if (picture) yield { timestampMs, picture };
    }
  }

  #picture(body: Buffer): Buffer | undefined {
    if (body[1] === 0) {
      this.#parameterSets = parameterSetsOf(body.subarray(5));
      return undefined;
    }
    if (body[1] !== 1) return undefined;
    const isKeyframe = body[0]! >> 4 === 1;
    return isKeyframe ? Buffer.concat([this.#parameterSets, body.subarray(5)]) : body.subarray(5);
  }
}

/** SPS and PPS of an AVCDecoderConfigurationRecord with one of each (ISO/IEC 14496-15 §5.3.3), lengths in 4 bytes. */
function parameterSetsOf(record: Buffer): Buffer {
  const spsLength = record.readUInt16BE(6);
  const sps = record.subarray(8, 8 + spsLength);
  const ppsAt = 8 + spsLength + 1;
  const pps = record.subarray(ppsAt + 2, ppsAt + 2 + record.readUInt16BE(ppsAt));
  const lengthOf = (unit: Buffer): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(unit.length);
    return bytes;
  };
  return Buffer.concat([lengthOf(sps), sps, lengthOf(pps), pps]);
}
