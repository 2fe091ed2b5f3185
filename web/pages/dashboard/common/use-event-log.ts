import { useRef, useState } from 'preact/hooks';
import type { KeptEvent } from '../../../../src/api/events.ts';
import { api, type Failure } from '../../../parts/api.ts';
import type { LiveEvent } from '../../../parts/live-events.ts';
import { merged, withEvent } from './event-list.ts';

type Log = { readonly events: readonly KeptEvent[] };

export type EventLogState = {
  /** Undefined until they were read. */
  readonly events: readonly KeptEvent[] | undefined;
  readonly failure: Failure | undefined;
  /** There may be older ones than these. */
  readonly hasMore: boolean;
  readonly read: () => void;
  readonly readOlder: () => void;
  readonly add: (event: LiveEvent) => void;
};

/** @param page how many are read at a time */
export function useEventLog(page: number): EventLogState {
  const [events, setEvents] = useState<readonly KeptEvent[] | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const [hasMore, setHasMore] = useState(false);
  const shown = useRef(events);
  shown.current = events;
  const ask = async (before: number | undefined) => {
    const answer = await api.get<Log>('/events/log', { query: { limit: page, before } });
    setFailure(answer.ok ? undefined : answer);
    if (!answer.ok) return;
    const { events: more } = answer.value;
    setEvents((list) => merged(more, list ?? []));
    if (before !== undefined || shown.current === undefined) setHasMore(more.length === page);
  };
  return {
    events,
    failure,
    hasMore,
    read: () => void ask(undefined),
    readOlder: () => void ask(shown.current?.at(-1)?.id),
    add: (event) => setEvents((list) => (list === undefined ? list : withEvent(list, event))),
  };
}
