/** The control plane's object graph: the gate in the middle, what asks it around it. */
import { fileURLToPath } from 'node:url';
import { Secret } from './access/secret.ts';
import { appOf, type StreamName, TEST_APP } from './base/names.ts';
import { Accounts } from './control/access/accounts.ts';
import { AppDirectory } from './control/access/app-directory.ts';
import { FaultLog } from './control/access/fault-log.ts';
import { Gate } from './control/access/gate.ts';
import { Limits } from './control/access/limits.ts';
import { Passwords } from './control/access/passwords.ts';
import { RefusalLog } from './control/access/refusal-log.ts';
import {
  type FoundAddresses,
  findAddresses,
  realSurroundings,
  socketAddress,
  toCandidates,
} from './control/addresses.ts';
import { Admission } from './control/admission/admission.ts';
import { AdmittedTable } from './control/admission/admitted-table.ts';
import { admissionSettings } from './control/admission/settings.ts';
import type { ApiDeps } from './control/api/api.ts';
import type { SetupDeps } from './control/api/routes/setup.ts';
import type { Config } from './control/config/config.ts';
import { AllowanceWatch } from './control/figures/allowance-watch.ts';
import { Sampler } from './control/figures/sampler.ts';
import { OnePort } from './control/front-door/one-port.ts';
import { ObsZip } from './control/guest-packs/obs-zip.ts';
import { Guests } from './control/guests/guests.ts';
import type { PagesDeps } from './control/http/pages.ts';
import { Proxies } from './control/http/proxies.ts';
import { HttpServer } from './control/http/server.ts';
import { SitePasswords } from './control/http/site-passwords.ts';
import { explainListenError, type ListeningSocket } from './control/listen-problem.ts';
import type { Log } from './control/log.ts';
import { MediaLink } from './control/media-link.ts';
import { mediaOptionsOf, mediaSocketsOf, mediaTuningOf } from './control/media-options.ts';
import { Counts } from './control/metrics/counts.ts';
import { OpenPorts } from './control/open-ports.ts';
import { Outbound } from './control/outbound/outbound.ts';
import { newCommandToken } from './control/running-server.ts';
import { logEvent } from './control/session-log.ts';
import { Sessions } from './control/sessions.ts';
import { Reach } from './control/setup/reach.ts';
import type { Commands } from './control/setup/start-words.ts';
import type { SignallingDeps } from './control/signalling.ts';
import { EgressDays } from './control/store/egress-days.ts';
import type { Store } from './control/store/store.ts';
import { reportOf, type Telling } from './control/telling.ts';
import { readVersion } from './control/version.ts';
import { viewerSide } from './control/watching.ts';
import { openDescriptors } from './native/descriptors.ts';

/** Built from web/; the same place for the sources in `src` and what runs from `dist`. */
const WEB_FOLDER = fileURLToPath(new URL('../dist/web', import.meta.url));

/** What runs, and has to be stopped. */
export type ControlPlane = {
  readonly media: MediaLink;
  readonly http: HttpServer;
  readonly onePort: OnePort | undefined;
  readonly ports: OpenPorts;
  readonly found: FoundAddresses;
  readonly apps: AppDirectory;
  readonly limits: Limits;
  readonly sampler: Sampler;
  /** As it is to be from now on. */
  readonly hsts: { seconds: number };
  readonly sitePasswords: SitePasswords;
  readonly admission: Admission;
  readonly accounts: Accounts;
  readonly commandToken: string;
  /** Once nothing is published or watched any more, and before the database closes: what was counted is written down. */
  readonly settle: () => void;
};

/** What the control plane is put among. */
type Around = {
  readonly demo: StreamName | undefined;
  readonly telling: Telling;
  readonly commands: Commands;
  readonly log: Log;
  /** Reads the configuration again. */
  readonly reload: ApiDeps['reload'];
};

