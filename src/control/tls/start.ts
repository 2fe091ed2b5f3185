/** Begins with HTTPS, where there is to be any. */
import { eventAt } from '../events/event.ts';
import { Outbound } from '../outbound/outbound.ts';
import type { Telling } from '../telling.ts';
import type { TlsPlan } from './plan.ts';
import { Tls, type TlsDeps } from './tls.ts';

export type TlsParts = Pick<TlsDeps, 'config' | 'entrance' | 'httpPort' | 'lead' | 'log'> & {
  readonly telling: Pick<Telling, 'events' | 'site'>;
};

const WITHOUT_HTTPS =
  'there is no HTTPS, as no domain is set: browsers let a page use camera, microphone and screen on http://localhost only. With a domain that leads here, --domain (domain) brings it.';

/** Says that there is no HTTPS; who has switched it off, or has a proxy for it, knows. */
export function logWithoutHttps(
  plan: TlsPlan,
  { config: { tls, publicUrl }, log }: Pick<TlsParts, 'config' | 'log'>,
): void {
  if (plan.from !== 'nowhere') return;
  if (plan.warning !== undefined) log.warn(plan.warning);
  else if (tls.mode === 'auto' && !publicUrl?.startsWith('https:')) log.info(WITHOUT_HTTPS);
}

/** Undefined where there is to be none. What does not work is told; the rest of the server need not wait for it. */
export async function startTls(plan: TlsPlan, parts: TlsParts): Promise<Tls | undefined> {
  if (plan.from === 'nowhere') return undefined;
  const { events, site } = parts.telling;
  const tls = await Tls.start({
    ...parts,
    plan,
    outbound: new Outbound({}),
    tell: (trouble) => events.tell(eventAt('certificate.trouble', trouble, Date.now())),
  });
  const [host] = plan.names;
  const sayWhere = () => {
    const { httpsPort } = tls;
    if (host === undefined || httpsPort === undefined) return;
    if (tls.certificates.served !== undefined) site.secured(host, httpsPort);
  };
  tls.certificates.onChange(sayWhere);
  sayWhere();
  return tls;
}
