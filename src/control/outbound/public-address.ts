import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Whether an address is one of the public internet: neither this machine, its network, its provider's metadata service,
 * nor anything that only stands for one of these. It decides where we connect to, so what is not known to be public is not.
 * @param address as the resolver or a URL gives it: an IPv4 or IPv6 address as text
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** All IPv6 addresses that are given out for use on the internet (RFC 4291 §2.4, IANA); ::ffff:0:0/96 and 64:ff9b::/96 are not among them. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Blocks of the IANA special-purpose registries (RFC 6890), and one address that a provider took from the public ones. */
const special = new BlockList();
const blocks: readonly (readonly [net: string, prefix: number])[] = [
  ['0.0.0.0', 8], // this network; 0.0.0.0 connects to this machine
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // carriers' NAT, RFC 6598; a provider's metadata service at 100.100.100.200
  ['127.0.0.0', 8], // this machine
  ['168.63.129.16', 32], // Azure's host service, reached from every machine there
  ['169.254.0.0', 16], // link-local, RFC 3927; most providers' metadata service
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments, RFC 6890; a provider's metadata service at 192.0.0.192
  ['192.0.2.0', 24], // documentation, RFC 5737
  ['192.88.99.0', 24], // 6to4 relays, RFC 7526
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks, RFC 2544
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
  ['2001::', 23], // protocol assignments, RFC 2928: Teredo, which holds an IPv4 address, ORCHID, benchmarks
  ['2001:db8::', 32], // documentation, RFC 3849
  ['2002::', 16], // 6to4, RFC 3056: holds an IPv4 address
  ['3fff::', 20], // documentation, RFC 9637
];
for (const [net, prefix] of blocks) special.addSubnet(net, prefix, isIPv4(net) ? 'ipv4' : 'ipv6');
