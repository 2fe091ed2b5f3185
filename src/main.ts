/** The control plane's entry: arguments, configuration, object graph; starts the media thread and stops everything. */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decide, servesApp } from './access/decide.ts';
import type { StreamKey } from './access/stream-key.ts';
import type { StreamName } from './base/names.ts';
import type { AccessDecision, AccessRequest, MediaOptions } from './channel/messages.ts';
import {
  type FoundAddresses,
  findAddresses,
  isPublic,
  realSurroundings,
  socketAddress,
  toCandidates,
} from './control/addresses.ts';
import { writeBanner } from './control/banner.ts';
import { appSettings, type Config } from './control/config/config.ts';
import { loadConfig } from './control/config/load.ts';
import { parseOptions } from './control/config/options.ts';
import { HttpServer } from './control/http/server.ts';
import { explainListenError, type ListeningSocket } from './control/listen-problem.ts';
import { createLog, type Log } from './control/log.ts';
import { MediaLink } from './control/media-link.ts';
import { logEvent, logRefusal } from './control/session-log.ts';
import { Sessions } from './control/sessions.ts';
import type { SignallingDeps } from './control/signalling.ts';
import { StartError } from './control/start-error.ts';
import { publishKeyOf } from './control/store/publish-key.ts';
import { Store } from './control/store/store.ts';

/** An operator's mistake, told in one line. */
const EXIT_MISTAKE = 2;
const DEMO_STREAM = 'demo/clock' as StreamName;
/** The app in the printed examples where the configuration lists none. */
const EXAMPLE_APP = 'live';
/** Built from web/; the same place for `src/main.ts` and `dist/main.js`. */
const WEB_FOLDER = fileURLToPath(new URL('../dist/web', import.meta.url));

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`millrace: ${error.message}\n`);
  process.exit(EXIT_MISTAKE);
}

async function main(): Promise<void> {
  const print = (text: string) => process.stdout.write(text);
  const options = parseOptions(process.argv.slice(2), print);
  if (options === 'help') return;
  const config = loadConfig(options);
  checkStaticFolder(config.staticDir);
  const store = Store.open(config.stateDir);
  const publishKey = publishKeyOf(store);
  const log = createLog({
    level: config.logLevel,
    readable: process.stdout.isTTY,
    write: print,
  });
  const demo = options.demo ? DEMO_STREAM : undefined;
  const { media, http, found } = await open(config, publishKey, demo, log);
  print(
    writeBanner({
      ...hostsOf(config, found),
      httpPort: http.port,
      rtmpPort: config.rtmp.enabled ? media.ports.rtmp : undefined,
      demo,
      app: config.apps?.keys().next().value ?? EXAMPLE_APP,
      publishKey,
    }),
  );
  for (const warning of found.warnings) log.warn(warning);
  log.info({ http: http.port, ...media.ports }, 'listening');
  stopOnSignal(log, async () => {
    await media.stop();
    await http.close();
    store.close();
  });
}

type Opened = {
  readonly media: MediaLink;
  readonly http: HttpServer;
  readonly found: FoundAddresses;
};

async function open(
  config: Config,
  publishKey: StreamKey,
  demo: StreamName | undefined,
  log: Log,
): Promise<Opened> {
  const apps = config.apps && new Set([...config.apps.keys(), ...(demo ? ['demo'] : [])]);
  const rules = { publishKey, apps };
  try {
    const [media, found] = await Promise.all([
      startMedia(config, demo, log, (request) => decide(request, rules)),
      findAddresses(config, realSurroundings),
    ]);
    const candidates = toCandidates(found.addresses, {
      udp: { address: socketAddress(config.ice.udp.address), port: media.ports.iceUdp },
      tcp: { address: socketAddress(config.ice.tcp.address), port: media.ports.iceTcp },
    });
    const signalling: SignallingDeps = {
      media,
      sessions: new Sessions(media),
      authorise: (request) => decide(request, rules),
      candidates: (transports) =>
        candidates.filter(({ transport }) => transports.includes(transport)),
      app: (app) => (servesApp(app, rules) ? appSettings(config, app) : undefined),
      onRefused: (refusal) => logRefusal(log, refusal),
    };
    const rtmpPort = config.rtmp.enabled ? media.ports.rtmp : undefined;
    const http = await HttpServer.listen(
      {
        signalling,
        api: { media, publishKey, rtmpPort },
        pages: {
          webFolder: WEB_FOLDER,
          staticFolder: config.staticDir,
          servesApp: (app) => servesApp(app, rules),
        },
        log,
      },
      { address: socketAddress(config.http.address), port: config.http.port },
    );
    return { media, http, found };
  } catch (error) {
    const { own, ofMedia } = socketsOf(config);
    throw explainListenError(error, own, ofMedia);
  }
}

async function startMedia(
  config: Config,
  demo: StreamName | undefined,
  log: Log,
  authorise: (request: AccessRequest) => AccessDecision,
): Promise<MediaLink> {
  const listen = ({ address, port }: { address: string; port: number }) => ({
    address: socketAddress(address),
    port,
  });
  const options: MediaOptions = {
    rtmp: config.rtmp.enabled ? listen(config.rtmp) : undefined,
    iceTcp: listen(config.ice.tcp),
    iceUdp: listen(config.ice.udp),
    opusBitrateBps: config.appDefaults.opusBitrate,
    bFrames: {
      initial: config.appDefaults.bFrames,
      apps: Object.fromEntries(
        [...(config.apps?.keys() ?? [])].map((app) => [app, appSettings(config, app).bFrames]),
      ),
    },
    audioCoalescing: {
      initial: config.appDefaults.audioCoalescing,
      apps: Object.fromEntries(
        [...(config.apps?.keys() ?? [])].map((app) => [
          app,
          appSettings(config, app).audioCoalescing,
        ]),
      ),
    },
    demo,
  };
  const media = await MediaLink.start({
    media: options,
    authorise: (request) => {
      const decision = authorise(request);
      if (!decision.allowed) {
        const { protocol, stream, address } = request;
        const { reason, message } = decision;
        logRefusal(log, { protocol, stream, address, reason, message });
      }
      return decision;
    },
    onDeath: (cause) => {
      log.fatal({ cause }, 'the media thread died: nothing can be served, so this process ends');
      process.exit(1);
    },
  });
  media.onEvent((event) => logEvent(log, event));
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
