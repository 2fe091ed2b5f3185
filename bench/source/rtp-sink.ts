import { createSocket, type Socket } from 'node:dgram';
import type { Clip, VideoFrame } from '../clip.ts';
import { monotonicUs, writeStamp } from '../stamp.ts';
import { packetiseClip } from './packetise.ts';
import { RtpStream } from './rtp-stream.ts';
import type { MediaSink, SentCounts } from './sink.ts';

export type RtpTarget = {
  readonly address: string;
  readonly videoPort: number;
  readonly audioPort: number;
  readonly videoPayloadType: number;
  readonly audioPayloadType: number;
};

/** Plain RTP over UDP, two ports: what Janus' streaming plugin takes in. */
export class RtpSink implements MediaSink {
  readonly sent: SentCounts = { packets: 0, payloadBytes: 0 };
  readonly audio = { codec: 'opus', packetSamples: 960 } as const;
  readonly #target: RtpTarget;
  readonly #frames: Uint8Array[][];
  readonly #video: RtpStream;
  readonly #audioStream: RtpStream;
  readonly #socket: Socket = createSocket('udp4');

  constructor(clip: Clip, target: RtpTarget) {
    this.#target = target;
    this.#frames = packetiseClip(clip);
    this.#video = new RtpStream(target.videoPayloadType);
    this.#audioStream = new RtpStream(target.audioPayloadType);
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.bind(0, this.#target.address, resolve));
  }

  sendVideo(_frame: VideoFrame, frameIndex: number, timeTicks: number): void {
    const payloads = this.#frames[frameIndex]!;
    const last = payloads.at(-1)!;
    for (const payload of payloads) {
      if (payload === last) writeStamp(payload, payload.length, monotonicUs());
      const packet = this.#video.write(payload, timeTicks, payload === last, 0);
      this.#send(packet, payload.length, this.#target.videoPort);
    }
  }

  sendAudio(packet: Uint8Array, timeTicks: number): void {
    const rtp = this.#audioStream.write(packet, timeTicks, false, 0);
    this.#send(rtp, packet.length, this.#target.audioPort);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #send(packet: Buffer, payloadBytes: number, port: number): void {
    this.#socket.send(packet, port, this.#target.address);
    this.sent.packets++;
    this.sent.payloadBytes += payloadBytes;
  }
}
