/** What the check-list says where the server found something that lasts: each finding has its item. */
import type { Check, CheckCode } from '../api/health.ts';
import type { FindingCode } from '../base/findings.ts';
import type { Advice } from './advice.ts';
import { advised, bitrate, percent, rate, type Subject, seconds } from './subject.ts';

type FindingItem = {
  readonly code: CheckCode;
  readonly state: 'warning' | 'problem';
  readonly advice: Advice;
  readonly sentence: (subject: Subject) => string;
};

/** In order of weight: of two findings in one item, the first is said. */
export const findingItems: Readonly<Record<FindingCode, FindingItem>> = {
  'no-video': {
    code: 'picture',
    state: 'problem',
    advice: 'no-video',
    sentence: () => 'No picture comes in.',
  },
  'b-frames': {
    code: 'b-frames',
    state: 'problem',
    advice: 'b-frames',
    sentence: () =>
      'B-frames, which browsers cannot play live: viewers get fewer pictures, or jerking ones.',
  },
  reordering: {
    code: 'b-frames',
    state: 'problem',
    advice: 'b-frames',
    sentence: () =>
      'B-frames are announced, though none come: some browsers wait for them, and show everything later.',
  },
  'keyframe-interval': {
    code: 'keyframes',
    state: 'problem',
    advice: 'keyframes',
    sentence: ({ facts }) => longGop(facts.video?.keyframeIntervalMs ?? null),
  },
  'variable-frame-rate': {
    code: 'frame-rate',
    state: 'problem',
    advice: 'uneven',
    sentence: ({ facts }) =>
      `${rate(facts.video?.incomingFps ?? 0)} pictures a second, unevenly: motion stutters.`,
  },
  'bitrate-above': {
    code: 'video-bitrate',
    state: 'problem',
    advice: 'bitrate-above',
    sentence: ({ facts }) =>
      `The picture takes ${bitrate(facts.video?.incomingBps ?? 0)}, far more than it is set to${setTo(facts.video?.declaredBps)}.`,
  },
  'bitrate-below': {
    code: 'video-bitrate',
    state: 'warning',
    advice: 'bitrate-below',
    sentence: ({ facts }) =>
      `The picture takes ${bitrate(facts.video?.incomingBps ?? 0)}, less than half of what it is set to${setTo(facts.video?.declaredBps)}.`,
  },
  filler: {
    code: 'video-bitrate',
    state: 'warning',
    advice: 'filler',
    sentence: ({ facts }) =>
      `The picture takes ${bitrate(facts.video?.incomingBps ?? 0)}, some of it padding, which is taken out before it reaches viewers.`,
  },
  'no-audio': {
    code: 'sound',
    state: 'problem',
    advice: 'no-audio',
    sentence: () => 'No sound comes in.',
  },
  'audio-codec': {
    code: 'sound',
    state: 'problem',
    advice: 'audio-codec',
    sentence: () => 'The sound cannot be turned into what browsers play.',
  },
  'silent-audio': {
    code: 'audio-level',
    state: 'problem',
    advice: 'silence',
    sentence: () => 'The sound is silent.',
  },
  mono: {
    code: 'stereo',
    state: 'warning',
    advice: 'mono',
    sentence: () => 'Mono: the same on both sides.',
  },
  'sample-rate': {
    code: 'sound',
    state: 'warning',
    advice: 'sample-rate',
    sentence: ({ facts }) =>
      `The sound is sampled at ${(facts.audio?.sampleRate ?? 0) / 1000} kHz, and converted to 48.`,
  },
  'packet-loss': {
    code: 'loss',
    state: 'problem',
    advice: 'loss',
    sentence: ({ facts }) =>
      `Packets are lost on the way here: ${percent(facts.loss)} for good, ${percent(facts.repaired ?? 0)} sent again.`,
  },
  jitter: {
    code: 'jitter',
    state: 'problem',
    advice: 'uneven-path',
    sentence: ({ facts }) =>
      `Packets come up to ${Math.round(facts.jitterMs ?? 0)} ms early or late: viewers get more delay.`,
  },
  timestamps: {
    code: 'clock',
    state: 'problem',
    advice: 'timestamps',
    sentence: () => 'Time stamps jumped: picture and sound may part.',
  },
  'clock-drift': {
    code: 'clock',
    state: 'problem',
    advice: 'clock',
    sentence: ({ facts }) => {
      const ppm = facts.clockDriftPpm ?? 0;
      return `The encoder's clock runs ${percent(Math.abs(ppm) / 1e6)} ${ppm < 0 ? 'slow' : 'fast'}.`;
    },
  },
};

/** What lasts and belongs to this item, if anything does. */
export function foundItem(subject: Subject, code: CheckCode): Check | undefined {
  for (const [finding, found] of Object.entries(findingItems)) {
    if (found.code !== code || !subject.findings.has(finding as FindingCode)) continue;
    const { state, advice } = found;
    return advised(subject, code, { state, advice, sentence: found.sentence(subject) });
  }
  return undefined;
}

/** The same words with and without a finding. */
export function longGop(intervalMs: number | null): string {
  const long = 'whoever joins, or loses a picture, waits that long.';
  return intervalMs === null
    ? `More than 2 s between keyframes: ${long}`
    : `Keyframe every ${seconds(intervalMs)} s: ${long}`;
}

function setTo(bps: number | null | undefined): string {
  return bps === null || bps === undefined ? '' : ` (${bitrate(bps)})`;
}
