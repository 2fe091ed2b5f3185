/** What a form says of a target, beside what it is. */
import type { EventType } from '../../../../src/api/events.ts';
import type { TargetChange, TargetInfo } from '../../../../src/api/targets.ts';
import { usualEvents } from '../../../../src/api/usual-events.ts';

type Given = {
  readonly name: string;
  /** Left out: stays. */
  readonly url?: string;
  /** None: the usual. */
  readonly events: readonly EventType[];
  readonly streams: readonly string[];
};

/** Whether it is told what its kind is told where nobody chose. */
export function isUsuallyTold({ kind, events }: Pick<TargetInfo, 'kind' | 'events'>): boolean {
  return isSame(events, usualEvents(kind));
}

/** What differs, so that what somebody else changes meanwhile stays. */
export function changesOf(given: Given, target: TargetInfo): TargetChange {
  const events = given.events.length === 0 ? usualEvents(target.kind) : given.events;
  return {
    ...(given.name !== target.name && { name: given.name }),
    ...(given.url !== undefined && { url: given.url }),
    ...(!isSame(events, target.events) && { events: given.events }),
    ...(!isSame(given.streams, target.streams) && { streams: given.streams }),
  };
}

/** Their order says nothing. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  const known = new Set(other);
  return new Set(one).size === known.size && one.every((word) => known.has(word));
}
