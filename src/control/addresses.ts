/** Which of our addresses browsers are told to send to: as configured, or found. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { HostCandidate } from '../protocols/sdp/candidates.ts';
import { askStunServer } from './stun-query.ts';

/** A browser tries each candidate: more addresses than any machine needs would only cost checks. */
const ADDRESSES_MAX = 8;
/** A resolver that takes longer would hold up the start. */
const LOOKUP_TIMEOUT_MS = 2000;

/** The socket address for every interface, and what stands for it on a machine without IPv6. */
const ANY = '::';
const ANY_IPV4 = '0.0.0.0';

/** Where addresses come from; tests give their own. */
export type Surroundings = {
  readonly interfaceAddresses: () => readonly string[];
  readonly resolve: (domain: string) => Promise<readonly string[]>;
  readonly askStun: (server: { host: string; port: number }) => Promise<string>;
};

export type AddressOptions = {
  readonly publicAddresses: readonly string[];
  readonly domain: string | undefined;
  readonly stunServer: { readonly host: string; readonly port: number } | undefined;
};

export type FoundAddresses = {
  /** The one we like best first: public, then private, loopback last. */
  readonly addresses: readonly string[];
  /** For the operator: what did not work, and what others will not be able to do. */
  readonly warnings: readonly string[];
};

/** Finds our addresses. Never fails: what goes wrong is a warning. */
export async function findAddresses(
  options: AddressOptions,
  surroundings: Surroundings,
): Promise<FoundAddresses> {
  if (options.publicAddresses.length > 0) {
    return { addresses: options.publicAddresses, warnings: [] };
  }
  const { domain, stunServer } = options;
  const own = surroundings.interfaceAddresses();
  const [resolved, seen] = await Promise.all([
    domain === undefined ? [] : outcome(() => surroundings.resolve(domain)),
    stunServer === undefined ? [] : outcome(async () => [await surroundings.askStun(stunServer)]),
  ]);
  const warnings: string[] = [];
  if (typeof resolved === 'string') {
    warnings.push(`domain ${domain} does not resolve (${resolved}): check its DNS records.`);
  }
  if (typeof seen === 'string') {
    warnings.push(`stun_server ${stunServer?.host} did not answer (${seen}).`);
  }
  const outside = [resolved, seen].flatMap((found) => (typeof found === 'string' ? [] : found));
  const addresses = [...new Set([...outside, ...own])].toSorted((a, b) => rank(a) - rank(b));
  warnings.push(...natWarnings(addresses, own));
  return { addresses: addresses.slice(0, ADDRESSES_MAX), warnings };
}

/** A socket that listens, as bound. */
export type Listening = { readonly address: string; readonly port: number };

/**
 * The addresses as candidates of the sockets that listen. The order is the priority: the best address comes first with all
 * its ports, and of several ports the one that `listen` has first.
 */
export function toCandidates(
  addresses: readonly string[],
  listen: Readonly<Record<'udp' | 'tcp', readonly Listening[]>>,
): HostCandidate[] {
  return (['udp', 'tcp'] as const).flatMap((transport) => {
    const sockets = listen[transport];
    const all = sockets.flatMap(({ address, port }) =>
      reachableThrough(address, addresses).map((ip) => ({ transport, address: ip, port })),
    );
    const place = ({ address }: HostCandidate): number => {
      const index = addresses.indexOf(address);
      return index < 0 ? addresses.length : index;
    };
    return all.toSorted((a, b) => place(a) - place(b)); // stable: ports keep their order
  });
}

/** `::` is not there on a machine without IPv6: every IPv4 address then. */
export function socketAddress(
  address: string,
  interfaceAddresses: readonly string[] = ownAddresses(),
): string {
  return address === ANY && !interfaceAddresses.some((own) => isIPv6(own)) ? ANY_IPV4 : address;
}

/** The real machine and the real network. */
export const realSurroundings: Surroundings = {
  interfaceAddresses: ownAddresses,
  resolve: async (domain) => {
    const timeout = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
    const slow = new Promise<never>((_, reject) => {
      timeout.addEventListener('abort', () => reject(new Error('no answer from the resolver')));
    });
    const found = await Promise.race([lookup(domain, { all: true }), slow]);
    return found.map(({ address }) => address);
  },
  askStun: askStunServer,
};

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address)
    .filter((address) => !isIn(linkLocal, address));
}

async function outcome(
  find: () => Promise<readonly string[]>,
): Promise<readonly string[] | string> {
  try {
    return await find();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

function natWarnings(addresses: readonly string[], own: readonly string[]): string[] {
  const open = addresses.filter(isPublic);
  const notOurs = open.filter((address) => !own.includes(address));
  if (open.length === 0) {
    return [
      'behind NAT, or on a private network: none of the addresses found is public, so only viewers on the same network can connect. Set public_addresses (or domain), and forward the ports, to serve others.',
    ];
  }
  if (notOurs.length === 0 || notOurs.length < open.length) return [];
  return [
    `behind NAT: ${notOurs.join(', ')} is on no interface of this machine. The router must forward the ports to it.`,
  ];
}

/** A socket on every address is reached through all of them; one on a single address through that and what NAT puts before it. */
function reachableThrough(socket: string, addresses: readonly string[]): string[] {
  if (socket === ANY) return [...addresses];
  if (socket === ANY_IPV4) return addresses.filter((address) => isIPv4(address));
  if (isIn(loopback, socket)) return [socket];
  const before = addresses.filter(
    (a) => isPublic(a) && a !== socket && isIPv4(a) === isIPv4(socket),
  );
  return [...before, socket];
}

function rank(address: string): number {
  if (isPublic(address)) return isIPv4(address) ? 0 : 1;
  if (isIn(loopback, address)) return isIPv4(address) ? 4 : 5;
  return isIPv4(address) ? 2 : 3;
}

/** How the printed URLs call us: by the name or address that most can use. */
export function hostsOf(
  domain: string | undefined,
  { addresses }: FoundAddresses,
): { readonly host: string; readonly networkHost: string | undefined } {
  const [best = ''] = addresses;
  if (domain !== undefined) return { host: domain, networkHost: undefined };
  if (isPublic(best)) return { host: best, networkHost: undefined };
  return { host: 'localhost', networkHost: best === '127.0.0.1' ? undefined : best };
}

/** Whether an address can be reached from the internet, as far as it tells. */
export function isPublic(address: string): boolean {
  return !isIn(loopback, address) && !isIn(notPublic, address) && !isIn(linkLocal, address);
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function blocks(...subnets: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIPv6(net) ? 'ipv6' : 'ipv4');
  return list;
}

const loopback = blocks(['127.0.0.0', 8], ['::1', 128]);
const linkLocal = blocks(['169.254.0.0', 16], ['fe80::', 10]);
/** Private networks (RFC 1918, RFC 4193) and carriers' NAT (RFC 6598). */
const notPublic = blocks(
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
);
