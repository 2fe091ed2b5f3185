/** The program's entry: a command, or the server, from its arguments to its last signal. */
import type { ReloadOutcome } from './api/server.ts';
import type { StreamName } from './base/names.ts';
import { serverArguments } from './cli/dispatch.ts';
import { hostsOf, socketAddress } from './control/addresses.ts';
import { type BannerFacts, writeBanner } from './control/banner.ts';
import type { Config } from './control/config/config.ts';
import { loadConfig } from './control/config/load.ts';
import { type Options, parseOptions } from './control/config/options.ts';
import { firstSecrets } from './control/first-secrets.ts';
import { checkStaticFolder } from './control/http/static-folder.ts';
import { liveSettings } from './control/live-settings.ts';
import { createLog, type Log } from './control/log.ts';
import { Reload } from './control/reload.ts';
import { announceServer, localUrl } from './control/running-server.ts';
import { ServiceManager } from './control/service-manager.ts';
import { commandsOf } from './control/setup/start-words.ts';
import { StartError } from './control/start-error.ts';
import { stopOnSignal } from './control/stop-on-signal.ts';
import { StoreError } from './control/store/database.ts';
import { firstKey } from './control/store/publish-key.ts';
import { Store } from './control/store/store.ts';
import { startTelling } from './control/telling.ts';
import { planTls, type TlsPlan } from './control/tls/plan.ts';
import { logWithoutHttps, startTls, type TlsParts } from './control/tls/start.ts';
import type { Tls } from './control/tls/tls.ts';
import { readVersion } from './control/version.ts';
import { type ControlPlane, openControlPlane } from './control-plane.ts';
import { collectOnce } from './native/collect.ts';
import { loadAddon } from './native/load.ts';

/** An operator's mistake, told in one line. */
const EXIT_MISTAKE = 2;
const DEMO_STREAM = 'demo/clock' as StreamName;
/** The app in the printed examples where the configuration lists none. */
const EXAMPLE_APP = 'live';
const STARTING = new StartError('the server is still starting. Try again in a second.');

try {
  const own = serverArguments(process.argv.slice(2));
  await (own === undefined ? runOther() : serve(own));
} catch (error) {
  if (!(error instanceof StartError || error instanceof StoreError)) throw error;
  process.stderr.write(`millrace: ${error.message}\n`);
  process.exit(EXIT_MISTAKE);
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Loaded when it is asked for: the server has no use for it. */
async function runOther(): Promise<void> {
  const { runCommand } = await import('./cli/main.ts');
  // `millrace key list | head -1`: who reads has had enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.exitCode = await runCommand(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
}

async function serve(args: readonly string[]): Promise<void> {
  const print = (text: string) => process.stdout.write(text);
  // Who read our log is gone: nobody who watches has anything to do with that.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosed);
  const options = parseOptions(args, print);
  if (options === 'help') return;
  const config = checkedConfig(options);
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
  // The API can ask for it as soon as it is there.
  let reload: () => ReloadOutcome | StartError = () => STARTING;
  const commands = commandsOf({ options, folder: process.cwd(), environment: process.env });
  const plane = await openControlPlane(config, store, {
    ...{ demo, telling, commands, log },
    reload: () => reload(),
  });
  const { media, http, onePort, found, admission, commandToken } = plane;
  telling.site.found(hostsOf(config.domain, found).host, http.port);
  const { entrance, port: httpPort } = http;
  const tls = await openHttps(plane, tlsPlan, { config, entrance, httpPort, log, telling });
  const { claimCode } = plane.accounts;
  const secrets = firstSecrets(config.stateDir, { key: firstPublishKey, claimCode });
  greet({ config, plane, tls, demo, ...secrets, log });
  logWithoutHttps(tlsPlan, { config, log });
  log.info({ http: http.port, ...media.ports }, 'listening');
  const url = localUrl(socketAddress(config.http.address), http.port);
  const leave = announceServer(config.stateDir, { url, token: commandToken }, (problem) =>
    log.warn(problem),
  );
  const service = ServiceManager.find(process.env, process.pid, (path, message) =>
    loadAddon().notifySocket(path, message),
  );
  service?.ready(`version ${readVersion()}, pages on port ${http.port}`);
  // A control plane that runs while its media thread stands still serves nobody.
  service?.watch(async () => (await media.stats()) !== undefined);
  const stop = async (): Promise<void> => {
    service?.stopping();
    leave();
    onePort?.close();
    await media.stop();
    plane.settle();
    telling.stop();
    tls?.close();
    await http.close();
    await admission.close();
    store.close();
  };
  const appliers = liveSettings({ ...plane, tls, log });
  const reloading = new Reload(config, { load: () => checkedConfig(options), appliers, log });
  reload = () => reloadIn(service, reloading);
  stopOnSignal(log, stop, process.stdout.isTTY ? undefined : reload);
  collectOnce();
}

type Started = {
  readonly config: Config;
  readonly plane: ControlPlane;
  readonly tls: Tls | undefined;
  readonly demo: StreamName | undefined;
  readonly log: Log;
} & Pick<BannerFacts, 'key' | 'claimCode'>;

/** Where everything is, and what the operator should know. */
function greet({ config, plane, tls, demo, key, claimCode, log }: Started): void {
  const { media, http, found, apps } = plane;
  process.stdout.write(
    writeBanner({
      ...hostsOf(config.domain, found),
      publicUrl: config.publicUrl,
      httpPort: http.port,
      httpsPort: config.domain === undefined ? undefined : tls?.httpsPort,
      rtmpPort: config.rtmp.enabled ? media.ports.rtmp : undefined,
      demo,
      app: config.apps?.keys().next().value ?? EXAMPLE_APP,
      key,
      openApps: apps.openForAll,
      claimCode,
    }),
  );
  for (const warning of [...found.warnings, ...media.warnings]) log.warn(warning);
  for (const app of apps.openForAll) {
    log.warn({ app }, 'anybody can publish to this app: publishing is open');
  }
}

/** Read, and held against itself. */
function checkedConfig(options: Options): Config {
  const config = loadConfig(options);
  checkStaticFolder(config.staticDir);
  planTls(config);
  return config;
}

/** systemd wants to know when it begins and when it is over. */
function reloadIn(service: ServiceManager | undefined, reload: Reload): ReloadOutcome | StartError {
  service?.reloading(process.hrtime.bigint() / 1000n);
  const outcome = reload.run();
  service?.ready('configuration read again');
  return outcome;
}

/** And the one port, which HTTPS has part in. */
async function openHttps(
  { onePort, ports }: Pick<ControlPlane, 'onePort' | 'ports'>,
  plan: TlsPlan,
  parts: TlsParts,
) {
  const tls = await startTls(plan, { ...parts, ...onePort?.lead(parts.entrance) });
  if (tls !== undefined) ports.openedTls(tls);
  await onePort?.open(parts.entrance, tls);
  return tls;
}
