/** Publishers of scenarios: one by WHIP behind a network, and one that feeds the engine as the RTMP adapter does. */
import { seqAdd } from '../../src/base/circle.ts';
import type { CloseReason } from '../../src/base/reasons.ts';
import type { PublisherInput, TrackInput } from '../../src/engine/publishing.ts';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import type { RtcpPacket } from '../../src/protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import { msToNtp } from '../../src/protocols/rtp/sender-report.ts';
import type { ClientHost } from './client-host.ts';
import type { EncodedFrame, Encoder } from './encoder.ts';
import { SeededRandom, type Timed } from './network.ts';

/** Where a camera's pictures and sound go. */
type Sink = {
  video(frame: EncodedFrame, nowMs: number): void;
  audio(payload: Uint8Array, captureMs: number, nowMs: number): void;
  /** Once a second. */
  report(nowMs: number): void;
};

const AUDIO_MS = 20;
const REPORT_MS = 1000;
/** Encoding takes its time, and not the same for both: only sender reports bring them together again. */
const VIDEO_DELAY_MS = 45;
const AUDIO_DELAY_MS = 5;
const RESENDABLE_MAX = 4096;
/** Packets of a layer that name it. */
const NAMED_PACKETS = 200;
/** Id of the rid's header extension. */
export const RID_ID = 4;

/** The clock that drives an encoder. */
export class Camera implements Timed {
  readonly encoder: Encoder;
  readonly #sink: Sink;
  #nextVideoMs = Infinity;
  #nextAudioMs = Infinity;
  #nextReportMs = Infinity;
  #startMs = 0;
  #framesCaptured = 0;
  /** False for a camera without its microphone. */
  hasAudio = true;

  constructor(encoder: Encoder, sink: Sink) {
    this.encoder = encoder;
    this.#sink = sink;
  }

  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#framesCaptured = 0;
    this.#nextVideoMs = nowMs + VIDEO_DELAY_MS;
    this.#nextAudioMs = nowMs + AUDIO_DELAY_MS;
    this.#nextReportMs = nowMs + VIDEO_DELAY_MS + 5;
  }

  stop(): void {
    this.#nextVideoMs = Infinity;
    this.#nextAudioMs = Infinity;
    this.#nextReportMs = Infinity;
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = Math.min(this.#nextVideoMs, this.#nextAudioMs, this.#nextReportMs);
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    if (nowMs >= this.#nextVideoMs) {
      const captureMs = this.#nextVideoMs - VIDEO_DELAY_MS;
      this.#framesCaptured++;
      const { fps } = this.encoder.options;
      this.#nextVideoMs = this.#startMs + (this.#framesCaptured * 1000) / fps + VIDEO_DELAY_MS;
      this.#sink.video(this.encoder.frame(captureMs), nowMs);
    }
    if (nowMs >= this.#nextAudioMs) {
      const captureMs = this.#nextAudioMs - AUDIO_DELAY_MS;
      this.#nextAudioMs += AUDIO_MS;
      if (this.hasAudio) this.#sink.audio(this.encoder.audio(captureMs), captureMs, nowMs);
    }
    if (nowMs >= this.#nextReportMs) {
      this.#nextReportMs += REPORT_MS;
      this.#sink.report(nowMs);
    }
  }
}

/** SSRC and numbering of one flow, from random places as RFC 3550 §5.1 asks. */
class Flow {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly #clockRate: number;
  readonly #base: number;
  #sequence: number;
  packets = 0;

  constructor(random: SeededRandom, payloadType: number, clockRate: number) {
    this.ssrc = random.below(2 ** 32);
    this.payloadType = payloadType;
    this.#clockRate = clockRate;
    this.#base = random.below(2 ** 32);
    this.#sequence = random.below(2 ** 16);
  }

