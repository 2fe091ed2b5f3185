/** What the API is built from, around a fake media plane and a real gate. */
import { tmpdir } from 'node:os';
import type { ApiDeps } from '../../src/control/api/api.ts';
import { EventStreams } from '../../src/control/events/event-streams.ts';
import { EventTable } from '../../src/control/events/event-table.ts';
import { Sampler } from '../../src/control/figures/sampler.ts';
import { ObsZip } from '../../src/control/guest-packs/obs-zip.ts';
import { createLog } from '../../src/control/log.ts';
import { Counts } from '../../src/control/metrics/counts.ts';
import { Targets } from '../../src/control/notify/targets.ts';
import { EgressDays } from '../../src/control/store/egress-days.ts';
import { viewerSide } from '../../src/control/watching.ts';
import type { AccessWorld } from './access.ts';
import type { FakeMedia } from './media-gate.ts';
import { SINCE } from './streams.ts';

/** Only the command line of a server would know it. */
export const COMMAND_TOKEN = 'a-token-that-only-the-owner-of-the-files-can-read';

/** Nothing is uploaded there. */
const NO_FOLDER = '/nonexistent/state';

function throwIt(error: unknown): never {
  throw error;
}

export function apiDeps(
  media: FakeMedia,
  {
    gate,
    store,
    apps,
    accounts,
    guests,
  }: Pick<AccessWorld, 'gate' | 'store' | 'apps' | 'accounts' | 'guests'>,
): ApiDeps {
  const kept = new EventTable(store.database);
  return {
    media,
    ...viewerSide({ media, gate, store, directory: apps, nowMs: Date.now, onBug: throwIt }),
    gate,
    store,
    directory: apps,
    accounts,
    guests,
    obsZip: new ObsZip(NO_FOLDER),
    isConfigured: (app) => app === 'show',
    // Argon2 takes its time on purpose; tests of others need none of it.
    passwords: { hash: async () => '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$dGFn' },
    events: kept,
    eventStreams: new EventStreams({
      onEvent: () => () => undefined,
      after: (id, limit) => kept.after(id, limit),
      span: kept.span,
    }),
    targets: new Targets({
      database: store.database,
      configured: [],
      send: async () => ({ status: 204, headers: {}, body: Buffer.of() }),
      tell: () => undefined,
      log: createLog({ level: 'error', readable: false, write: () => undefined }),
    }),
    watchUrl: (stream) => `https://live.example.net/${stream}`,
    origin: () => 'https://live.example.net',
    nowMs: Date.now,
    commandToken: COMMAND_TOKEN,
    rtmpPort: 1935,
    onKicked: () => undefined,
    sampler: new Sampler({
      days: new EgressDays(store.database),
      nowMs: Date.now,
      onFault: (error) => {
        throw error;
      },
    }),
    egressLimits: () => ({ bps: 700_000_000, bytesPerMonth: 20_000_000_000_000 }),
    stateFolder: tmpdir(),
    version: '1.2.3',
    startedMs: Date.parse(SINCE),
    ports: () => ({
      ...{ http: 3333, rtmp: 1935, iceTcp: 3478, iceUdp: 10_000 },
      ...{ https: null, ovenplayer: null, onePort: null },
    }),
    setupInfo: () => ({
      domain: null,
      configFile: null,
      addresses: ['203.0.113.7'],
      commands: { folder: '/srv/millrace', setup: 'millrace setup', restart: null },
    }),
    reach: { look: async (host) => ({ host, checks: [] }), knows: () => true },
    reload: () => ({ applied: [], needRestart: [] }),
    counts: new Counts(),
  };
}
