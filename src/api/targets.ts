/** Targets of notifications, as the API shows and takes them. */
import * as v from 'valibot';
import { EVENT_TYPES } from './events.ts';
import { count, type Shape, says, time } from './schema.ts';

export const targetKinds = ['webhook', 'discord'] as const;

const kind = v.picklist(targetKinds);
const eventType = v.picklist(EVENT_TYPES);

export const targetInfo = v.object({
  id: v.string(),
  name: v.string(),
  kind,
  url: says(v.string(), 'Without its path, which can be a secret.'),
  events: v.array(eventType),
  streams: says(v.array(v.string()), '`app` or `app/stream`; empty: all.'),
  inConfiguration: says(v.boolean(), 'It stands in the configuration, and is changed there only.'),
  state: says(
    v.picklist(['ok', 'failing', 'stopped']),
    '`stopped`: it said that there is nobody there any more; nothing is sent until it is tested with success.',
  ),
  problem: says(v.nullable(v.string()), 'What went wrong the last time; null where nothing did.'),
  waiting: says(count, 'Events that are still to be delivered.'),
  lost: says(count, 'Events that were given up since the server started.'),
  delivered: says(
    v.nullable(time),
    'When one was delivered last since the server started; null for none.',
  ),
});

export const targetsResponse = v.object({ targets: v.array(targetInfo) });

const LENGTH_MAX = 2000;
const text = v.pipe(v.string(), v.maxLength(LENGTH_MAX));

export const newTarget = v.strictObject({
  name: text,
  kind,
  url: text,
  secret: says(
    v.optional(text),
    'Of a webhook: `whsec_` and base64 of 24 to 64 bytes. Made where it is left out.',
  ),
  events: says(v.optional(v.array(text)), 'Left out: what its kind is usually told of.'),
  streams: says(v.optional(v.array(text)), '`app` or `app/stream`. Left out: all.'),
});

export const madeTarget = v.object({
  target: targetInfo,
  secret: says(
    v.nullable(v.string()),
    "What a webhook's receiver verifies signatures with; it is told this once.",
  ),
});

export const targetChange = says(
  v.strictObject({
    name: v.optional(text),
    url: says(v.optional(text), 'What waits goes there, too, at once.'),
    secret: says(
      v.optional(v.nullable(text)),
      'Of a webhook, as when it is made; null has another one made.',
    ),
    events: says(v.optional(v.array(text)), 'None: what its kind is usually told of.'),
    streams: says(v.optional(v.array(text)), '`app` or `app/stream`. None: all.'),
  }),
  'What is left out stays as it is.',
);

export const changedTarget = v.object({
  target: targetInfo,
  secret: says(v.nullable(v.string()), 'Where another one was made; it is told this once.'),
});

export const targetTest = v.object({
  delivered: v.boolean(),
  message: says(v.string(), 'What it answered, or why it did not.'),
});

export type TargetInfo = Shape<typeof targetInfo>;
export type NewTarget = Shape<typeof newTarget>;
export type TargetChange = Shape<typeof targetChange>;
export type ChangedTarget = Shape<typeof changedTarget>;
export type TargetTest = Shape<typeof targetTest>;
export type TargetsResponse = Shape<typeof targetsResponse>;
export type MadeTarget = Shape<typeof madeTarget>;
