/** IP addresses of clients, as text: how people write them, and who shares one. */

/** As people write it: an IPv4 address that came through a dual-stack socket is one (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * What limits count: an address; of IPv6 the network, since a household has a whole /64 to come from.
 * @param address as Node writes it (RFC 5952)
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros =
    tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const network = [...groups, ...Array.from({ length: zeros }, () => '0')].slice(0, 4);
  return `${network.join(':')}::/64`;
}
