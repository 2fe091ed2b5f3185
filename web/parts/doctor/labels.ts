/** What the items of the doctor's list are called, and how they are grouped. */
import type { Check, CheckCode, CheckState } from '../../../src/api/health.ts';

export const CHECK_LABELS: Readonly<Record<CheckCode, string>> = {
  connection: 'Program',
  picture: 'Picture',
  resolution: 'Size',
  'frame-rate': 'Frame rate',
  'video-bitrate': 'Picture bit rate',
  keyframes: 'Keyframes',
  'b-frames': 'B-frames',
  sound: 'Sound',
  'audio-level': 'Level',
  stereo: 'Stereo',
  'audio-bitrate': 'Sound bit rate',
  loss: 'Loss',
  jitter: 'Evenness',
  'round-trip': 'Round trip',
  clock: 'Clock',
};

/** Said by screen readers ahead of each item: the icon alone would be nothing to them. */
export const STATE_WORDS: Readonly<Record<CheckState, string>> = {
  good: 'Good',
  warning: 'Could be better',
  problem: 'To mend',
  unknown: 'Not known',
};

/** What there is to do comes first, the worst on top; the rest in the list's own order. */
export function sorted(checks: readonly Check[]): {
  readonly toDo: readonly Check[];
  readonly rest: readonly Check[];
} {
  const of = (wanted: CheckState) => checks.filter(({ state }) => state === wanted);
  return {
    toDo: [...of('problem'), ...of('warning')],
    rest: checks.filter(({ state }) => state === 'good' || state === 'unknown'),
  };
}
