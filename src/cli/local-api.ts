/** The API without a server: the same routes over the same database, for what can be done while nothing runs. */
import { Hono } from 'hono';
import { scopes } from '../access/scopes.ts';
import { Accounts } from '../control/access/accounts.ts';
import { AppDirectory } from '../control/access/app-directory.ts';
import { Gate } from '../control/access/gate.ts';
import { Limits } from '../control/access/limits.ts';
import { Passwords } from '../control/access/passwords.ts';
import { apiTable } from '../control/api/api.ts';
import type { EventDeps } from '../control/api/routes/events.ts';
import type { FigureDeps } from '../control/api/routes/figures.ts';
import { serveTable } from '../control/api/serve.ts';
import type { Config } from '../control/config/config.ts';
import { EventTable } from '../control/events/event-table.ts';
import { Sampler } from '../control/figures/sampler.ts';
import { ObsZip } from '../control/guest-packs/obs-zip.ts';
import { Guests } from '../control/guests/guests.ts';
import { createLog } from '../control/log.ts';
import { configuredTargets } from '../control/notify/configured.ts';
import { Targets } from '../control/notify/targets.ts';
import { Outbound } from '../control/outbound/outbound.ts';
import { SiteUrl } from '../control/site-url.ts';
import { EgressDays } from '../control/store/egress-days.ts';
import { Store } from '../control/store/store.ts';
import { readVersion } from '../control/version.ts';
import { viewerSide } from '../control/watching.ts';
import { Connection } from './connection.ts';

export type LocalApi = { readonly connection: Connection; readonly close: () => void };

/** Opens the database; who can read its file may do all that its owner may. */
export function openLocally(config: Config): LocalApi {
  const store = Store.open(config.stateDir);
  const directory = new AppDirectory(config, store);
  const gate = new Gate({
    store,
    apps: directory,
    limits: new Limits(config.limits, () => 0),
    admission: undefined,
    nowMs: Date.now,
    // Nobody is let in here; what fails is told by the command that failed.
    onFault: () => undefined,
  });
  const passwords = new Passwords();
  const accounts = new Accounts({
    store,
    apps: directory,
    passwords,
    nowMs: Date.now,
    onRefused: () => undefined,
  });
  const guests = new Guests({
    ...{ store, apps: directory, gate, nowMs: Date.now },
    isLive: () => false,
    tell: () => undefined,
    onRefused: () => undefined,
    onFault: () => undefined,
  });
  const site = new SiteUrl(config.publicUrl);
  site.found(config.domain ?? 'localhost', config.http.port);
  const table = apiTable({
    ...nothingLive,
    ...viewerSide({
      media: noMedia,
      store,
      directory,
      gate,
      nowMs: Date.now,
      onBug: () => undefined,
    }),
    store,
    directory,
    gate,
    isConfigured: (app) => config.apps?.has(app) === true,
    passwords,
    accounts,
    guests,
    obsZip: new ObsZip(config.stateDir),
    watchUrl: (stream) => site.watch(stream),
    origin: () => site.origin,
    ...nothingTold(config, store),
    ...nothingSent(config, store),
    nowMs: Date.now,
    version: readVersion(),
  });
  const caller = { name: 'the command line', scopes, mayStill: () => true };
  const routes = new Hono().route(
    '/api',
    serveTable(table, async () => caller),
  );
  // Hono would print it; the command says it in one line.
  routes.onError((error) => {
    throw error;
  });
  const ask = async (path: string, init: RequestInit) =>
    routes.request(`http://localhost${path}`, init);
  return { connection: new Connection(ask, false), close: () => store.close() };
}

/** What happened can be read, targets can be changed and tried; nothing happens, and what waits is the server's to deliver. */
function nothingTold(config: Config, store: Store): EventDeps {
  const events = new EventTable(store.database);
  const outbound = new Outbound({});
  const targets = new Targets({
    database: store.database,
    configured: configuredTargets(config),
    send: (request, signal) => outbound.send(request, signal),
    tell: () => undefined,
    log: createLog({ level: 'error', readable: false, write: () => undefined }),
  });
  return { events, targets, eventStreams: { open: () => needsServer } };
}

/** What was sent stays to be read. */
function nothingSent({ limits, stateDir }: Config, store: Store): Omit<FigureDeps, 'media'> {
  const sampler = new Sampler({
    days: new EgressDays(store.database),
    nowMs: Date.now,
    onFault: () => undefined,
  });
  const egressLimits = () => ({ bps: limits.egress, bytesPerMonth: limits.egressPerMonth });
  return { sampler, egressLimits, stateFolder: stateDir };
}

const needsServer = {
  status: 404,
  reason: 'no-such-url',
  detail: 'No server runs, so nothing happens. Start it first.',
};

const noMedia = {
  live: new Set<never>(),
  keyframe: async () => undefined,
  onLastKeyframe: () => () => undefined,
  onEvent: () => () => undefined,
};

/** Nothing is published or watched while no server runs. */
const nothingLive = {
  media: {
    live: new Set<never>(),
    stats: async () => [],
    publisher: async () => null,
    close: () => undefined,
  },
  rtmpPort: undefined,
  setupInfo: () => needsServer,
  reach: { look: async () => needsServer, knows: () => false },
  onKicked: () => undefined,
  reload: () => needsServer,
  startedMs: Date.now(),
  ports: () => ({
    ...{ http: 0, rtmp: null, iceTcp: 0, iceUdp: 0 },
    ...{ https: null, ovenplayer: null, onePort: null },
  }),
} as const;
