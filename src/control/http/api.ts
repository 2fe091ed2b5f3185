/** The JSON API: who is live for anyone; everything else for this machine, or with the publish key. */
import { type Context, Hono } from 'hono';
import type { StreamKey } from '../../access/stream-key.ts';
import type { StreamsResponse } from '../../api/streams.ts';
import { problemResponse } from '../problem.ts';
import type { MediaGate } from '../signalling.ts';
import { addressOf } from './context.ts';
import { isLoopback } from './limits.ts';

export type ApiDeps = {
  readonly media: Pick<MediaGate, 'live' | 'stats'>;
  readonly publishKey: StreamKey;
  /** Where RTMP is taken, for the page that says how to publish; undefined where it is not. */
  readonly rtmpPort: number | undefined;
};

const NOT_STORED = { 'Cache-Control': 'no-store' };

/** Routes below `/api`. */
export function apiRoutes({ media, publishKey, rtmpPort }: ApiDeps): Hono {
  const routes = new Hono();
  routes.get('/live', (context) =>
    context.json({ streams: [...media.live].toSorted(), rtmpPort }, 200, NOT_STORED),
  );
  routes.use(async (context, next) => {
    const refused = refuse(context, publishKey);
    if (refused === undefined) await next();
    return refused;
  });
  routes.get('/streams', async (context) => {
    const response: StreamsResponse = { streams: await media.stats() };
    return context.json(response, 200, NOT_STORED);
  });
  routes.all('*', (context) =>
    problemResponse(
      { status: 404, reason: 'no-such-url', detail: `There is no ${context.req.path} here.` },
      NOT_STORED,
    ),
  );
  return routes;
}

function refuse(context: Context, publishKey: StreamKey): Response | undefined {
  const token = /^Bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1];
  if (token === undefined) {
    if (isFromThisMachine(context)) return undefined;
    return problemResponse(
      {
        status: 401,
        reason: 'no-key',
        detail:
          'Ask from the machine that the server runs on, or send the publish key as a Bearer token.',
        headers: { 'WWW-Authenticate': 'Bearer realm="millrace"' },
      },
      NOT_STORED,
    );
  }
  if (publishKey.matches(token)) return undefined;
  return problemResponse(
    { status: 403, reason: 'wrong-key', detail: 'This is not the publish key of this server.' },
    NOT_STORED,
  );
}

/**
 * What a proxy on this machine passes on comes from loopback too, and a page of another site can have its own name resolve
 * to 127.0.0.1: so the client must have meant this machine, and nobody may have forwarded for it.
 */
function isFromThisMachine(context: Context): boolean {
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(
    (name) => context.req.header(name) !== undefined,
  );
  const host =
    context.req
      .header('host')
      ?.replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '') ?? '';
  const meant = host === 'localhost' || isLoopback(host);
  return !forwarded && meant && isLoopback(addressOf(context));
}
