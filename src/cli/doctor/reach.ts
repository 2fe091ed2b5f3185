/** Whether the way from the public name back to this machine is open: each port is opened for a moment and called by that name. */
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { findAddresses, isPublic, realSurroundings } from '../../control/addresses.ts';
import type { Config } from '../../control/config/config.ts';
import { type Finding, fine, warning } from './finding.ts';
import { type Port, portsOf } from './network.ts';

/** A host that does not answer within this has its port closed, as far as people notice. */
const ANSWER_TIMEOUT_MS = 2000;

/** For before the server runs. Nothing where nobody outside is to reach it, and nothing for UDP, which does not answer by itself. */
export async function checkAnswers(config: Config): Promise<Finding[]> {
  const host = await publicHost(config);
  if (host === undefined) return [];
  const ports = portsOf(config).filter(({ transport, port }) => transport === 'TCP' && port !== 0);
  const tried = await Promise.all(ports.map((port) => answers(host, port)));
  const portsThat = (wanted: boolean) =>
    ports.flatMap(({ port }, index) => (tried[index] === wanted ? [port] : [])).join(', ');
  const [open, closed] = [portsThat(true), portsThat(false)];
  return [
    ...(open === '' ? [] : [fine('answers', `${host}, TCP ${open}: leads back here`)]),
    ...(closed === ''
      ? []
      : [
          warning(
            'answers',
            `${host}, TCP ${closed}: does not lead back here`,
            'Check the DNS records, open the ports in the firewall, or forward them in the router; some routers answer to calls from outside alone.',
          ),
        ]),
  ];
}

/** Undefined also for a name that does not resolve: that is another finding. */
async function publicHost(config: Config): Promise<string | undefined> {
  const { domain } = config;
  if (domain === undefined) {
    return (await findAddresses(config, realSurroundings)).addresses.find(isPublic);
  }
  return realSurroundings.resolve(domain).then(
    () => domain,
    () => undefined,
  );
}

/** Undefined where the port cannot be opened here: that is another finding. */
async function answers(host: string, { address, port }: Port): Promise<boolean | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(port, address), 'listening');
  } catch {
    return undefined;
  }
  try {
    return await reaches(server, host, port);
  } finally {
    server.close();
  }
}

/** Somebody else's machine may answer by that name: what counts is who arrives. */
async function reaches(server: Server, host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  const gone = new AbortController();
  socket.on('error', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  try {
    await once(server, 'connection', { signal });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
