/** Making an event. */
import type { EventData, EventOf, EventType, ServerEvent } from '../../api/events.ts';

/** The event that says `data`, told at `nowMs` since the epoch. */
export function eventAt<Type extends EventType>(
  type: Type,
  data: EventData[Type],
  nowMs: number,
): EventOf<Type> {
  return { type, timestamp: iso(nowMs), data };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The stream it is about; undefined where it is about none. */
export function streamOf({ data }: ServerEvent): string | undefined {
  return ('stream' in data ? data.stream : undefined) ?? undefined;
}
