import type { FindingCode } from '../../base/findings.ts';
import type { PublisherFacts, PublisherInput } from '../../engine/publishing.ts';
import { AudioFacts } from './audio-facts.ts';
import { DriftMeter } from './drift-meter.ts';
import { JitterMeter } from './jitter-meter.ts';
import { Lasting } from './lasting.ts';
import * as messages from './messages.ts';
import { PathFacts } from './path-facts.ts';
import { VideoFacts } from './video-facts.ts';

/** How often the facts are looked at. */
const LOOK_MS = 1000;
/** After this long without a picture or a sound the streamer is told. */
const MISSING_MS = 5000;
/** A finding that ends and begins again each moment would be noise. */
const GONE_MS = 10_000;
const GONE_LONG_MS = 30_000;
/** Crystals are within 100 millionths of each other; beyond twice that the encoder counts wrong. */
const DRIFT_MILLIONTHS_MAX = 200;

type Rule = {
  readonly code: FindingCode;
  readonly lasting: Lasting;
  readonly isSo: (nowMs: number) => boolean;
  readonly message: (nowMs: number) => string;
};

/**
 * What is wrong with what one publisher sends. Its adapter tells the facts as they pass; once a second the rules are
 * looked through, and what lasts is reported, and taken back when it is gone. For H.264 or AAC over RTMP as for WebRTC.
 */
export class PublisherFindings {
  readonly video = new VideoFacts();
  readonly audio = new AudioFacts();
  readonly path = new PathFacts();
  readonly #drift = new DriftMeter();
  readonly #jitter = new JitterMeter();
  readonly #input: Pick<PublisherInput, 'report' | 'resolve'>;
  readonly #rules: readonly Rule[];
  readonly #sinceMs: number;
  #nextLookMs: number;
  #jumpedMs = Number.NEGATIVE_INFINITY;

