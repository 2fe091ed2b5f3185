/** What the configuration makes of the one port. */
import { socketAddress } from '../addresses.ts';
import type { Config } from '../config/config.ts';
import { planTls } from '../tls/plan.ts';
import type { Guest } from './guests.ts';

export type OnePortSettings = {
  readonly address: string;
  /** For TCP and UDP. */
  readonly port: number;
  readonly protocols: readonly Guest[];
  /** HTTPS has the same TCP port: there is one listening socket for both. */
  readonly isHttpsPort: boolean;
};

/** Undefined where there is none. */
export function onePortOf(
  config: Pick<Config, 'onePort' | 'rtmp' | 'tls' | 'domain'>,
): OnePortSettings | undefined {
  const { mode, protocols } = config.onePort;
  const port = config.onePort.port ?? config.tls.httpsPort;
  if (mode === 'off') return undefined;
  const hasHttps = planTls(config).from !== 'nowhere';
  if (mode === 'auto' && !hasHttps) return undefined;
  const isHttpsPort = hasHttps && port !== 0 && port === config.tls.httpsPort;
  const { address } = isHttpsPort ? config.tls : config.onePort;
  return {
    address: socketAddress(address),
    port,
    protocols: protocols.filter((guest) => config.rtmp.enabled || !guest.startsWith('rtmp')),
    isHttpsPort,
  };
}
