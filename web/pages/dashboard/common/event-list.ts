/** The newest events, the newest first: read once, then told one by one. */
import type { KeptEvent } from '../../../../src/api/events.ts';
import type { LiveEvent } from '../../../parts/live-events.ts';

/** What a page holds of them: more is at the server. */
export const EVENTS_SHOWN_MAX = 500;

/** One more, where it is kept and not known yet. */
export function withEvent(list: readonly KeptEvent[], event: LiveEvent): readonly KeptEvent[] {
  return 'id' in event ? merged([event], list) : list;
}

/** Both, each event once. */
export function merged(
  some: readonly KeptEvent[],
  others: readonly KeptEvent[],
): readonly KeptEvent[] {
  const byId = new Map([...others, ...some].map((event) => [event.id, event]));
  return [...byId.values()].toSorted((a, b) => b.id - a.id).slice(0, EVENTS_SHOWN_MAX);
}
