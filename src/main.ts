/** The control plane's entry: arguments, configuration, object graph; starts the media thread and stops everything. */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Secret } from './access/secret.ts';
import { appOf, type StreamName } from './base/names.ts';
import { serverArguments } from './cli/dispatch.ts';
import { Accounts } from './control/access/accounts.ts';
import { AppDirectory } from './control/access/app-directory.ts';
import { EgressMeter } from './control/access/egress-meter.ts';
import { FaultLog } from './control/access/fault-log.ts';
import { Gate } from './control/access/gate.ts';
import { Limits } from './control/access/limits.ts';
import { Passwords } from './control/access/passwords.ts';
import { RefusalLog } from './control/access/refusal-log.ts';
import {
  type FoundAddresses,
  findAddresses,
  isPublic,
  realSurroundings,
  socketAddress,
  toCandidates,
} from './control/addresses.ts';
import { Admission } from './control/admission/admission.ts';
import { AdmittedTable } from './control/admission/admitted-table.ts';
import { admissionSettings } from './control/admission/settings.ts';
import type { ApiDeps } from './control/api/api.ts';
import { writeBanner } from './control/banner.ts';
import type { Config } from './control/config/config.ts';
import { loadConfig } from './control/config/load.ts';
import { parseOptions } from './control/config/options.ts';
import { OnePort } from './control/front-door/one-port.ts';
import { HttpServer } from './control/http/server.ts';
import { explainListenError, type ListeningSocket } from './control/listen-problem.ts';
import { createLog, type Log } from './control/log.ts';
import { MediaLink } from './control/media-link.ts';
import { mediaOptionsOf, mediaSocketsOf } from './control/media-options.ts';
import { Counts } from './control/metrics/counts.ts';
import { Outbound } from './control/outbound/outbound.ts';
import { announceServer, localUrl, newCommandToken } from './control/running-server.ts';
import { ServiceManager } from './control/service-manager.ts';
import { logEvent, logRefusal } from './control/session-log.ts';
import { Sessions } from './control/sessions.ts';
import type { SignallingDeps } from './control/signalling.ts';
import { StartError } from './control/start-error.ts';
import { firstKey } from './control/store/publish-key.ts';
import { Store } from './control/store/store.ts';
import { reportOf, startTelling, type Telling } from './control/telling.ts';
import { planTls, type TlsPlan } from './control/tls/plan.ts';
import { startTls, type TlsParts } from './control/tls/start.ts';
import { readVersion } from './control/version.ts';
import { openDescriptors } from './native/descriptors.ts';
import { loadAddon } from './native/load.ts';

/** An operator's mistake, told in one line. */
const EXIT_MISTAKE = 2;
const DEMO_STREAM = 'demo/clock' as StreamName;
/** The app in the printed examples where the configuration lists none. */
const EXAMPLE_APP = 'live';
/** Built from web/; the same place for `src/main.ts` and `dist/main.js`. */
const WEB_FOLDER = fileURLToPath(new URL('../dist/web', import.meta.url));

try {
  const own = serverArguments(process.argv.slice(2));
  await (own === undefined ? runOther() : serve(own));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`millrace: ${error.message}\n`);
  process.exit(EXIT_MISTAKE);
}