  timestampAt(timeMs: number): number {
    return (this.#base + Math.round((timeMs * this.#clockRate) / 1000)) >>> 0;
  }

  next(payload: Uint8Array, captureMs: number, marker: boolean) {
    const sequenceNumber = this.#sequence;
    this.#sequence = seqAdd(sequenceNumber, 1);
    this.packets++;
    const { ssrc, payloadType } = this;
    const timestamp = this.timestampAt(captureMs);
    return { ssrc, payloadType, sequenceNumber, timestamp, marker, payload };
  }
}

export const PUBLISHED_TYPES = { video: 102, audio: 111 } as const;

/** One simulcast layer; without an encoder of its own it is what the camera's makes. */
export type Layer = {
  readonly rid: string;
  readonly encoder: Encoder | undefined;
  readonly flow: Flow;
  isSuspended: boolean;
};

/** The packet with the rid in a one-byte header extension (RFC 8285 §4.2). */
function named(packet: Uint8Array, rid: string): Uint8Array {
  const words = Math.ceil((1 + rid.length) / 4);
  const bytes = new Uint8Array(packet.length + 4 + 4 * words);
  bytes.set(packet.subarray(0, 12));
  bytes[0] = (bytes[0] ?? 0) | 0x10;
  bytes.set([0xbe, 0xde, 0, words, (RID_ID << 4) | (rid.length - 1)], 12);
  bytes.set(Buffer.from(rid), 17);
  bytes.set(packet.subarray(12), 16 + 4 * words);
  return bytes;
}

/** Encoder and WebRTC library of a streamer: OBS, say. */
export class WhipPublisher implements Timed {
  readonly session: string;
  readonly host: ClientHost;
  readonly camera: Camera;
  /** When keyframes were asked for. */
  readonly keyframeRequests: number[] = [];
  nacked = 0;
  /** Keyframes come when they come, as with OBS. */
  isDeaf = false;
  readonly #random: SeededRandom;
  /** This computer's clock is wrong: only differences count. */
  readonly #clockOffsetMs: number;
  readonly #sent = new Map<string, Uint8Array>();
  /** The same picture under another SSRC, by an encoder that does not say so. */
  #twin: Flow | undefined;
  /** Simulcast: all layers, the one of the camera's own encoder last. */
  readonly layers: Layer[] = [];
  #video: Flow;
  #audio: Flow;

  constructor(session: string, host: ClientHost, encoder: Encoder, seed: number) {
    this.session = session;
    this.host = host;
    this.#random = new SeededRandom(seed);
    this.#clockOffsetMs = this.#random.below(10_000_000);
    this.#video = new Flow(this.#random, PUBLISHED_TYPES.video, 90_000);
    this.#audio = new Flow(this.#random, PUBLISHED_TYPES.audio, 48_000);
    this.camera = new Camera(encoder, {
      video: (frame, nowMs) => this.#sendFrame(frame, nowMs),
      audio: (payload, captureMs, nowMs) => this.#sendAudio(payload, captureMs, nowMs),
      report: (nowMs) => this.#report(nowMs),
    });
  }

