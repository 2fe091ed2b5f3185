/** The part of OvenMediaEngine's REST API that tools read streams by, and end one with. */
import { type Context, Hono } from 'hono';
import type { Scope } from '../../../access/scopes.ts';
import type { StreamInfo } from '../../../api/streams.ts';
import { appOf, parseStreamName, type StreamName } from '../../../base/names.ts';
import type { MediaGate } from '../../signalling.ts';
import type { StreamDeps } from '../routes/streams.ts';
import { type ApiGuard, NOT_STORED } from '../serve.ts';
import { statistics, streamDetails } from './shapes.ts';

export type OmeDeps = {
  readonly media: Pick<MediaGate, 'stats' | 'close'>;
  readonly version: string;
  readonly startedMs: number;
  /** Apps that are listed; undefined where every name is served. */
  readonly apps: () => readonly string[] | undefined;
  readonly onKicked: StreamDeps['onKicked'];
};

/** We have one virtual host, under the name that OvenMediaEngine's samples have. */
const VIRTUAL_HOST = 'default';

type Answer = { readonly status: number; readonly message: string; readonly response?: unknown };
type Ask = (context: Context, streams: readonly StreamInfo[]) => Answer;

/** Routes below `/v1`. */
export function omeRoutes(deps: OmeDeps, guard: ApiGuard): Hono {
  const routes = new Hono();
  const serve = (method: 'GET' | 'DELETE', path: string, scope: Scope, ask: Ask) =>
    routes.on(method, path, async (context) => {
      const refused = await refuse(context, scope, guard);
      return refused ?? respond(ask(context, await deps.media.stats()));
    });
  const get = (path: string, ask: Ask) => serve('GET', path, 'streams.read', ask);
  const host = '/vhosts/:host';

  get('/version', () => ok({ version: `millrace ${deps.version}` }));
  get('/vhosts', () => ok([VIRTUAL_HOST]));
  get(host, (context) => missing(context) ?? ok({ name: VIRTUAL_HOST, host: { names: ['*'] } }));
  get(`${host}/apps`, (context, streams) => missing(context) ?? ok(appsOf(streams, deps)));
  get(
    `${host}/apps/:app`,
    (context, streams) =>
      missing(context) ??
      noApp(context, streams, deps) ??
      ok({ name: context.req.param('app'), type: 'live' }),
  );
  get(
    `${host}/apps/:app/streams`,
    (context, streams) =>
      missing(context) ?? noApp(context, streams, deps) ?? ok(liveOf(context, streams)),
  );
  get(`${host}/apps/:app/streams/:stream`, (context, streams) => {
    const found = find(context, streams);
    if (found?.publisher == null) return missing(context) ?? noStream(context);
    return missing(context) ?? ok(streamDetails(shortName(found), found.publisher));
  });
  serve('DELETE', `${host}/apps/:app/streams/:stream`, 'streams.write', (context, streams) => {
    const found = find(context, streams);
    if (found?.publisher == null) return missing(context) ?? noStream(context);
    return missing(context) ?? end(deps, found.name, found.publisher.session);
  });
  statisticsRoutes(get, deps);
  routes.all('*', async (context) => {
    const refused = await refuse(context, 'streams.read', guard);
    return refused ?? respond(notFound('URL', context.req.path));
  });
  return routes;
}

function statisticsRoutes(get: (path: string, ask: Ask) => unknown, deps: OmeDeps): void {
  const current = '/stats/current';
  const tell = (streams: readonly StreamInfo[]) =>
    ok(statistics(streams, Date.now(), deps.startedMs));
  get(current, (_, streams) => tell(streams));
  get(`${current}/vhosts/:host`, (context, streams) => missing(context) ?? tell(streams));
  get(
    `${current}/vhosts/:host/apps/:app`,
    (context, streams) =>
      missing(context) ??
      noApp(context, streams, deps) ??
      tell(streams.filter(({ name }) => appOf(name as StreamName) === context.req.param('app'))),
  );
  get(`${current}/vhosts/:host/apps/:app/streams/:stream`, (context, streams) => {
    const found = find(context, streams);
    if (found?.publisher == null) return missing(context) ?? noStream(context);
    return missing(context) ?? tell([found]);
  });
}

async function refuse(
  context: Context,
  scope: Scope,
  guard: ApiGuard,
): Promise<Response | undefined> {
  const caller = await guard(context, scope);
  if (!('reason' in caller)) return undefined;
  const headers =
    caller.status === 401 ? { 'WWW-Authenticate': 'Basic realm="millrace"' } : undefined;
  return respond({ status: caller.status, message: caller.detail }, headers);
}

/** OvenMediaEngine's envelope: the status again, a message, and what was asked for. */
function respond({ status, message, response }: Answer, headers = {}): Response {
  const text = status === 200 ? message : `${message} (${status})`;
  const body = {
    statusCode: status,
    message: text,
    ...(response === undefined ? {} : { response }),
  };
  return Response.json(body, { status, headers: { ...NOT_STORED, ...headers } });
}

function ok(response?: unknown): Answer {
  return { status: 200, message: 'OK', response };
}

function notFound(what: string, name: string): Answer {
  return { status: 404, message: `There is no ${what} [${name}] here` };
}

function missing(context: Context): Answer | undefined {
  const host = context.req.param('host') ?? '';
  return host === VIRTUAL_HOST ? undefined : notFound('virtual host', host);
}

function noApp(
  context: Context,
  streams: readonly StreamInfo[],
  deps: OmeDeps,
): Answer | undefined {
  const app = context.req.param('app') ?? '';
  // Where every name is served, a name without a stream is an app without one.
  const isThere = deps.apps() === undefined || appsOf(streams, deps).includes(app);
  return isThere ? undefined : notFound('application', app);
}

function noStream(context: Context): Answer {
  return notFound('stream', nameOf(context));
}

function appsOf(streams: readonly StreamInfo[], deps: OmeDeps): readonly string[] {
  const ofLive = streams
    .filter(({ publisher }) => publisher !== null)
    .map(({ name }) => appOf(name as StreamName));
  return [...new Set([...(deps.apps() ?? []), ...ofLive])].toSorted();
}

function liveOf(context: Context, streams: readonly StreamInfo[]): string[] {
  const app = context.req.param('app');
  return streams
    .filter(({ name, publisher }) => publisher !== null && appOf(name as StreamName) === app)
    .map(shortName)
    .toSorted();
}

function find(context: Context, streams: readonly StreamInfo[]): StreamInfo | undefined {
  const name = parseStreamName(nameOf(context));
  return streams.find((stream) => stream.name === name);
}

function nameOf(context: Context): string {
  return `${context.req.param('app')}/${context.req.param('stream')}`;
}

function shortName({ name }: StreamInfo): string {
  return name.slice(name.indexOf('/') + 1);
}

function end(deps: OmeDeps, stream: string, session: string): Answer {
  deps.media.close(session, 'kicked');
  deps.onKicked({ stream, session, by: "OvenMediaEngine's API" });
  return ok();
}
