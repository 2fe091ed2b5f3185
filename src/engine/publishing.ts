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

/** What a picture's sequence header says of its coding. */
export type CodedProfile = {
  /** `High`, `Main 10`; undefined where its number has no name. */
  readonly profile: string | undefined;
  /** `3.1`. */
  readonly level: string | undefined;
  /** Frames a second, where it says so. */
  readonly fps: number | undefined;
};

/** What an adapter measured of what its encoder sends: undefined where that cannot be told, or not yet. */
export type PublisherFacts = {
  readonly video: {
    readonly coded: CodedProfile | undefined;
    readonly declaredFps: number | undefined;
    readonly declaredBps: number | undefined;
    /** As it comes in: B-frames and padding included. */
    readonly incomingFps: number;
    readonly incomingBps: number;
    /** Whether pictures are sent in another order than they are shown. */
    readonly bFrames: 'none' | 'announced' | 'sent' | undefined;
    /** Whether a request for a keyframe was answered; undefined where none was made, or can be. */
    readonly answersKeyframeRequests: boolean | undefined;
  };
  readonly audio: {
    readonly profile: string | undefined;
    readonly declaredBps: number | undefined;
    readonly incomingBps: number;
    readonly isStereo: boolean | undefined;
    /** In dB of full scale, over the last second; undefined where the sound is coded and its sender does not say. */
    readonly levelDb: number | undefined;
    /** The loudest of the last ten seconds, in the same. */
    readonly loudestDb: number | undefined;
    /** Share of the last ten seconds in which samples met full scale. */
    readonly clippedShare: number | undefined;
  };
  /** Of what came, the share that had to be sent again. */
  readonly repairedShare: number | undefined;
  readonly jitterMs: number | undefined;
  /** The publisher's clock against ours, in millionths; above 0 it is the faster one. */
  readonly clockDriftMillionths: number | undefined;
};

/** Who hears of the picture's size, and of how it is coded. */
export type FormatListener = Pick<PublisherInput, 'setVideoSize'> & {
  /** A sequence header; `reorderFrames`: how many pictures may come ahead of one that is shown before them. */
  setCoding(coded: CodedProfile, reorderFrames: number | undefined): void;
};

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
  /** What is known of what comes in, for the stats; our own clip has nothing to tell. */
  facts?(nowMs: number): PublisherFacts | undefined;
}
