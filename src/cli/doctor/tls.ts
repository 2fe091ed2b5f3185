/** HTTPS: whether there is any, and whether its certificate is good and will be. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Config } from '../../control/config/config.ts';
import { planTls } from '../../control/tls/plan.ts';
import { type Finding, fine, warning } from './finding.ts';

const NAME = 'TLS';
const ANSWER_TIMEOUT_MS = 3000;
const DAY_MS = 86_400_000;
/** Renewal begins long before: so near to the end it has failed for a while, whatever the certificate's lifetime. */
const DAYS_MIN = 2;
const PROXY_GUIDE = 'docs/guide/proxy.md';

export async function checkTls(
  config: Config,
  isRunning: boolean,
  nowMs: number,
): Promise<Finding> {
  const plan = planTls(config);
  if (plan.from === 'nowhere') return checkPlain(config, plan.warning);
  const [name = ''] = plan.names;
  if (!isRunning) {
    const source = plan.from === 'acme' ? 'is obtained' : 'is read from files';
    return fine(
      NAME,
      `HTTPS on port ${config.tls.httpsPort}; the certificate ${source} at the start`,
    );
  }
  return checkServed(config, name, nowMs);
}

function checkPlain({ http }: Config, why: string | undefined): Finding {
  if (['127.0.0.1', '::1'].includes(http.address)) {
    return fine(NAME, `plain HTTP, on ${http.address} alone: for a proxy on this machine`);
  }
  return warning(
    NAME,
    'plain HTTP: passwords, keys and links can be read on the way (media is always encrypted)',
    why ??
      `Set domain, and a certificate is obtained for it; or put a proxy in front: ${PROXY_GUIDE}.`,
  );
}

/** Asks the server for its certificate, as a browser would, and looks at it itself. */
async function checkServed({ tls }: Config, name: string, nowMs: number): Promise<Finding> {
  const host = ['::', '0.0.0.0'].includes(tls.address) ? '127.0.0.1' : tls.address;
  const options = { host, port: tls.httpsPort, rejectUnauthorized: false };
  const socket = connect(name === '' ? options : { ...options, servername: name });
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'secureConnect');
    return judge(socket, name, nowMs);
  } catch (error) {
    return warning(
      NAME,
      `port ${tls.httpsPort} gives no certificate for ${name} (${(error as Error).message})`,
      'The log says why; the name must resolve to this machine, and ports 80 and 443 be open.',
    );
  } finally {
    socket.destroy();
  }
}

function judge(socket: TLSSocket, name: string, nowMs: number): Finding {
  const { valid_to: until, issuer } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(until) - nowMs) / DAY_MS);
  const from = [issuer?.O ?? issuer?.CN].flat().join(', ');
  const says = `HTTPS for ${name}, certificate of ${from}, good for ${days} more days`;
  if (!socket.authorized) {
    const problem = String(socket.authorizationError ?? 'unknown');
    return warning(
      NAME,
      `${says}; browsers will not take it (${problem})`,
      'Look at the log: it says what the certificate authority answered.',
    );
  }
  if (days >= DAYS_MIN) return fine(NAME, says);
  return warning(NAME, says, 'Look at the log: it says why it could not be renewed.');
}