/** Starts the media thread, and everything that asks and answers around it. Fails where a port is in use. */
export async function openControlPlane(
  config: Config,
  store: Store,
  { demo, telling, commands, log, reload }: Around,
): Promise<ControlPlane> {
  const apps = new AppDirectory(config, store, demo && appOf(demo));
  const { sampler, admission, limits, gate } = gateOf(config, store, { apps, telling, log });
  const commandToken = newCommandToken();
  const hsts = { seconds: config.tls.hsts };
  const passwords = new Passwords();
  const site = { passwords, limits, nowMs: Date.now };
  const sitePasswords = new SitePasswords(config.staticAuth, site);
  try {
    const [media, found] = await Promise.all([
      startMedia(config, demo, { apps, telling, log, gate }),
      findAddresses(config, realSurroundings),
    ]);
    gate.watch(media);
    admission.watch(media);
    sampler.start(media, config.limits.egress > 0);
    const accounts = new Accounts({
      ...{ store, apps, passwords, nowMs: Date.now },
      onRefused: new RefusalLog(log).attempt,
    });
    const guests = guestsOf({ store, apps, gate, media, telling, log });
    const onePort = OnePort.of(config, { media, descriptors: openDescriptors, log });
    const ports = portsOf(config, media, onePort);
    const viewer = viewerSideOf({ media, store, apps, gate, log });
    const api = apiOf(config, {
      ...{ media, ...viewer, gate, apps, store, accounts, guests, passwords },
      ...{ telling, commandToken, ports, log, found, commands, limits, sampler, reload },
    });
    const http = await HttpServer.listen(
      {
        signalling: signallingOf(config, media, found, { gate, apps, onePort, telling, log }),
        api,
        pages: pagesOf(config, { sitePasswords, gate, apps, store, telling, ...viewer }),
        proxies: new Proxies(config.trustedProxies),
        log,
        hstsSeconds: () => hsts.seconds,
      },
      { address: socketAddress(config.http.address), port: config.http.port },
    );
    ports.openedHttp(http.port);
    const live = { apps, limits, sampler, hsts, sitePasswords };
    const settle = () => {
      guests.stop();
      sampler.stop();
    };
    const who = { accounts, admission, commandToken };
    return { media, http, onePort, ports, found, settle, ...who, ...live };
  } catch (error) {
    const { own, ofMedia } = socketsOf(config);
    throw explainListenError(error, own, ofMedia);
  }
}

/** Who may, and what that is decided by. */
function gateOf(
  config: Config,
  store: Store,
  { apps, telling, log }: Pick<SignallingParts, 'apps' | 'telling' | 'log'>,
) {
  const allowance = new AllowanceWatch({
    allowedBytes: () => limits.options.egressPerMonth,
    settings: store.settings,
    tell: (event) => telling.events.tell(event),
  });
  const sampler = new Sampler({
    days: new EgressDays(store.database),
    nowMs: Date.now,
    onMonth: (month, bytes, nowMs) => allowance.check(month, bytes, nowMs),
    onFault: (err) => log.error({ err }, 'what went out to viewers cannot be written down for now'),
  });
  const admission = new Admission({
    settings: (app) => admissionSettings(apps.find(app)),
    outbound: new Outbound({}),
    admitted: new AdmittedTable(store.database),
    log,
  });
  const limits = new Limits(config.limits, () => sampler.egressBps);
  const gate = new Gate({
    store,
    apps,
    limits,
    admission,
    nowMs: Date.now,
    onFault: new FaultLog(log).listener,
  });
  gate.onRefused(new RefusalLog(log).listener);
  gate.onRefused((refused) => telling.events.refused(reportOf(refused)));
  return { sampler, admission, limits, gate };
}

type ViewerParts = Pick<ApiParts, 'media' | 'store' | 'apps' | 'gate' | 'log'>;

function viewerSideOf({ media, store, apps, gate, log }: ViewerParts) {
  const onBug = (err: unknown) =>
    log.error({ err }, 'a picture could not be made: please report it');
  return viewerSide({ media, store, directory: apps, gate, nowMs: Date.now, onBug });
}

type PageParts = Pick<PagesDeps, 'sitePasswords' | 'watching'> &
  Pick<ApiParts, 'store' | 'apps' | 'gate' | 'telling'>;

function pagesOf({ staticDir }: Config, { apps, telling, ...parts }: PageParts): PagesDeps {
  const folders = { webFolder: WEB_FOLDER, staticFolder: staticDir };
  return { ...folders, ...parts, directory: apps, site: telling.site };
}

type ApiParts = ReturnType<typeof viewerSide> & {
  readonly media: MediaLink;
  readonly gate: Gate;
  readonly apps: AppDirectory;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly guests: Guests;
  readonly passwords: Passwords;
  readonly telling: Telling;
  readonly commandToken: string;
  readonly ports: OpenPorts;
  readonly found: FoundAddresses;
  readonly commands: Commands;
  readonly limits: Limits;
  readonly sampler: Sampler;
  readonly log: Log;
  readonly reload: ApiDeps['reload'];
};

function apiOf(config: Config, parts: ApiParts): ApiDeps {
  const { media, gate, apps, store, accounts, guests, passwords, snapshots, watching } = parts;
  const { telling, commandToken, ports, log } = parts;
  const counts = new Counts();
  media.onEvent((event) => counts.hear(event));
  gate.onRefused((refused) => counts.refused(refused));
  return {
    media,
    snapshots,
    watching,
    gate,
    store,
    directory: apps,
    isConfigured: (app) => config.apps?.has(app) === true,
    accounts,
    guests,
    obsZip: new ObsZip(config.stateDir),
    passwords,
    events: telling.events,
    eventStreams: telling.streams,
    targets: telling.targets,
    watchUrl: (stream) => telling.site.watch(stream),
    origin: () => telling.site.origin,
    nowMs: Date.now,
    commandToken,
    rtmpPort: config.rtmp.enabled ? media.ports.rtmp : undefined,
    onKicked: ({ stream, session, by }) => log.info({ stream, session, by }, 'sent away'),
    version: readVersion(),
    startedMs: Date.now(),
    ports: () => ports.now,
    ...setupOf(config, parts),
    ...figuresOf(config, parts),
    reload: parts.reload,
    counts,
  };
}

