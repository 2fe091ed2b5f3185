/** Kept events as the API lists them. What each type says is in events.ts. */
import * as v from 'valibot';
import { EVENT_TYPES } from './events.ts';
import { count, says, time } from './schema.ts';

export const EVENTS_LISTED_MAX = 200;

export const keptEvent = v.object({
  id: count,
  type: v.picklist(EVENT_TYPES),
  timestamp: time,
  data: says(v.record(v.string(), v.unknown()), 'By type: docs/reference/events.md.'),
});

export const eventsResponse = v.object({
  events: says(v.array(keptEvent), 'The newest first.'),
});

const number = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'a whole number'), v.transform(Number));

export const eventsQuery = v.strictObject({
  before: says(v.optional(number), 'Only those with a smaller id: the next page.'),
  stream: says(v.optional(v.string()), '`app/stream`.'),
  type: v.optional(v.picklist(EVENT_TYPES)),
  limit: says(
    v.optional(v.pipe(number, v.minValue(1), v.maxValue(EVENTS_LISTED_MAX))),
    `${EVENTS_LISTED_MAX} at most, 50 where it is left out.`,
  ),
});