/** Loaded when it is asked for: the server has no use for it. */
async function runOther(): Promise<void> {
  const { runCommand } = await import('./cli/main.ts');
  process.exitCode = await runCommand(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
}

async function serve(args: readonly string[]): Promise<void> {
  const print = (text: string) => process.stdout.write(text);
  const options = parseOptions(args, print);
  if (options === 'help') return;
  const config = loadConfig(options);
  checkStaticFolder(config.staticDir);
  const tlsPlan = planTls(config);
  const store = Store.open(config.stateDir);
  const firstPublishKey = firstKey(store, config.stateDir, Date.now());
  const log = createLog({
    level: config.logLevel,
    readable: process.stdout.isTTY,
    write: print,
  });
  const demo = options.demo ? DEMO_STREAM : undefined;
  const telling = startTelling(config, store, log);
  const { media, http, onePort, found, apps, accounts, admission, commandToken } = await open(
    config,
    store,
    demo,
    telling,
    log,
  );
  const hosts = hostsOf(config, found);
  telling.site.found(hosts.host, http.port);
  const { entrance, port: httpPort } = http;
  const tls = await openHttps(onePort, tlsPlan, { config, entrance, httpPort, log, telling });
  print(
    writeBanner({
      ...hosts,
      httpPort,
      httpsPort: config.domain === undefined ? undefined : tls?.httpsPort,
      rtmpPort: config.rtmp.enabled ? media.ports.rtmp : undefined,
      demo,
      app: config.apps?.keys().next().value ?? EXAMPLE_APP,
      key: firstPublishKey,
      openApps: apps.openForAll,
      claimCode: accounts.claimCode,
    }),
  );
  for (const warning of [...found.warnings, ...media.warnings]) log.warn(warning);
  for (const app of apps.openForAll) {
    log.warn({ app }, 'anybody can publish to this app: publishing is open');
  }
  log.info({ http: http.port, ...media.ports }, 'listening');
  const url = localUrl(socketAddress(config.http.address), http.port);
  const leave = announceServer(config.stateDir, { url, token: commandToken });
  const service = ServiceManager.find(process.env, process.pid, (path, message) =>
    loadAddon().notifySocket(path, message),
  );
  service?.ready(`version ${readVersion()}, pages on port ${http.port}`);
  // A control plane that runs while its media thread stands still serves nobody.
  service?.watch(async () => (await media.stats()) !== undefined);
  stopOnSignal(log, async () => {
    service?.stopping();
    leave();
    onePort?.close();
    await media.stop();
    telling.stop();
    tls?.close();
    await http.close();
    await admission.close();
    store.close();
  });
}

/** And the one port, which HTTPS has part in. */
async function openHttps(onePort: OnePort | undefined, plan: TlsPlan, parts: TlsParts) {
  const tls = await startTls(plan, { ...parts, ...onePort?.lead(parts.entrance) });
  await onePort?.open(parts.entrance, tls);
  return tls;
}

type Opened = {
  readonly media: MediaLink;
  readonly http: HttpServer;
  readonly onePort: OnePort | undefined;
  readonly found: FoundAddresses;
  readonly apps: AppDirectory;
  readonly admission: Admission;
  readonly accounts: Accounts;
  readonly commandToken: string;
};

async function open(
  config: Config,
  store: Store,
  demo: StreamName | undefined,
  telling: Telling,
  log: Log,
): Promise<Opened> {
  const apps = new AppDirectory(config, store, demo && appOf(demo));
  const egress = new EgressMeter();
  const admission = new Admission({
    settings: (app) => admissionSettings(apps.find(app)),
    outbound: new Outbound({}),
    admitted: new AdmittedTable(store.database),
    log,
  });
  const gate = new Gate({
    store,
    apps,
    limits: new Limits(config.limits, () => egress.bps),
    admission,
    nowMs: Date.now,
    onFault: new FaultLog(log).listener,
  });
  gate.onRefused(new RefusalLog(log).listener);
  gate.onRefused((refused) => telling.events.refused(reportOf(refused)));
  const commandToken = newCommandToken();
  const passwords = new Passwords();
  try {
    const [media, found] = await Promise.all([
      startMedia(config, demo, telling, log, gate),
      findAddresses(config, realSurroundings),
    ]);
    gate.watch(media);
    admission.watch(media);
    if (config.limits.egress > 0) egress.start(media);
    const accounts = new Accounts({
      ...{ store, apps, passwords, nowMs: Date.now },
      onRefused: (what, { address }, { reason, detail }) =>
        log.warn({ address, reason }, `${what} refused: ${detail}`),
    });
    const api = apiOf(config, {
      ...{ media, gate, apps, store, accounts, passwords, telling, commandToken, log },
    });
    const onePort = OnePort.of(config, { media, descriptors: openDescriptors, log });
    const http = await HttpServer.listen(
      {
        signalling: signallingOf(config, media, found, { gate, apps, onePort, telling, log }),
        api,
        pages: { webFolder: WEB_FOLDER, staticFolder: config.staticDir, gate },
        log,
        hstsSeconds: config.tls.hsts,
      },
      { address: socketAddress(config.http.address), port: config.http.port },
    );
    return { media, http, onePort, found, apps, accounts, admission, commandToken };
  } catch (error) {
    const { own, ofMedia } = socketsOf(config);
    throw explainListenError(error, own, ofMedia);
  }
}

type ApiParts = {
  readonly media: MediaLink;
  readonly gate: Gate;
  readonly apps: AppDirectory;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly telling: Telling;
  readonly commandToken: string;
  readonly log: Log;
};

function apiOf(config: Config, parts: ApiParts): ApiDeps {
  const { media, gate, apps, store, accounts, passwords, telling, commandToken, log } = parts;
  const counts = new Counts();
  media.onEvent((event) => counts.hear(event));
  gate.onRefused((refused) => counts.refused(refused));
  const { rtmp, iceTcp, iceUdp } = media.ports;
  const rtmpPort = config.rtmp.enabled ? rtmp : undefined;
  return {
    media,
    gate,
    store,
    directory: apps,
    isConfigured: (app) => config.apps?.has(app) === true,
    accounts,
    passwords,
    events: telling.events,
    eventStreams: telling.streams,
    targets: telling.targets,
    nowMs: Date.now,
    commandToken,
    rtmpPort,
    onKicked: ({ stream, session, by }) => log.info({ stream, session, by }, 'sent away'),
    version: readVersion(),
    startedMs: Date.now(),
    ports: { rtmp: rtmpPort ?? null, iceTcp, iceUdp },
    counts,
  };
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
  // The one port may open later, when another program has let it go.
  const candidates = () =>
    toCandidates(addresses, mediaSocketsOf(config, media.ports, onePort?.mediaPort));
  return {
    media,
    sessions: new Sessions(media),
    gate,
    candidates: (transports) =>
      candidates().filter(({ transport }) => transports.includes(transport)),
    app: (app) => apps.find(app),
    onRefused: (refusal) => {
      logRefusal(log, refusal);
      telling.events.refused(refusal);
    },
  };
}

async function startMedia(
  config: Config,
  demo: StreamName | undefined,
  telling: Telling,
  log: Log,
  gate: Gate,
): Promise<MediaLink> {
  const media = await MediaLink.start({
    media: mediaOptionsOf(config, demo),
    authorise: ({ credential, url, ...question }) =>
      gate.authorise({
        action: 'publish',
        protocol: 'rtmp',
        ...question,
        credential: credential === undefined ? undefined : new Secret(credential, 'stream key'),
        url: new Secret(url, 'URL'),
      }),
    onAskerGone: (session) => gate.ended(session),
    onDeath: (cause) => {
      log.fatal({ cause }, 'the media thread died: nothing can be served, so this process ends');
      process.exit(1);
    },
  });
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

/** How the printed URLs call us: by the name or address that most can use. */
function hostsOf(config: Config, { addresses }: FoundAddresses) {
  const [best = ''] = addresses;
  if (config.domain !== undefined) return { host: config.domain, networkHost: undefined };
  if (isPublic(best)) return { host: best, networkHost: undefined };
  return { host: 'localhost', networkHost: best === '127.0.0.1' ? undefined : best };
}

function checkStaticFolder(folder: string | undefined): void {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new StartError(
    `static_dir ${folder} is no folder. Make it, or give another with --static-dir.`,
  );
}

/** The first signal stops; npm and the terminal may both send it, so further ones change nothing. */
function stopOnSignal(log: Log, stop: () => Promise<void>): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, async () => {
      if (isStopping) return;
      isStopping = true;
      log.info({ signal }, 'stopping');
      await stop();
      log.info('stopped');
      process.exit(0);
    });
  }
}
