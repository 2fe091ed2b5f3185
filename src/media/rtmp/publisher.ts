import type { CloseReason } from '../../base/reasons.ts';
import type { BFramePolicy } from '../../channel/messages.ts';
import type { PublisherInput, PublisherListener } from '../../engine/publishing.ts';
import type { AmfObject } from '../../protocols/amf/amf0.ts';
import type { AmfValue } from '../../protocols/amf/value.ts';
import type { AudioTranscoderFactory } from '../audio.ts';
import { PublisherFindings } from '../findings/publisher-findings.ts';
import { AudioTrack } from './audio-track.ts';
import { SteadyRelease } from './steady-release.ts';
import { Timeline } from './timeline.ts';
import { type TagResult, VideoTrack } from './video-track.ts';

/** Who publishes, as the engine and the stats name it. */
export type RtmpSource = {
  readonly protocol: 'rtmp';
  readonly transport: 'tcp';
  readonly userAgent: string | undefined;
  readonly address: string;
};

/** The engine's door: makes this publisher the stream's. Undefined when the server holds as many streams as it may. */
export type OpenPublisher = (
  source: RtmpSource,
  listener: PublisherListener,
  nowMs: number,
) => PublisherInput | undefined;

export type RtmpPublisherOptions = {
  readonly open: OpenPublisher;
  readonly address: string;
  /** The round trip, as the socket tells it. */
  readonly rttMs: () => number | undefined;
  /** How the encoder called itself in connect; its metadata may know better. */
  readonly encoder: string | undefined;
  readonly createTranscoder: AudioTranscoderFactory;
  readonly opusBitrateBps: number;
  readonly bFrames: BFramePolicy;
  /** Unpredictable 32-bit numbers, one per track. */
  readonly ssrcs: { readonly audio: number; readonly video: number };
  readonly clockMs: () => number;
  /** Asks for {@link RtmpPublisher.advance} at a time. */
  readonly wakeBy: (deadlineMs: number | undefined) => void;
  /** Something went wrong that costs a frame; said as often as it happens. */
  readonly complain: (what: string) => void;
  /** The session must end: the engine said so, or what it sends is not for us. `message` is for the streamer. */
  readonly end: (reason: CloseReason, message: string | undefined) => void;
};

/** An encoder's name ends up in logs and stats. */
const USER_AGENT_LENGTH_MAX = 120;

/** What the streamer reads when the engine lets go. Where it is not here, encoders do best with a closed connection. */
export const closeMessages: Readonly<Partial<Record<CloseReason, string>>> = {
  replaced: 'Another encoder took over this stream.',
  kicked: 'The operator ended this stream.',
  revoked: 'The stream key was revoked. Ask whoever gave it to you for a new one.',
  expired: 'The time that this stream was let in for is over.',
};

/**
 * Feeds the engine with what one RTMP connection publishes. The engine hears of it with the first metadata or media:
 * an encoder that only connects takes nobody's place.
 */
export class RtmpPublisher {
  readonly #options: RtmpPublisherOptions;
  readonly #timeline: Timeline;
  readonly #steady = new SteadyRelease();
  #live: Live | undefined;
  /** Nothing more goes to the engine: it let go, or the session is being ended. */
  #deaf = false;
  #closed = false;

