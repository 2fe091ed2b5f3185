/** What is to be said of the picture where no finding speaks. */
import type { Check, HealthFacts } from '../api/health.ts';
import { longGop } from './finding-items.ts';
import { advised, bitrate, item, rate, type Subject, seconds } from './subject.ts';

type Video = NonNullable<HealthFacts['video']>;

/** Encoders place keyframes by frame count, which rounding stretches; beyond 2 s joining takes too long. */
const KEYFRAME_MS_MAX = 2100;
/** Below this share of its own frame rate an encoder or a camera does not keep up. */
const FPS_SHARE_MIN = 0.85;
/** Motion falls apart below 15; counted over three seconds, they can be a little fewer. */
const FPS_MIN = 14;
/** Bit rates are means; content moves them. */
const BITRATE_SHARE_MIN = 0.5;
const BITRATE_SHARE_MAX = 1.5;
/** Encoders round sizes to blocks, and screens have odd ones. */
const SIZE_SHARE_MIN = 0.9;

const CODECS: Readonly<Record<string, string>> = {
  h264: 'H.264',
  h265: 'H.265',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
};

/** Those that some browsers in use do not decode. */
const RARE_CODECS: readonly string[] = ['h265', 'av1'];
/** Those of H.264 that no browser decodes. */
const RARE_PROFILES: readonly string[] = ['High 10', 'High 4:2:2', 'High 4:4:4', 'Main 4:4:4'];

const MEASURING = 'Being measured.';

export function checkPicture(subject: Subject): Check {
  const { video } = subject.facts;
  if (video === null) return item('picture', 'unknown', 'No picture so far.');
  const name = CODECS[video.codec] ?? video.codec;
  if (RARE_PROFILES.includes(video.profile ?? '')) {
    return advised(subject, 'picture', {
      state: 'problem',
      advice: 'pixel-format',
      sentence: `${name} ${video.profile}, which browsers do not show.`,
    });
  }
  if (RARE_CODECS.includes(video.codec)) {
    return advised(subject, 'picture', {
      state: 'warning',
      advice: 'codec',
      sentence: `${name}: some browsers cannot show it.`,
    });
  }
  const profile = video.profile === null ? '' : ` ${video.profile}`;
  return item('picture', 'good', `${name}${profile}`);
}

export function checkResolution(subject: Subject): Check {
  const { video } = subject.facts;
  if (video?.width == null || video.height === null) {
    return item('resolution', 'unknown', MEASURING);
  }
  const size = `${video.width} × ${video.height}`;
  const { width, height } = subject.wish ?? {};
  const lines = Math.min(video.width, video.height);
  const wanted = Math.min(width ?? Infinity, height ?? Infinity);
  if (wanted !== Infinity && lines < wanted * SIZE_SHARE_MIN) {
    return advised(subject, 'resolution', {
      state: 'warning',
      advice: 'resolution',
      sentence: `A picture of ${size}, where ${width ?? '?'} × ${height ?? '?'} is meant.`,
    });
  }
  return item('resolution', 'good', size);
}

export function checkFrameRate(subject: Subject): Check {
  const { video } = subject.facts;
  if (video === null || video.incomingFps === 0) return item('frame-rate', 'unknown', MEASURING);
  const { incomingFps } = video;
  const wanted = subject.wish?.fps ?? video.declaredFps ?? undefined;
  const sentence = `${rate(incomingFps)} pictures a second`;
  if (wanted !== undefined && incomingFps < wanted * FPS_SHARE_MIN) {
    return advised(subject, 'frame-rate', {
      state: 'warning',
      advice: 'slow',
      sentence: `${sentence}, where ${rate(wanted)} are meant.`,
    });
  }
  if (incomingFps < FPS_MIN) {
    return advised(subject, 'frame-rate', {
      state: 'warning',
      advice: 'slow',
      sentence: `${sentence}: enough for a screen on which little moves, too few for motion.`,
    });
  }
  return item('frame-rate', 'good', sentence);
}

export function checkVideoBitrate(subject: Subject): Check {
  const { video } = subject.facts;
  if (video === null || video.incomingBps === 0) {
    return item('video-bitrate', 'unknown', MEASURING);
  }
  const { incomingBps } = video;
  const wanted = subject.wish?.videoBps ?? video.declaredBps ?? undefined;
  const taken = bitrate(incomingBps);
  if (wanted === undefined) return item('video-bitrate', 'good', taken);
  const sentence = `The picture takes ${taken}, where ${bitrate(wanted)} is meant.`;
  if (incomingBps > wanted * BITRATE_SHARE_MAX) {
    return advised(subject, 'video-bitrate', {
      state: 'warning',
      advice: 'bitrate-above',
      sentence,
    });
  }
  if (incomingBps < wanted * BITRATE_SHARE_MIN && !isWellServed(subject)) {
    return advised(subject, 'video-bitrate', {
      state: 'warning',
      advice: 'bitrate-below',
      sentence,
    });
  }
  return item('video-bitrate', 'good', `${taken} of ${bitrate(wanted)}`);
}

/** A browser's wish is a limit, and its picture shrinks where the line is too slow: one in full size needs no more. */
function isWellServed(subject: Subject): boolean {
  if (subject.facts.client.kind !== 'browser') return false;
  return checkResolution(subject).state === 'good' && checkFrameRate(subject).state === 'good';
}

export function checkKeyframes(subject: Subject): Check {
  const { video } = subject.facts;
  if (video === null) return item('keyframes', 'unknown', 'No picture so far.');
  if (sendsOnRequest(subject.facts, video)) {
    return item('keyframes', 'good', 'A keyframe whenever one is needed');
  }
  const { keyframeIntervalMs } = video;
  if (keyframeIntervalMs === null) return item('keyframes', 'unknown', MEASURING);
  if (keyframeIntervalMs > KEYFRAME_MS_MAX) {
    const sentence = longGop(keyframeIntervalMs);
    return advised(subject, 'keyframes', { state: 'problem', advice: 'keyframes', sentence });
  }
  return item('keyframes', 'good', `Keyframe every ${seconds(keyframeIntervalMs)} s`);
}

/** Browsers do, and need no interval; OBS and ffmpeg do not. */
function sendsOnRequest({ client, protocol }: HealthFacts, video: Video): boolean {
  if (video.answersKeyframeRequests !== null) return video.answersKeyframeRequests;
  return client.kind === 'browser' && protocol === 'whip';
}

export function checkBFrames({ facts: { video } }: Subject): Check {
  if (video === null) return item('b-frames', 'unknown', 'No picture so far.');
  if (video.bFrames === null && (video.codec === 'h264' || video.codec === 'h265')) {
    return item('b-frames', 'unknown', MEASURING);
  }
  return item('b-frames', 'good', 'No B-frames');
}
