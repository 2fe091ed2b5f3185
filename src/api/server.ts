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
  ports: v.object({
    http: count,
    rtmp: says(v.nullable(count), 'Null where RTMP is off.'),
    iceTcp: count,
    iceUdp: count,
  }),
  streams: says(count, 'That are live.'),
});

export type ServerInfo = Shape<typeof serverInfo>;
