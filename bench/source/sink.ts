import type { VideoFrame } from '../clip.ts';

/** What has been handed to the network since the start. */
export type SentCounts = {
  packets: number;
  /** Media only: RTP payloads, or RTMP tag bodies' coded data. */
  payloadBytes: number;
};

/** Where the source's stream goes: one protocol, one server, one stream. */
export interface MediaSink {
  readonly sent: SentCounts;
  /** Resolves once the server takes media. */
  open(): Promise<void>;
  /** @param timeTicks at 90 kHz, without wrap */
  sendVideo(frame: VideoFrame, frameIndex: number, timeTicks: number): void;
  /** The audio codec that this protocol carries, and the length of its packets in samples at 48 kHz. */
  readonly audio: { readonly codec: 'opus' | 'aac'; readonly packetSamples: number };
  /** @param timeTicks at 48 kHz, without wrap */
  sendAudio(packet: Uint8Array, timeTicks: number): void;
  close(): Promise<void>;
}
