/** Events in sentences: the same in the log, in messages, on the command line and on pages. */
import type { EventData, EventType, ServerEvent } from './events.ts';

type Sentences = { readonly [Type in EventType]: (data: EventData[Type]) => string };

const sentences: Sentences = {
  'stream.live': ({ stream }) => `${stream} is live`,
  'stream.ended': ({ stream, durationMs, peakViewers }) =>
    `${stream} ended after ${duration(durationMs)}, peak ${viewers(peakViewers)}`,
  'stream.replaced': ({ stream }) => `${stream} has another publisher now`,
  'publisher.finding': ({ stream, code, isOver, message }) =>
    isOver ? `${stream}: no longer so: ${code}` : `${stream}: ${message}`,
  'viewers.changed': ({ stream, viewers: count }) => `${stream} has ${viewers(count)}`,
  'tally.changed': ({ stream, state }) => `${stream}: ${TALLY_WORDS[state]}`,
  'invite.opened': ({ name }) => `${name} has opened the invite`,
  'invite.revoked': ({ name }) => `the invite of ${name} was revoked`,
  'key.refused': ({ stream, address, reason, count }) =>
    `${stream ?? 'a stream'}: publishing refused (${reason}) to ${address ?? 'many addresses'}${times(count)}`,
  'limit.reached': ({ message, count }) => `${message}${times(count)}`,
  'certificate.trouble': ({ host, message }) => `certificate of ${host}: ${message}`,
  'disk.low': ({ message }) => message,
  'target.failing': ({ target, lost, message }) =>
    `notifications to ${target} fail, ${lost} given up: ${message}`,
  'target.test': ({ target }) => `This is a test of ${target}: notifications arrive here.`,
};

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

export function viewers(count: number): string {
  return count === 1 ? '1 viewer' : `${count} viewers`;
}

function times(count: number): string {
  return count === 1 ? '' : `, ${count} times`;
}