  get videoSsrc(): number {
    return this.#video.ssrc;
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = Math.min(this.host.deadlineMs ?? Infinity, this.#cameraMs);
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    if (this.#cameraMs <= nowMs) this.camera.advance(nowMs);
    if ((this.host.deadlineMs ?? Infinity) <= nowMs) this.host.advance(nowMs);
  }

  /** What the server says. */
  onRtcp(packets: readonly RtcpPacket[], nowMs: number): void {
    for (const packet of packets) {
      if (packet.type === 'picture-loss') {
        this.keyframeRequests.push(nowMs);
        if (this.isDeaf) continue;
        // As libwebrtc: whichever layer is asked for, all begin anew.
        for (const encoder of this.#encoders) encoder.wantKeyframe();
      } else if (
        packet.type === 'nack' &&
        this.#videoFlows.some(({ ssrc }) => ssrc === packet.mediaSsrc)
      ) {
        for (const number of packet.sequenceNumbers) this.#resend(packet.mediaSsrc, number);
      }
    }
    this.host.flush(nowMs);
  }

  /** The encoder begins anew inside the same session: other SSRCs, numbers and timestamps, as RFC 3550 §8 allows. */
  changeFlows(): void {
    this.#video = new Flow(this.#random, PUBLISHED_TYPES.video, 90_000);
    this.#audio = new Flow(this.#random, PUBLISHED_TYPES.audio, 48_000);
    this.#sent.clear();
    this.camera.encoder.wantKeyframe();
  }

  /** Sends every frame under another SSRC too, from now on. */
  addTwin(): void {
    this.#twin = new Flow(this.#random, PUBLISHED_TYPES.video, 90_000);
  }

  /** @param encoder of a smaller layer; undefined: the camera's own, which comes last */
  addLayer(rid: string, encoder: Encoder | undefined): void {
    const flow = encoder ? new Flow(this.#random, PUBLISHED_TYPES.video, 90_000) : this.#video;
    this.layers.push({ rid, encoder, flow, isSuspended: false });
  }

  /** As encoders do whose uplink is too thin; they say nothing of it, and come back with a keyframe. */
  suspend(rid: string, isSuspended: boolean): void {
    const layer = this.layers.find((layer) => layer.rid === rid);
    if (!layer) throw new Error(`no layer ${rid}`);
    layer.isSuspended = isSuspended;
    if (!isSuspended) (layer.encoder ?? this.camera.encoder).wantKeyframe();
  }

  /** Process killed, cable cut. */
  vanish(): void {
    this.camera.stop();
    this.host.client.vanish();
  }

  leave(nowMs: number): void {
    this.camera.stop();
    this.host.client.close();
    this.host.flush(nowMs);
  }

  get #cameraMs(): number {
    return this.host.isConnected && !this.host.isClosed
      ? (this.camera.deadlineMs ?? Infinity)
      : Infinity;
  }

  get #videoFlows(): readonly Flow[] {
    return this.layers.length > 0 ? this.layers.map(({ flow }) => flow) : [this.#video];
  }

  get #encoders(): readonly Encoder[] {
    return [this.camera.encoder, ...this.layers.flatMap(({ encoder }) => encoder ?? [])];
  }

  #sendFrame(frame: EncodedFrame, nowMs: number): void {
    if (this.layers.length === 0) this.#sendOn(this.#video, frame, undefined);
    if (this.#twin) this.#sendOn(this.#twin, frame, undefined);
    for (const { rid, encoder, flow, isSuspended } of this.layers) {
      if (!isSuspended) this.#sendOn(flow, encoder?.frame(frame.captureMs) ?? frame, rid);
    }
    for (const key of this.#sent.keys()) {
      if (this.#sent.size <= RESENDABLE_MAX) break;
      this.#sent.delete(key);
    }
    this.host.flush(nowMs);
  }

  #sendOn(flow: Flow, frame: EncodedFrame, rid: string | undefined): void {
    for (const [index, payload] of frame.payloads.entries()) {
      const isLast = index === frame.payloads.length - 1;
      const packet = flow.next(payload, frame.captureMs, isLast);
      const plain = writeRtpPacket(packet);
      // Senders say which layer it is until the server reports on it (RFC 8852 §3.3).
      const bytes = rid !== undefined && flow.packets < NAMED_PACKETS ? named(plain, rid) : plain;
      this.#sent.set(`${packet.ssrc}/${packet.sequenceNumber}`, bytes);
      this.host.client.sendRtp(bytes);
    }
  }

  #sendAudio(payload: Uint8Array, captureMs: number, nowMs: number): void {
    this.host.client.sendRtp(writeRtpPacket(this.#audio.next(payload, captureMs, false)));
    this.host.flush(nowMs);
  }

  #resend(ssrc: number, sequenceNumber: number): void {
    this.nacked++;
    const bytes = this.#sent.get(`${ssrc}/${sequenceNumber}`);
    if (bytes) this.host.client.sendRtp(bytes);
  }

  #report(nowMs: number): void {
    const ntp = msToNtp(nowMs + this.#clockOffsetMs);
    for (const flow of [...this.#videoFlows, this.#twin, this.#audio]) {
      if (!flow) continue;
      const { ssrc, packets: packetCount } = flow;
      const rtpTimestamp = flow.timestampAt(nowMs);
      const figures = { ssrc, ntp, rtpTimestamp, packetCount, octetCount: 0 };
      this.host.client.sendRtcp(
        new RtcpWriter().senderReport(figures, []).cname(ssrc, 'studio').bytes(),
      );
    }
    this.host.flush(nowMs);
  }
}

/** Feeds the engine without a session of ours, as RTMP and the demo clip do. */
export class DirectPublisher implements Timed {
  readonly camera: Camera;
  readonly keyframeRequests: number[] = [];
  closed: CloseReason | undefined;
  readonly #input: PublisherInput;
  readonly #video: TrackInput;
  readonly #audio: TrackInput;
  readonly #videoFlow: Flow;
  readonly #audioFlow: Flow;

  constructor(input: PublisherInput, encoder: Encoder, seed: number, nowMs: number) {
    const random = new SeededRandom(seed);
    this.#input = input;
    this.#videoFlow = new Flow(random, PUBLISHED_TYPES.video, 90_000);
    this.#audioFlow = new Flow(random, PUBLISHED_TYPES.audio, 48_000);
    this.#video = input.setTrack({ kind: 'video', codec: 'h264', clockRate: 90_000 });
    this.#audio = input.setTrack({
      kind: 'audio',
      codec: 'opus',
      clockRate: 48_000,
      channels: 2,
      sourceCodec: 'aac',
      sourceSampleRate: 48_000,
      sourceChannels: 2,
    });
    this.camera = new Camera(encoder, {
      video: (frame, nowMs) => this.#pushFrame(frame, nowMs),
      audio: (payload, captureMs, nowMs) =>
        this.#audio.push(this.#audioFlow.next(payload, captureMs, false), nowMs),
      report: (nowMs) => this.#tie(nowMs),
    });
    this.#tie(nowMs);
    this.camera.start(nowMs);
  }

  get deadlineMs(): number | undefined {
    return this.camera.deadlineMs;
  }

  advance(nowMs: number): void {
    this.camera.advance(nowMs);
  }

  leave(nowMs: number): void {
    this.camera.stop();
    this.#input.close('left', nowMs);
  }

  #pushFrame(frame: EncodedFrame, nowMs: number): void {
    for (const [index, payload] of frame.payloads.entries()) {
      const isLast = index === frame.payloads.length - 1;
      this.#video.push(this.#videoFlow.next(payload, frame.captureMs, isLast), nowMs);
    }
  }

  #tie(nowMs: number): void {
    this.#video.setClock(this.#videoFlow.timestampAt(nowMs), nowMs);
    this.#audio.setClock(this.#audioFlow.timestampAt(nowMs), nowMs);
  }
}
