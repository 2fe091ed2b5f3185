/** The network: ports, addresses, what can be reached. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv4 } from 'node:net';
import type { ServerInfo } from '../../api/server.ts';
import {
  findAddresses,
  isPublic,
  realSurroundings,
  type Surroundings,
  socketAddress,
} from '../../control/addresses.ts';
import type { Config } from '../../control/config/config.ts';
import { planTls } from '../../control/tls/plan.ts';
import { type Finding, fine, warning } from './finding.ts';

/** A host that does not answer within this has its port closed, as far as people notice. */
const REACH_TIMEOUT_MS = 2000;

export type Port = {
  readonly name: string;
  readonly transport: 'TCP' | 'UDP';
  readonly address: string;
  readonly port: number;
  readonly option: string;
  /** Where a running server tells it. */
  readonly key: keyof ServerInfo['ports'] | undefined;
};

/** Whether the configured ports can be had; of a server that runs, those that it has, which options may have changed. */
export async function checkPorts(
  config: Config,
  running: ServerInfo | undefined,
): Promise<Finding[]> {
  const ports = portsOf(config);
  if (running !== undefined) return ports.flatMap((port) => portOfServer(port, running));
  return Promise.all(ports.map(checkPort));
}

function portOfServer(
  { name, transport, key, port: wanted }: Port,
  { ports }: ServerInfo,
): Finding[] {
  if (key === undefined) return [];
  const port = ports[key];
  if (port !== null) return [fine(`port ${port} ${transport}`, `${name}: the server has it`)];
  // RTMP is switched off by an option; what belongs to HTTPS is tried again and again.
  if (key === 'rtmp') return [];
  return [
    warning(
      `port ${wanted} ${transport}`,
      `${name}: the server does not have it`,
      'Its log says why; where the configuration was changed since its start, restart it.',
    ),
  ];
}

/** Every port that a server with this configuration opens. */
export function portsOf(config: Config): Port[] {
  const { http, rtmp, ice } = config;
  const port = (
    name: string,
    transport: Port['transport'],
    at: { readonly address: string; readonly port: number },
    option: string,
    key: Port['key'],
  ) => ({ name, transport, address: socketAddress(at.address), port: at.port, option, key });
  return [
    port('HTTP', 'TCP', http, '--http-port', 'http'),
    ...(rtmp.enabled ? [port('RTMP', 'TCP', rtmp, '--rtmp-port', 'rtmp')] : []),
    port('media over TCP', 'TCP', ice.tcp, '--ice-tcp-port', 'iceTcp'),
    port('media over UDP', 'UDP', ice.udp, '--ice-udp-port', 'iceUdp'),
    ...tlsPorts(config).map(([name, number, option, key]) =>
      port(name, 'TCP', { address: config.tls.address, port: number }, option, key),
    ),
  ];
}

type TlsPort = readonly [name: string, port: number, option: string, key: Port['key']];

/** The ports that HTTPS takes, where there is to be any. */
function tlsPorts(config: Config): TlsPort[] {
  if (planTls(config).from === 'nowhere') return [];
  const { httpsPort, httpPort, ovenplayerPort } = config.tls;
  const all = [
    ['HTTPS', httpsPort, '--https-port', 'https'],
    ['the way to HTTPS', httpPort, 'tls.http_port', undefined],
    ['HTTPS for OvenPlayer', ovenplayerPort, 'tls.ovenplayer_port', 'ovenplayer'],
  ] as const;
  return all.flatMap(([name, port, option, key]) =>
    port === 'off' ? [] : [[name, port, option, key] as const],
  );
}

async function checkPort(wanted: Port): Promise<Finding> {
  const { transport, port, option } = wanted;
  const name = `port ${port} ${transport}`;
  const code = await tryPort(wanted);
  if (code === undefined) return fine(name, `${wanted.name}: free`);
  const [says, remedy] = PORT_TROUBLE[code] ?? [code, 'Look it up in errno(3).'];
  return warning(name, `${wanted.name}: ${says}`, remedy.replace('OPTION', option));
}

const PORT_TROUBLE: Readonly<Record<string, readonly [says: string, remedy: string]>> = {
  EADDRINUSE: [
    'another program has it',
    'Stop that one ("ss -ltnup" names it), or choose another port with OPTION.',
  ],
  EACCES: ['not allowed for this user', 'Choose one from 1024 up with OPTION.'],
  EADDRNOTAVAIL: [
    'its address is none of this machine',
    'Correct the address in the configuration.',
  ],
};

/** Opens the port for a moment. @returns the system's error code where it cannot */
async function tryPort({ transport, address, port }: Port): Promise<string | undefined> {
  try {
    if (transport === 'TCP') {
      const server = createServer().listen(port, address);
      await once(server, 'listening');
      server.close();
    } else {
      const socket = createSocket(isIPv4(address) ? 'udp4' : 'udp6');
      socket.bind(port, address);
      await once(socket, 'listening');
      socket.close();
    }
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

/** What others can reach us by, as far as one can tell from inside. */
export async function checkAddresses(
  config: Config,
  running: ServerInfo | undefined,
  surroundings: Surroundings = realSurroundings,
): Promise<Finding[]> {
  const { addresses, warnings } = await findAddresses(config, surroundings);
  const open = addresses.filter(isPublic);
  const own = surroundings.interfaceAddresses();
  const findings = warnings.map((text) => {
    const cut = text.indexOf(': ');
    return warning('addresses', text.slice(0, cut), text.slice(cut + 2));
  });
  if (findings.length === 0) {
    const behind = open.some((address) => !own.includes(address)) ? ', behind NAT' : '';
    findings.push(fine('addresses', `browsers are told ${addresses.join(', ')}${behind}`));
  }
  const { domain } = config;
  if (domain !== undefined) findings.push(await checkDomain(domain, addresses, surroundings));
  const host = domain ?? open[0];
  if (running !== undefined && host !== undefined) {
    findings.push(await checkReach(host, running.ports.http));
  }
  return findings;
}

async function checkDomain(
  domain: string,
  addresses: readonly string[],
  surroundings: Surroundings,
): Promise<Finding> {
  const name = 'domain';
  try {
    const resolved = await surroundings.resolve(domain);
    const strange = resolved.filter((address) => !addresses.includes(address));
    const says = `${domain} is ${resolved.join(', ')}`;
    if (strange.length === 0) return fine(name, says);
    return warning(
      name,
      `${says}; ${strange.join(', ')} is none of our addresses`,
      'Correct the DNS records, or add the address to public_addresses.',
    );
  } catch {
    return warning(
      name,
      `${domain} does not resolve`,
      'Make an A record (and AAAA for IPv6) with the address of this machine.',
    );
  }
}

/** From inside one sees one's own side: some routers lead back to it, some do not, and firewalls outside are not seen. */
async function checkReach(host: string, port: number): Promise<Finding> {
  const name = 'reachable';
  const socket = connect({ host, port, timeout: REACH_TIMEOUT_MS });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('no answer'))),
    ]);
    return fine(name, `${host}:${port} answers from here`);
  } catch {
    return warning(
      name,
      `${host}:${port} does not answer from here`,
      'Try from another network; if it does not answer there, open the port in the firewall, or forward it.',
    );
  } finally {
    socket.destroy();
  }
}