function setupOf(
  { domain }: Config,
  { ports, found: { addresses }, commands }: Pick<ApiParts, 'ports' | 'found' | 'commands'>,
): SetupDeps {
  const { resolve } = realSurroundings;
  return {
    setupInfo: () => ({ domain: domain ?? null, addresses: [...addresses], ...commands }),
    reach: new Reach({ ports: () => ports.now, addresses, resolve }),
  };
}

function figuresOf(
  { stateDir }: Config,
  { limits, sampler }: Pick<ApiParts, 'limits' | 'sampler'>,
): Pick<ApiDeps, 'sampler' | 'egressLimits' | 'stateFolder'> {
  const egressLimits = () => {
    const { egress, egressPerMonth } = limits.options;
    return { bps: egress, bytesPerMonth: egressPerMonth };
  };
  return { sampler, egressLimits, stateFolder: stateDir };
}

type GuestParts = Pick<ApiParts, 'store' | 'apps' | 'gate' | 'media' | 'telling' | 'log'>;

function guestsOf({ store, apps, gate, media, telling, log }: GuestParts): Guests {
  const guests = new Guests({
    ...{ store, apps, gate, nowMs: Date.now },
    isLive: (stream) => media.live.has(stream),
    tell: (event) => telling.events.tell(event),
    onRefused: new RefusalLog(log).attempt,
    onFault: new FaultLog(log).listener,
  });
  guests.start();
  return guests;
}

function portsOf(config: Config, media: MediaLink, onePort: OnePort | undefined): OpenPorts {
  const { rtmp, iceTcp, iceUdp } = media.ports;
  return new OpenPorts({ rtmp: config.rtmp.enabled ? rtmp : null, iceTcp, iceUdp }, onePort);
}

type SignallingParts = {
  readonly onePort: OnePort | undefined;
  readonly gate: Gate;
  readonly apps: AppDirectory;
  readonly telling: Telling;
  readonly log: Log;
};

function signallingOf(
  config: Config,
  media: MediaLink,
  { addresses }: FoundAddresses,
  { gate, apps, onePort, telling, log }: SignallingParts,
): SignallingDeps {
  const refusals = new RefusalLog(log);
  // The one port may open later, when another program has let it go.
  const candidates = () =>
    toCandidates(addresses, mediaSocketsOf(config, media.ports, onePort?.mediaPort));
  return {
    media,
    sessions: new Sessions(media),
    gate,
    candidates: (transports) =>
      candidates().filter(({ transport }) => transports.includes(transport)),
    // A test goes the way of an app that nobody has configured.
    app: (app) => (app === TEST_APP ? apps.defaults : apps.find(app)),
    onRefused: (refusal) => {
      refusals.listener({ ...refusal, target: refusal.stream });
      telling.events.refused(refusal);
    },
  };
}

async function startMedia(
  config: Config,
  demo: StreamName | undefined,
  { apps, telling, log, gate }: Pick<SignallingParts, 'apps' | 'telling' | 'log' | 'gate'>,
): Promise<MediaLink> {
  const media = await MediaLink.start({
    media: mediaOptionsOf(config, mediaTuningOf(apps), demo),
    authorise: ({ credential, url, ...question }) =>
      gate.authorise({
        action: 'publish',
        protocol: 'rtmp',
        ...question,
        credential: credential === undefined ? undefined : new Secret(credential, 'stream key'),
        url: new Secret(url, 'URL'),
        guest: undefined,
      }),
    onAskerGone: (session) => gate.ended(session),
    onDeath: (cause) => {
      log.fatal({ cause }, 'the media thread died: nothing can be served, so this process ends');
      process.exit(1);
    },
  });
  apps.onChange(() => media.tune(mediaTuningOf(apps)));
  media.onEvent((event) => {
    logEvent(log, event);
    telling.events.hear(event);
  });
  return media;
}

function socketsOf({ http, rtmp, ice }: Config) {
  const row = (name: string, keys: string, option: string, port: number): ListeningSocket => ({
    name,
    keys,
    option,
    port,
  });
  return {
    own: row('HTTP', 'http', '--http-port', http.port),
    ofMedia: [
      row('RTMP', 'rtmp', '--rtmp-port', rtmp.port),
      row('ICE over TCP', 'ice.tcp', '--ice-tcp-port', ice.tcp.port),
      row('ICE over UDP', 'ice.udp', '--ice-udp-port', ice.udp.port),
    ],
  };
}
