/** What who is told of events is told of where nobody chose: for the server, and for the page that shows the choice. */
import { EVENT_TYPES, type EventType } from './events.ts';
import type { TargetInfo } from './targets.ts';

/** They come too often to be told unasked, or to one target alone. */
const SELDOM_WANTED: ReadonlySet<EventType> = new Set([
  ...(['viewers.changed', 'tally.changed', 'target.test'] as const),
]);

/** A channel of people reads who is live, a program wants to know all. */
export function usualEvents(kind: TargetInfo['kind']): readonly EventType[] {
  if (kind === 'discord') return ['stream.live', 'stream.ended'];
  return EVENT_TYPES.filter((type) => !SELDOM_WANTED.has(type));
}
