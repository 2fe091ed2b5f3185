/** The JSON of `/api/server` and of problems. */
import * as v from 'valibot';
import { count, type Shape, says, time } from './schema.ts';

/** Why a request was not served (RFC 9457). */
export const problem = v.object({
  type: says(v.string(), '`urn:millrace:problem:` and a word that the reference explains.'),
  title: v.string(),
  status: count,
  detail: says(v.string(), 'For people: what is wrong and what to do.'),
});

export const serverInfo = v.object({
  version: v.string(),
  started: time,
  pid: count,
  url: says(v.string(), 'Where others find its pages, as far as it knows: `public_url` decides.'),
  ports: v.object({
    http: count,
    rtmp: says(v.nullable(count), 'Null where RTMP is off.'),
    iceTcp: count,
    iceUdp: count,
    https: says(v.nullable(count), 'Null while it is not open, also where there is to be none.'),
    ovenplayer: says(
      v.nullable(count),
      'HTTPS where OvenPlayer looks for it; null as for `https`.',
    ),
    onePort: says(v.nullable(count), 'All through one, over TCP; null as for `https`.'),
  }),
  streams: says(count, 'That are live.'),
});

export const reloadOutcome = v.object({
  applied: says(v.array(v.string()), 'Keys that changed, and hold from now on.'),
  needRestart: says(
    v.array(v.string()),
    'Keys that differ from the start, and hold after the next.',
  ),
});

export type ReloadOutcome = Shape<typeof reloadOutcome>;
export type ServerInfo = Shape<typeof serverInfo>;
