/** The JSON of what the server and its streams did over time: for graphs, and for the bill. */
import * as v from 'valibot';
import { count, type Shape, says, time } from './schema.ts';

const bitsPerSecond = says(count, 'Bits a second; payloads only.');
const shareOfAll = says(
  v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  'Of all cores; null where the system does not tell.',
);

export const streamSample = v.object({
  at: time,
  receivedBps: bitsPerSecond,
  sentBps: says(count, 'Bits a second to all its viewers.'),
  viewers: count,
});
export const streamHistory = v.object({
  samples: says(
    v.array(streamSample),
    'The last ten minutes at most, the oldest first; each is the mean since the one before.',
  ),
});

const space = v.object({ freeBytes: count, totalBytes: count });

/** `GET /api/server/figures` */
export const serverFigures = v.object({
  cpu: v.object({
    cores: count,
    machineShare: shareOfAll,
    processShare: says(shareOfAll, 'Of all cores, what this process takes.'),
  }),
  memory: v.object({
    ...space.entries,
    processBytes: says(count, 'What this process holds.'),
  }),
  disk: says(v.nullable(space), 'That holds the state; null where it cannot be found out.'),
  streams: says(count, 'That are live.'),
  viewers: count,
  receivedBps: bitsPerSecond,
  egress: v.object({
    nowBps: bitsPerSecond,
    limitBps: says(v.nullable(count), '`limits.egress`; null where there is none.'),
    monthBytes: says(count, 'To viewers since the first of this month, UTC; payloads only.'),
    monthLimitBytes: says(
      v.nullable(count),
      '`limits.egress_per_month`; null where there is none.',
    ),
    days: says(
      v.array(v.object({ day: says(v.string(), '`2026-05-01`, UTC.'), bytes: count })),
      'This month and the one before, without days on which nothing was sent; the oldest first.',
    ),
  }),
});

export type StreamSample = Shape<typeof streamSample>;
export type StreamHistory = Shape<typeof streamHistory>;
export type ServerFigures = Shape<typeof serverFigures>;
