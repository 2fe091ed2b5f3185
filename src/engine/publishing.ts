/**
 * What a protocol adapter (RTMP, WHIP, the demo clip) needs to feed a stream; `engine/publisher.ts` implements it.
 * Everything is synchronous and in virtual time.
 */
import type { FindingCode } from '../base/findings.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { VideoCodec } from '../base/session.ts';
import type { RtpPacket } from '../protocols/rtp/packet.ts';

/** What a track carries from now on. */
export type TrackFormat =
  | {
      readonly kind: 'video';
      readonly codec: VideoCodec;
      readonly clockRate: 90000;
    }
  | {
      readonly kind: 'audio';
      readonly codec: 'opus';
      readonly clockRate: 48000;
      readonly channels: 2;
      /** What the publisher sent, for the stats: `opus`, `aac`. */
      readonly sourceCodec: string;
      readonly sourceSampleRate: number;
      readonly sourceChannels: number;
    };

/** One track as its publisher's adapter sees it. */
export interface TrackInput {
  /** One packet, in sequence order; gaps in the sequence numbers are losses and stay visible to viewers. */
  push(packet: RtpPacket, nowMs: number): void;
  /**
   * Ties the track's RTP clock to the publisher's time, as an RTCP sender report does (RFC 3550 §6.4.1):
   * `timestamp` ticks was at `timeMs`. All tracks of a publisher share one time line: lip-sync rests on it.
   */
  setClock(timestamp: number, timeMs: number): void;
}

/** One publisher's hold on a stream. The newest publisher replaces an older one at once. */
export interface PublisherInput {
  /**
   * Adds the video or the audio track; a second call for a kind changes that track's format in mid-stream.
   * @param layer the name of a simulcast layer; each is a track of its own. Undefined: the picture is sent once
   */
  setTrack(format: TrackFormat, layer?: string): TrackInput;
  /** Picture size, once known or changed. */
  setVideoSize(width: number, height: number, layer?: string): void;
  /** Something is wrong with what is sent: said once while it lasts, in the log and the API, never to viewers. */
  report(code: FindingCode, message: string): void;
  /** It is so no longer. */
  resolve(code: FindingCode): void;
  close(reason: CloseReason, nowMs: number): void;
}

/** Who hears of the picture's size. */
export type SizeListener = Pick<PublisherInput, 'setVideoSize'>;

/** What the engine asks of a publisher's adapter. */
export interface PublisherListener {
  /**
   * A viewer cannot decode and the cache has no keyframe: ask the encoder for one, where the protocol can. At most once
   * a second for each simulcast layer; `layer` is undefined where the picture is sent once.
   */
  onKeyframeWanted(nowMs: number, layer: string | undefined): void;
  /** The engine let go of this publisher (`replaced`, `kicked`, `server-stopping`): end the session. Called once. */
  onClosed(reason: CloseReason, nowMs: number): void;
  /** The round trip, where the transport tells. */
  rttMs?(): number | undefined;
}