  /** @param canAskKeyframes whether the encoder's protocol has a way to ask for one */
  constructor(
    input: Pick<PublisherInput, 'report' | 'resolve'>,
    canAskKeyframes: boolean,
    nowMs: number,
  ) {
    this.#input = input;
    this.#sinceMs = nowMs;
    this.#nextLookMs = nowMs + LOOK_MS;
    this.#rules = [
      ...this.#videoRules(canAskKeyframes),
      ...this.#audioRules(),
      ...this.#pathRules(),
    ];
  }

  /** Pictures are sent in another order than they are shown. */
  bFrames(): void {
    this.video.sawBFrames = true;
    this.#input.report('b-frames', messages.B_FRAMES);
  }

  /** Timestamps jumped, or went back. */
  timestampsJumped(nowMs: number): void {
    this.#jumpedMs = nowMs;
    this.#drift.forget();
  }

  /** Media of `timeMs` on the publisher's line came now; of all its flows, the one with the steadiest clock tells. */
  arrived(timeMs: number, nowMs: number): void {
    this.#drift.arrived(timeMs, nowMs);
    this.#jitter.arrived(timeMs, nowMs);
  }

  /** All that is known now, for the stats. */
  facts(nowMs: number): PublisherFacts {
    const { video, audio, path } = this;
    return {
      video: {
        coded: video.coded,
        declaredFps: video.declaredFps ?? video.coded?.fps,
        declaredBps: video.declaredBps,
        incomingFps: video.pictures.perSecond(nowMs),
        incomingBps: video.incoming.perSecond(nowMs) * 8,
        bFrames: video.bFrames,
        answersKeyframeRequests: video.answers,
      },
      audio: {
        profile: audio.profile,
        declaredBps: audio.declaredBps,
        incomingBps: audio.incoming.perSecond(nowMs) * 8,
        isStereo: audio.isStereo(nowMs),
        levelDb: audio.meter.levelDb(nowMs),
        loudestDb: audio.meter.loudestDb(nowMs),
        clippedShare: audio.meter.clippedShare(nowMs),
      },
      repairedShare: path.isCounted ? path.repairedShare : undefined,
      jitterMs: path.isCounted ? path.jitterMs : this.#jitter.ms,
      clockDriftMillionths: this.#drift.millionths,
    };
  }

  /** To be called with whatever comes. */
  advance(nowMs: number): void {
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + LOOK_MS;
    for (const { code, lasting, isSo, message } of this.#rules) {
      const held = lasting.holds;
      const holds = lasting.see(isSo(nowMs), nowMs);
      if (holds && !held) this.#input.report(code, message(nowMs));
      if (held && !holds) this.#input.resolve(code);
    }
  }

  #videoRules(canAskKeyframes: boolean): readonly Rule[] {
    const { video } = this;
    const bps = () => [video.measuredBps ?? 0, video.declaredBps ?? 0] as const;
    return [
      rule(
        'no-video',
        0,
        0,
        (nowMs) => this.#isMissing(video.lastPictureMs, nowMs),
        () => messages.NO_VIDEO,
      ),
      rule(
        'reordering',
        0,
        GONE_MS,
        () => video.announcesReordering,
        () => messages.REORDERING,
      ),
      rule(
        'keyframe-interval',
        0,
        GONE_MS,
        (nowMs) => video.hasLongGops(canAskKeyframes, nowMs),
        (nowMs) => messages.keyframeInterval(video.keyframeIntervalMs(nowMs)),
      ),
      rule(
        'variable-frame-rate',
        0,
        GONE_LONG_MS,
        () => video.isUneven,
        () => messages.VARIABLE_FRAME_RATE,
      ),
      rule(
        'bitrate-above',
        GONE_MS,
        GONE_LONG_MS,
        () => video.isAboveDeclared,
        () => messages.bitrateAbove(...bps()),
      ),
      rule(
        'bitrate-below',
        GONE_LONG_MS,
        GONE_LONG_MS,
        () => video.isBelowDeclared,
        () => messages.bitrateBelow(...bps()),
      ),
      rule(
        'filler',
        0,
        GONE_LONG_MS,
        () => video.hasFiller,
        () => messages.filler(video.fillerShare),
      ),
    ];
  }

  #audioRules(): readonly Rule[] {
    const { audio } = this;
    return [
      rule(
        'no-audio',
        0,
        0,
        (nowMs) => this.#isMissing(audio.lastPacketMs, nowMs),
        () => messages.NO_AUDIO,
      ),
      rule(
        'silent-audio',
        0,
        0,
        (nowMs) => audio.isSilent(nowMs),
        () => messages.SILENT_AUDIO,
      ),
      rule(
        'mono',
        0,
        0,
        (nowMs) => audio.isMono(nowMs),
        () => messages.MONO,
      ),
      rule(
        'sample-rate',
        0,
        0,
        () => audio.isResampled,
        () => messages.sampleRate(audio.sampleRate ?? 0),
      ),
    ];
  }

  #pathRules(): readonly Rule[] {
    const { path } = this;
    const drift = this.#drift;
    return [
      rule(
        'timestamps',
        0,
        GONE_LONG_MS,
        (nowMs) => nowMs - this.#jumpedMs < LOOK_MS,
        () => messages.TIMESTAMPS,
      ),
      rule(
        'clock-drift',
        0,
        GONE_LONG_MS,
        () => Math.abs(drift.millionths ?? 0) > DRIFT_MILLIONTHS_MAX,
        () => messages.clockDrift(drift.millionths ?? 0),
      ),
      rule(
        'packet-loss',
        0,
        GONE_LONG_MS,
        () => path.isLossy,
        () => messages.packetLoss(path.lostShare, path.repairedShare),
      ),
      rule(
        'jitter',
        GONE_MS,
        GONE_LONG_MS,
        () => path.isUneven,
        () => messages.jitter(path.jitterMs),
      ),
    ];
  }

  #isMissing(lastMs: number | undefined, nowMs: number): boolean {
    return nowMs - (lastMs ?? this.#sinceMs) >= MISSING_MS;
  }
}

function rule(
  code: FindingCode,
  beginMs: number,
  endMs: number,
  isSo: Rule['isSo'],
  message: Rule['message'],
): Rule {
  return { code, lasting: new Lasting(beginMs, endMs), isSo, message };
}
