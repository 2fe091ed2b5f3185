/** Ranges of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3), IPv4 and IPv6. */

/** An address as a number. */
export type Address = { readonly version: 4 | 6; readonly value: bigint };

export type AddressRange = Address & { readonly prefix: number };

const WIDTH = { 4: 32, 6: 128 } as const;

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. Address past the prefix are ignored. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const bits = parseAddress(address);
  if (bits === undefined || rest.length > 0) return undefined;
  const width = WIDTH[bits.version];
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? width : Number(length);
  if (prefix > width) return undefined;
  return { version: bits.version, value: masked(bits, prefix), prefix };
}

export function isInRange(range: AddressRange, address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && contains(range, parsed);
}

/** The same, for one address and many ranges. */
export function contains(range: AddressRange, address: Address): boolean {
  return address.version === range.version && masked(address, range.prefix) === range.value;
}

function masked({ version, value }: Address, prefix: number): bigint {
  const rest = BigInt(WIDTH[version] - prefix);
  return (value >> rest) << rest;
}

/** As Node writes it, or as people do. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text);
}

function readIpv4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return { version: 4, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
}

/** RFC 4291 §2.2; a zone (`%eth0`) says nothing about who it is. */
function readIpv6(text: string): Address | undefined {
  const [plain = ''] = text.split('%');
  const tail = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  const embedded = tail === undefined ? undefined : readIpv4(tail);
  if (tail !== undefined && embedded === undefined) return undefined;
  const text6 = embedded === undefined ? plain : plain.slice(0, -tail!.length) + hexOf(embedded);
  const halves = text6.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], end = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const zeros = 8 - head.length - end.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...end];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return {
    version: 6,
    value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n),
  };
}

function hexOf({ value }: Address): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}