  constructor(options: RtmpPublisherOptions) {
    this.#options = options;
    this.#timeline = new Timeline((kind) => {
      options.complain(`${kind}-timestamps-jumped`);
      this.#live?.findings.timestampsJumped(options.clockMs());
    });
  }

  /** When {@link advance} is due. */
  get deadlineMs(): number | undefined {
    return this.#deaf ? undefined : this.#steady.deadlineMs;
  }

  advance(nowMs: number): void {
    if (!this.#deaf) this.#steady.advance(nowMs);
  }

  onMetadata(values: AmfObject, nowMs: number): void {
    const encoder = values.get('encoder');
    const live = this.#open(typeof encoder === 'string' ? encoder : this.#options.encoder, nowMs);
    if (!live) return;
    const { video, audio } = live.findings;
    video.declaredBps = bpsOf(values.get('videodatarate')) ?? video.declaredBps;
    audio.declaredBps = bpsOf(values.get('audiodatarate')) ?? audio.declaredBps;
    const fps = values.get('framerate');
    if (isPositive(fps)) video.declaredFps = fps;
  }

  onTag(kind: 'audio' | 'video', timestampMs: number, body: Uint8Array, nowMs: number): void {
    const live = this.#open(this.#options.encoder, nowMs);
    if (!live) return;
    const timeMs = this.#timeline.place(kind, timestampMs, nowMs);
    if (kind === 'audio') {
      live.findings.audio.incoming.add(body.length, nowMs);
      this.#onResult(live.audio.push(body, timeMs));
    } else {
      this.#steady.video(timeMs, live.video.aheadMs(body), nowMs, (sentMs) => {
        if (!this.#deaf) this.#onResult(live.video.push(body, timeMs, sentMs));
      });
      this.#options.wakeBy(this.deadlineMs);
    }
    // Sound has the steadier clock; pictures stand in for it where there is none.
    if (kind === 'audio' || !live.audio.isThere) live.findings.arrived(timeMs, nowMs);
    if (!this.#deaf) live.findings.advance(nowMs);
  }

  /** The connection ended, or the owner ends it. The engine hears of it unless it was the engine's own wish. */
  close(reason: CloseReason, nowMs: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deaf = true;
    this.#live?.audio.close();
    this.#live?.input.close(reason, nowMs);
  }

  #open(encoder: string | undefined, nowMs: number): Live | undefined {
    if (this.#deaf) return undefined;
    if (this.#live) return this.#live;
    const { open, address, ssrcs, createTranscoder, opusBitrateBps, clockMs } = this.#options;
    const userAgent = encoder?.slice(0, USER_AGENT_LENGTH_MAX);
    const source = { protocol: 'rtmp', transport: 'tcp', userAgent, address } as const;
    const input = open(source, this.#listener, nowMs);
    if (!input) {
      this.#end('limit-reached', 'This server has no room for another stream.');
      return undefined;
    }
    const findings = new PublisherFindings(input, false, nowMs);
    this.#live = {
      input,
      findings,
      video: new VideoTrack(input, findings, ssrcs.video, this.#options.bFrames),
      audio: new AudioTrack({
        publisher: input,
        findings,
        ssrc: ssrcs.audio,
        createTranscoder,
        opusBitrateBps,
        release: (timeMs, send) => {
          this.#steady.audio(timeMs, clockMs(), send);
          this.#options.wakeBy(this.deadlineMs);
        },
      }),
    };
    return this.#live;
  }

  readonly #listener: PublisherListener = {
    // RTMP has no way to ask an encoder for a keyframe.
    onKeyframeWanted: () => {},
    rttMs: () => this.#options.rttMs(),
    facts: (nowMs) => this.#live?.findings.facts(nowMs),
    onClosed: (reason) => {
      if (this.#closed) return;
      this.#closed = true;
      this.#live?.audio.close();
      this.#end(reason, closeMessages[reason]);
    },
  };

  #onResult(result: TagResult): void {
    if (!result) return;
    if ('dropped' in result) {
      this.#options.complain(result.dropped);
      return;
    }
    this.#options.complain(result.fatal);
    this.#end('refused', result.message);
  }

  #end(reason: CloseReason, message: string | undefined): void {
    this.#deaf = true;
    this.#options.end(reason, message);
  }
}

/** Metadata tells kilobits a second; 0 is what encoders write that do not know. */
function bpsOf(kilobits: AmfValue): number | undefined {
  return isPositive(kilobits) ? kilobits * 1000 : undefined;
}

function isPositive(value: AmfValue): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

type Live = {
  readonly input: PublisherInput;
  readonly findings: PublisherFindings;
  readonly video: VideoTrack;
  readonly audio: AudioTrack;
};
