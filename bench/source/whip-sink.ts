import type { WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import { dtlsRoleAgainst, readDescription, writeDescription } from '../client/description.ts';
import { type Exchange, exchange } from '../client/exchange.ts';
import { iceCredentials } from '../client/ice-agent.ts';
import type { Transport } from '../client/path.ts';
import { ClientPeer } from '../client/peer.ts';
import type { SrtpSession } from '../client/srtp-session.ts';
import type { Clip, VideoFrame } from '../clip.ts';
import { monotonicUs, writeStamp } from '../stamp.ts';
import { packetiseClip } from './packetise.ts';
import { RTP_HEADER_BYTES, RtpStream } from './rtp-stream.ts';
import type { MediaSink, SentCounts } from './sink.ts';

export type WhipTarget = {
  readonly url: string;
  readonly bearer: string | undefined;
  readonly transport: Transport;
};

const VIDEO_PAYLOAD_TYPE = 102;
const AUDIO_PAYLOAD_TYPE = 111;
const SENDER_REPORT_INTERVAL_MS = 1000;
const SENDER_REPORT = 200;
/** Seconds from 1900 to 1970 (RFC 3550 §4). */
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** A WebRTC publisher as OBS is one: WHIP, ICE, DTLS, SRTP; it has no encoder, so keyframe requests wait for the clip's. */
export class WhipSink implements MediaSink {
  readonly sent: SentCounts = { packets: 0, payloadBytes: 0 };
  readonly audio = { codec: 'opus', packetSamples: 960 } as const;
  readonly #target: WhipTarget;
  readonly #crypto: WebRtcCrypto;
  readonly #frames: Uint8Array[][];
  readonly #video = new RtpStream(VIDEO_PAYLOAD_TYPE);
  readonly #audioStream = new RtpStream(AUDIO_PAYLOAD_TYPE);
  #exchange: Exchange | undefined;
  #peer: ClientPeer | undefined;
  #srtp: SrtpSession | undefined;
  #reports: NodeJS.Timeout | undefined;

  constructor(clip: Clip, target: WhipTarget, crypto: WebRtcCrypto) {
    this.#target = target;
    this.#crypto = crypto;
    this.#frames = packetiseClip(clip);
  }

  async open(): Promise<void> {
    const { url, bearer, transport } = this.#target;
    const local = iceCredentials();
    const direction = 'sendonly';
    const video = { kind: 'video', mid: '0', direction, ...this.#line(this.#video) } as const;
    const audio = { kind: 'audio', mid: '1', direction, ...this.#line(this.#audioStream) } as const;
    const offer = writeDescription(this.#crypto, local, 'actpass', [video, audio]);
    this.#exchange = await exchange(url, offer, bearer);
    const { answer } = this.#exchange;
    const remote = readDescription(answer, transport);
    const dtlsRole = dtlsRoleAgainst(answer);
    const options = {
      crypto: this.#crypto,
      local,
      remote,
      iceRole: 'controlling',
      dtlsRole,
    } as const;
    this.#peer = await ClientPeer.connect(options, {
      onRtp: () => {},
      onRtcp: () => {},
      onClosed: (reason) => {
        this.#srtp = undefined;
        if (reason !== 'left') throw new Error(`the server ended the publisher: ${reason}`);
      },
    });
    this.#srtp = this.#peer.srtp;
    this.#reports = setInterval(() => this.#sendReports(), SENDER_REPORT_INTERVAL_MS);
  }

  sendVideo(_frame: VideoFrame, frameIndex: number, timeTicks: number): void {
    const payloads = this.#frames[frameIndex]!;
    const last = payloads.at(-1)!;
    for (const payload of payloads) {
      if (payload === last) writeStamp(payload, payload.length, monotonicUs());
      this.#send(this.#video.write(payload, timeTicks, payload === last, 0));
    }
  }

  sendAudio(packet: Uint8Array, timeTicks: number): void {
    this.#send(this.#audioStream.write(packet, timeTicks, false, 0));
  }

  async close(): Promise<void> {
    clearInterval(this.#reports);
    this.#peer?.close('left');
    await this.#exchange?.leave();
  }

  #line(stream: RtpStream): { payloadType: number; ssrc: number } {
    return { payloadType: stream.payloadType, ssrc: stream.ssrc };
  }

  #send(packet: Buffer): void {
    if (!this.#srtp) return;
    this.#peer?.send(this.#srtp.protect(packet, RTP_HEADER_BYTES));
    this.sent.packets++;
    this.sent.payloadBytes += packet.length - RTP_HEADER_BYTES;
  }

  /** Both clocks against one wall clock, or the server could not tell what belongs together (RFC 3550 §6.4.1). */
  #sendReports(): void {
    for (const stream of [this.#video, this.#audioStream]) {
      const seconds = Date.now() / 1000 + NTP_EPOCH_SECONDS;
      const report = Buffer.alloc(28);
      report[0] = 0x80;
      report[1] = SENDER_REPORT;
      report.writeUInt16BE(6, 2);
      report.writeUInt32BE(stream.ssrc, 4);
      report.writeUInt32BE(Math.floor(seconds), 8);
      report.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 12);
      report.writeUInt32BE(stream.lastTicks, 16);
      report.writeUInt32BE(stream.packets, 20);
      report.writeUInt32BE(stream.octets % 2 ** 32, 24);
      const protectedReport = this.#srtp?.protectRtcp(report);
      if (protectedReport) this.#peer?.send(protectedReport);
    }
  }
}
