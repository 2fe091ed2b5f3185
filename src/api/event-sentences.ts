/** Events in sentences: the same in the log, in messages, on the command line and on pages. */
import type { EventData, EventType, ServerEvent } from './events.ts';
import type { FindingCode } from './streams.ts';

type Sentences = { readonly [Type in EventType]: (data: EventData[Type]) => string };

const sentences: Sentences = {
  'stream.live': ({ stream }) => `${stream} is live`,
  'stream.ended': ({ stream, durationMs, peakViewers }) =>
    `${stream} ended after ${duration(durationMs)}, peak ${viewers(peakViewers)}`,
  'stream.replaced': ({ stream }) => `${stream} has another publisher now`,
  'publisher.finding': ({ stream, code, isOver, message }) =>
    `${stream}: ${isOver ? MENDED[code] : message}`,
  'viewers.changed': ({ stream, viewers: count }) => `${stream} has ${viewers(count)}`,
  'tally.changed': ({ stream, state }) => `${stream}: ${TALLY_WORDS[state]}`,
  'invite.opened': ({ name }) => `${name} has opened the invite`,
  'invite.revoked': ({ name }) => `the invite of ${name} was revoked`,
  'key.refused': ({ stream, address, reason, count }) =>
    `${stream ?? 'a stream'}: publishing refused (${reason}) to ${address ?? 'many addresses'}${times(count)}`,
  'limit.reached': ({ message, count }) => `${message}${times(count)}`,
  'allowance.used': ({ month, percent, sentBytes, allowedBytes }) =>
    `${percent} % of the allowance of ${month} has gone out to viewers: ${amount(sentBytes)} of ${amount(allowedBytes)}. Nobody is turned away for it.`,
  'certificate.trouble': ({ host, message }) => `certificate of ${host}: ${message}`,
  'disk.low': ({ message }) => message,
  'target.failing': ({ target, lost, message }) =>
    `notifications to ${target} fail, ${lost} given up: ${message}`,
  'target.test': ({ target }) => `This is a test of ${target}: notifications arrive here.`,
};

/** A finding that holds no longer. */
const MENDED: Readonly<Record<FindingCode, string>> = {
  'b-frames': 'there are no B-frames any more.',
  reordering: 'the encoder no longer announces B-frames.',
  'keyframe-interval': 'keyframes come in time again.',
  'variable-frame-rate': 'pictures come evenly again.',
  'bitrate-above': 'the picture takes no more than the encoder says.',
  'bitrate-below': 'the picture takes as much as the encoder says.',
  filler: 'there is no padding any more.',
  'no-video': 'there is a picture again.',
  'no-audio': 'there is sound again.',
  'silent-audio': 'the sound is no longer silent.',
  mono: 'the sound is stereo now.',
  'sample-rate': 'the sound has 48 kHz now.',
  'audio-codec': 'the sound can be played now.',
  timestamps: 'the timestamps are steady again.',
  'clock-drift': 'the encoder’s clock is right again.',
  'packet-loss': 'no packets are lost on the way in any more.',
  jitter: 'packets come evenly again.',
};

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

const TALLY_WORDS = { off: 'off air', preview: 'in preview', program: 'on air' } as const;

/** What happened, for people. */
export function sentenceOf(event: ServerEvent): string {
  // One row for each type: which of them it is, TypeScript cannot follow through the table.
  const sentence = sentences[event.type] as (data: ServerEvent['data']) => string;
  return sentence(event.data);
}

/** `2 h 13 min`, `13 min`, `40 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `16.2 TB`: thousands, as providers count them. */
function amount(bytes: number): string {
  let shown = bytes;
  let unit = 0;
  // What would be written as 1000 of one unit is 1 of the next.
  while (Number(shown.toPrecision(3)) >= 1000 && unit < UNITS.length - 1) {
    shown /= 1000;
    unit += 1;
  }
  return `${Number(shown.toPrecision(3))} ${UNITS[unit]}`;
}

export function viewers(count: number): string {
  return count === 1 ? '1 viewer' : `${count} viewers`;
}

function times(count: number): string {
  return count === 1 ? '' : `, ${count} times`;
}
