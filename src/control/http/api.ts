/** The JSON API: who is live for anyone; everything else for this machine, or with the publish key. */
import { type Context, Hono } from 'hono';
import type { StreamsResponse } from '../../api/streams.ts';
import { deniedProblem } from '../access/denied.ts';
import type { Gate } from '../access/gate.ts';
import { clientOf, visitorOf } from '../access/visitor.ts';
import { problemResponse } from '../problem.ts';
import type { MediaGate } from '../signalling.ts';

export type ApiDeps = {
  readonly media: Pick<MediaGate, 'live' | 'stats'>;
  readonly gate: Pick<Gate, 'authorise' | 'mayShow'>;
  /** Where RTMP is taken, for the page that says how to publish; undefined where it is not. */
  readonly rtmpPort: number | undefined;
};

const NOT_STORED = { 'Cache-Control': 'no-store' };

/** Routes below `/api`. */
export function apiRoutes({ media, gate, rtmpPort }: ApiDeps): Hono {
  const routes = new Hono();
  routes.get('/live', (context) => {
    const asking = { visitor: visitorOf(context), client: clientOf(context), link: undefined };
    const streams = [...media.live].filter((stream) =>
      gate.mayShow({ action: 'page', stream, ...asking }),
    );
    return context.json({ streams: streams.toSorted(), rtmpPort }, 200, NOT_STORED);
  });
  routes.use(async (context, next) => {
    const refused = await refuse(context, gate);
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

async function refuse(
  context: Context,
  gate: Pick<Gate, 'authorise'>,
): Promise<Response | undefined> {
  const decision = await gate.authorise({
    action: 'api',
    route: `${context.req.method} ${context.req.path}`,
    needs: 'streams.read',
    isChange: context.req.method !== 'GET',
    visitor: visitorOf(context),
    client: clientOf(context),
  });
  return decision.allowed ? undefined : problemResponse(deniedProblem(decision), NOT_STORED);
}
