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
  const { mode, address, port, protocols } = config.onePort;
  if (mode === 'off') return undefined;
  const hasHttps = planTls(config).from !== 'nowhere';
  if (mode === 'auto' && !hasHttps) return undefined;
  return {
    address: socketAddress(address),
    port,
    protocols: protocols.filter((guest) => config.rtmp.enabled || !guest.startsWith('rtmp')),
    isHttpsPort: hasHttps && port !== 0 && port === config.tls.httpsPort,
  };
}
