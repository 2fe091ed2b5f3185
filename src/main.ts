/** The program's entry: a command, or the server, from its arguments to its last signal. */
import type { StreamName } from './base/names.ts';
import { serverArguments } from './cli/dispatch.ts';
import { hostsOf, socketAddress } from './control/addresses.ts';
import { writeBanner } from './control/banner.ts';
import type { Config } from './control/config/config.ts';
import { loadConfig } from './control/config/load.ts';
import { parseOptions } from './control/config/options.ts';
import { checkStaticFolder } from './control/http/static-folder.ts';
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
import { readVersion } from './control/version.ts';
import { type ControlPlane, openControlPlane } from './control-plane.ts';
import { loadAddon } from './native/load.ts';

/** An operator's mistake, told in one line. */
const EXIT_MISTAKE = 2;
const DEMO_STREAM = 'demo/clock' as StreamName;
/** The app in the printed examples where the configuration lists none. */
const EXAMPLE_APP = 'live';

try {
  const own = serverArguments(process.argv.slice(2));
  await (own === undefined ? runOther() : serve(own));
} catch (error) {
  if (!(error instanceof StartError || error instanceof StoreError)) throw error;
  process.stderr.write(`millrace: ${error.message}\n`);
  process.exit(EXIT_MISTAKE);
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
  const commands = commandsOf({ options, folder: process.cwd(), environment: process.env });
  const plane = await openControlPlane(config, store, { demo, telling, commands, log });
  const { media, http, onePort, found, apps, accounts, admission, commandToken } = plane;
  const hosts = hostsOf(config.domain, found);
  telling.site.found(hosts.host, http.port);
  const { entrance, port: httpPort } = http;
  const tls = await openHttps(plane, tlsPlan, { config, entrance, httpPort, log, telling });
  print(
    writeBanner({
      ...hosts,
      publicUrl: config.publicUrl,
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
  logWithoutHttps(tlsPlan, { config, log });
  warnOfOpen(apps.openForAll, log);
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
  const reload = reloadOf(config, () => loadConfig(options), { ...plane, log });
  stopOnSignal(log, stop, process.stdout.isTTY ? undefined : () => reloadIn(service, reload));
}

function warnOfOpen(apps: readonly string[], log: Log): void {
  for (const app of apps) {
    log.warn({ app }, 'anybody can publish to this app: publishing is open');
  }
}

/** What a running server takes on without a restart. */
function reloadOf(
  config: Config,
  load: () => Config,
  parts: Pick<ControlPlane, 'apps' | 'limits' | 'sitePasswords'> & { readonly log: Log },
): Reload {
  const { apps, limits, sitePasswords, log } = parts;
  const forApps = (fresh: Config): void => apps.reconfigure(fresh);
  const appliers = [
    { path: 'apps', apply: forApps },
    { path: 'app_defaults', apply: forApps },
    { path: 'limits', apply: (fresh: Config) => limits.reconfigure(fresh.limits) },
    {
      path: 'static_auth',
      apply: (fresh: Config) => sitePasswords.reconfigure(fresh.staticAuth),
    },
    { path: 'log_level', apply: (fresh: Config) => Object.assign(log, { level: fresh.logLevel }) },
  ];
  return new Reload(config, { load, appliers, log });
}

/** systemd wants to know when it begins and when it is over. */
function reloadIn(service: ServiceManager | undefined, reload: Reload): void {
  service?.reloading(process.hrtime.bigint() / 1000n);
  reload.run();
  service?.ready('configuration read again');
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
