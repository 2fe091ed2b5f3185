/** The whole API: the table of all routes, and everything that is served for programs rather than for people. */
import { Hono } from 'hono';
import type { ServerInfo } from '../../api/server.ts';
import type { StreamName } from '../../base/names.ts';
import type { Counts } from '../metrics/counts.ts';
import { metricsRoutes } from '../metrics/routes.ts';
import { apiGuard, type GuardDeps } from './guard.ts';
import { omeRoutes } from './ome/routes.ts';
import type { Route } from './route.ts';
import { accountRoutes } from './routes/account.ts';
import { appRoutes } from './routes/apps.ts';
import type { AccessDeps } from './routes/common.ts';
import { type EventDeps, eventRoutes, targetRoutes } from './routes/events.ts';
import { type FigureDeps, figureRoutes } from './routes/figures.ts';
import { type GuestDeps, guestRoutes, inviteRoutes, tallyRoutes } from './routes/guests.ts';
import { keyRoutes, linkRoutes, tokenRoutes } from './routes/keys.ts';
import { type PackDeps, packRoutes } from './routes/packs.ts';
import { banRoutes, personRoutes } from './routes/people.ts';
import { type PictureDeps, pictureRoutes } from './routes/pictures.ts';
import { type ServerDeps, serverRoutes } from './routes/server.ts';
import { type SetupDeps, setupRoutes } from './routes/setup.ts';
import { type SignInDeps, signInRoutes } from './routes/sign-in.ts';
import { type StreamDeps, streamRoutes } from './routes/streams.ts';
import { shortLinkRoutes, type WatchDeps, watchRoutes } from './routes/watch.ts';
import { serveTable } from './serve.ts';

/** What the routes below `/api` need. */
export type TableDeps = StreamDeps &
  AccessDeps &
  EventDeps &
  FigureDeps &
  PictureDeps &
  WatchDeps &
  GuestDeps &
  PackDeps &
  SignInDeps &
  SetupDeps & {
    readonly version: string;
    readonly startedMs: number;
    /** As bound now. */
    readonly ports: () => ServerInfo['ports'];
    readonly reload: ServerDeps['reload'];
  };

export type ApiDeps = GuardDeps & TableDeps & { readonly counts: Counts };

/** Every page has the same beginning. */
const SOME_STREAM = 'app/stream' as StreamName;

/** Every route below `/api`. */
export function apiTable(deps: TableDeps): readonly Route[] {
  const serverInfo = (): ServerInfo => ({
    version: deps.version,
    started: new Date(deps.startedMs).toISOString(),
    pid: process.pid,
    url: deps.watchUrl(SOME_STREAM).slice(0, -`/${SOME_STREAM}`.length),
    ports: deps.ports(),
    streams: deps.media.live.size,
  });
  const table: Route[] = [
    ...streamRoutes(deps),
    ...figureRoutes(deps),
    ...watchRoutes(deps),
    ...pictureRoutes(deps),
    ...appRoutes(deps),
    ...tallyRoutes(deps),
    ...keyRoutes(deps),
    ...linkRoutes(deps),
    ...shortLinkRoutes(deps),
    ...inviteRoutes(deps),
    ...guestRoutes(deps),
    ...packRoutes(deps),
    ...tokenRoutes(deps),
    ...personRoutes(deps),
    ...banRoutes(deps),
    ...signInRoutes(deps),
    ...accountRoutes(deps),
    ...eventRoutes(deps),
    ...targetRoutes(deps),
    ...setupRoutes(deps),
    ...serverRoutes({ ...deps, serverInfo }, () => table),
  ];
  return table;
}

/** `/api`, OvenMediaEngine's `/v1`, `/metrics`, `/healthz` and `/readyz`. */
export function apiRoutes(deps: ApiDeps): Hono {
  const guard = apiGuard(deps);
  const routes = new Hono();
  routes.route('/api', serveTable(apiTable(deps), guard));
  const apps = () => deps.directory.names;
  routes.route('/v1', omeRoutes({ ...deps, apps }, guard));
  routes.route('/', metricsRoutes(deps, guard));
  return routes;
}
