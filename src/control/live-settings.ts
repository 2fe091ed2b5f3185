/** What a running server takes on without a restart, key by key. */
import type { AppDirectory } from './access/app-directory.ts';
import type { Limits } from './access/limits.ts';
import type { Config } from './config/config.ts';
import type { Sampler } from './figures/sampler.ts';
import type { SitePasswords } from './http/site-passwords.ts';
import type { Log } from './log.ts';
import type { Applier } from './reload.ts';
import type { MediaGate } from './signalling.ts';
import { planTls } from './tls/plan.ts';
import type { Tls } from './tls/tls.ts';

export type LiveParts = {
  readonly apps: AppDirectory;
  readonly limits: Limits;
  readonly sampler: Sampler;
  readonly media: Pick<MediaGate, 'live' | 'stats'>;
  readonly sitePasswords: SitePasswords;
  readonly hsts: { seconds: number };
  readonly tls: Tls | undefined;
  readonly log: Log;
};

/** Where the certificate comes from; the ports stay as they are. */
const CERTIFICATE_KEYS = [
  'names',
  'certificate',
  'key',
  'directory',
  'email',
  'profile',
  'external_account_id',
  'external_account_key',
];

export function liveSettings(parts: LiveParts): Applier[] {
  const { apps, limits, sampler, media, sitePasswords, hsts, log } = parts;
  const reconfigureApps = (config: Config): void => apps.reconfigure(config);
  return [
    { path: 'apps', apply: reconfigureApps },
    { path: 'app_defaults', apply: reconfigureApps },
    {
      path: 'limits',
      apply: (config) => {
        limits.reconfigure(config.limits);
        sampler.start(media, config.limits.egress > 0);
      },
    },
    { path: 'static_auth', apply: (config) => sitePasswords.reconfigure(config.staticAuth) },
    {
      path: 'log_level',
      apply: (config) => {
        log.level = config.logLevel;
      },
    },
    {
      path: 'tls.hsts',
      apply: (config) => {
        hsts.seconds = config.tls.hsts;
      },
    },
    ...certificateSettings(parts),
  ];
}

function certificateSettings({ tls, log }: Pick<LiveParts, 'tls' | 'log'>): Applier[] {
  if (tls === undefined) return [];
  // Another domain, or a certificate from elsewhere, changes what the rest of the server was started with.
  const can = (config: Config, { domain, tls: { mode } }: Config): boolean =>
    config.domain === domain && config.tls.mode === mode;
  const apply = (config: Config): void => {
    const plan = planTls(config);
    if (plan.from !== 'nowhere') tls.replan(plan);
    else if (plan.warning !== undefined) log.warn(plan.warning);
  };
  return CERTIFICATE_KEYS.map((key) => ({ path: `tls.${key}`, can, apply }));
}
