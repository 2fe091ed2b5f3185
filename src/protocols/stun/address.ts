/** An IP address and a port, in network order: 4 or 16 address bytes. */
export type TransportAddress = { readonly ip: Uint8Array; readonly port: number };

/** What a dual-stack socket puts before an IPv4 address (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = '::ffff:';

/** `192.0.2.1:5000` or `[2001:db8::1]:5000`; IPv4-mapped IPv6 addresses come out as IPv4. */
export function writeTransportAddress(address: string, port: number): string {
  if (!address.includes(':')) return `${address}:${port}`;
  if (address.startsWith(MAPPED_PREFIX) && address.includes('.')) {
    return `${address.slice(MAPPED_PREFIX.length)}:${port}`;
  }
  return `[${address}]:${port}`;
}

/** Reads what {@link writeTransportAddress} wrote; undefined when the text is none. */
export function parseTransportAddress(text: string): TransportAddress | undefined {
  const colon = text.lastIndexOf(':');
  const port = parseDecimal(text.slice(colon + 1), 0xffff);
  if (colon < 0 || port === undefined) return undefined;
  const host = text.slice(0, colon);
  const ip =
    host.startsWith('[') && host.endsWith(']') ? parseIpv6(host.slice(1, -1)) : parseIpv4(host);
  return ip === undefined ? undefined : { ip, port };
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const ip = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    const value = parseDecimal(part, 255);
    if (value === undefined) return undefined;
    ip[index] = value;
  }
  return ip;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const unzoned = text.split('%')[0] ?? ''; // fe80::1%eth0: the zone is ours, not the peer's
  const halves = unzoned.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const ip = new Uint8Array(16);
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  for (const [index, group] of groups.entries()) {
    ip[2 * index] = group >> 8;
    ip[2 * index + 1] = group & 0xff;
  }
  return ip;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const ip = parseIpv4(part);
      if (ip === undefined) return undefined;
      groups.push((ip[0]! << 8) | ip[1]!, (ip[2]! << 8) | ip[3]!);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function parseDecimal(text: string, max: number): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
