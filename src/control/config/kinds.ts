/** What a configuration value can be: how each kind is read, and how the reference speaks of it. */
import { isIP } from 'node:net';
import { parseRange } from '../../access/address-range.ts';

/** What is wrong with a value: completes "it must be ...". */
export type Problem = { readonly mustBe: string };

/** One key of the configuration; `initial` is its default. */
export type Key<Value> = {
  /** As the reference shows it. */
  readonly kind: string;
  readonly initial: Value;
  /** One or two sentences for the operator. */
  readonly says: string;
  /** Shown in the example file where the default is "not set". */
  readonly example: string | undefined;
  /** The command line option that overrides the key. */
  readonly option: string | undefined;
  /** Its value is never shown. */
  readonly isSecret: boolean;
  /** From YAML's plain values. */
  readonly read: (value: unknown) => Value | Problem;
  /** As it would stand in a YAML file; undefined for "not set". */
  readonly write: (value: Value) => string | undefined;
};

/** What a row of the table says of its key. */
export type About<Value> = {
  readonly initial: Value;
  readonly says: string;
  readonly example?: string;
  readonly option?: string;
};

const PORT_MAX = 65_535;

/** A TCP or UDP port; 0 lets the system choose, for tests. */
export function port(about: About<number>): Key<number> {
  return key<number>(about, {
    kind: 'port',
    read: (value) =>
      isWhole(value) && value >= 0 && value <= PORT_MAX
        ? value
        : { mustBe: `a port: a whole number from 1 to ${PORT_MAX} (or 0 for any free one)` },
    write: String,
  });
}

/** A port, or what stands for it. */
export function optionalPort(about: About<number | undefined>): Key<number | undefined> {
  const { kind, read } = port({ initial: 0, says: '' });
  return key<number | undefined>(about, {
    kind,
    read: optional(read),
    write: (value) => (value === undefined ? undefined : String(value)),
  });
}

/** An address of this machine to listen on. */
export function address(about: About<string>): Key<string> {
  return key<string>(about, {
    kind: 'IP address',
    read: (value) => readAddress(value) ?? { mustBe: 'an IPv4 or IPv6 address, such as 127.0.0.1' },
    write: quote,
  });
}

/** A list of addresses. */
export function addresses(about: About<readonly string[]>): Key<readonly string[]> {
  return key<readonly string[]>(about, {
    kind: 'list of IP addresses',
    read: (value) => {
      const list = Array.isArray(value) ? value.map(readAddress) : [undefined];
      return list.every((item) => item !== undefined)
        ? list
        : { mustBe: 'a list of IPv4 or IPv6 addresses, such as [203.0.113.7, "2001:db8::7"]' };
    },
    write: (value) => `[${value.map(quote).join(', ')}]`,
  });
}

/** A list of addresses and ranges of them. */
export function ranges(about: About<readonly string[]>): Key<readonly string[]> {
  const isRange = (value: unknown): value is string =>
    typeof value === 'string' && parseRange(value) !== undefined;
  return key<readonly string[]>(about, {
    kind: 'list of IP addresses and ranges',
    read: (value) =>
      Array.isArray(value) && value.every(isRange)
        ? value
        : { mustBe: 'a list of IP addresses and ranges, such as [10.0.0.0/24, "2001:db8::7"]' },
    write: (value) => `[${value.map(quote).join(', ')}]`,
  });
}

/** Yes or no. */
export function flag(about: About<boolean>): Key<boolean> {
  return key<boolean>(about, {
    kind: 'true or false',
    read: (value) => (typeof value === 'boolean' ? value : { mustBe: 'true or false' }),
    write: String,
  });
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  about: About<NoInfer<Word>>,
): Key<Word> {
  return key<Word>(about, {
    kind: words.map((word) => `\`${word}\``).join(', '),
    read: (value) =>
      words.find((word) => word === value) ?? { mustBe: `one of ${words.join(', ')}` },
    write: quote,
  });
}

/** A bit rate: a number of bits a second, or `128k`. */
export function bitrate(
  range: { readonly leastBps: number; readonly mostBps: number },
  about: About<number>,
): Key<number> {
  const { leastBps, mostBps } = range;
  return key<number>(about, {
    kind: 'bits a second',
    read: (value) => {
      const bps = readBitrate(value);
      return bps !== undefined && bps >= leastBps && bps <= mostBps
        ? bps
        : { mustBe: `bits a second, from ${writeBitrate(leastBps)} to ${writeBitrate(mostBps)}` };
    },
    write: writeBitrate,
  });
}

/** A number of bytes, or `20T`. */
export function byteCount(about: About<number>): Key<number> {
  return key<number>(about, {
    kind: 'bytes',
    read: (value) =>
      readByteCount(value) ?? { mustBe: 'a number of bytes, such as 500G or 20T, or 0 for none' },
    write: writeByteCount,
  });
}

/** A folder's path. */
export function folder(about: About<string>): Key<string> {
  return key<string>(about, {
    kind: 'folder',
    read: readText('the path of a folder'),
    write: quote,
  });
}

/** A folder's path, or nothing. */
export function optionalFolder(about: About<string | undefined>): Key<string | undefined> {
  return key<string | undefined>(about, {
    kind: 'folder',
    read: optional(readText('the path of a folder')),
    write: (value) => (value === undefined ? undefined : quote(value)),
  });
}

/** RFC 1123 §2.1. */
const HOSTNAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** A host name, or nothing. */
export function optionalHostname(about: About<string | undefined>): Key<string | undefined> {
  return key<string | undefined>(about, {
    kind: 'host name',
    read: optional((value) =>
      typeof value === 'string' && HOSTNAME.test(value)
        ? value
        : { mustBe: 'a host name alone, such as live.example.net' },
    ),
    write: (value) => value,
  });
}

export type HostPort = { readonly host: string; readonly port: number };

/** `host:port`, or nothing. */
export function optionalHostPort(about: About<HostPort | undefined>): Key<HostPort | undefined> {
  return key<HostPort | undefined>(about, {
    kind: 'host:port',
    read: optional((value) => {
      const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(String(value)) ?? [];
      const number = Number(digits);
      return HOSTNAME.test(host) && number >= 1 && number <= PORT_MAX
        ? { host, port: number }
        : { mustBe: 'a host and a port, such as stun.example.net:3478' };
    }),
    write: (value) => (value === undefined ? undefined : `${value.host}:${value.port}`),
  });
}

/** Whether a read value is a problem. */
export function isProblem(read: unknown): read is Problem {
  return typeof read === 'object' && read !== null && 'mustBe' in read;
}

/** Puts a key together: what its row says, and what its kind does. */
export function key<Value>(
  { initial, says, example, option }: About<Value>,
  kind: Pick<Key<Value>, 'kind' | 'read' | 'write'> & { readonly isSecret?: true },
): Key<Value> {
  return { isSecret: false, ...kind, initial, says, example, option };
}

function optional<Value>(read: (value: unknown) => Value | Problem) {
  return (value: unknown): Value | Problem | undefined =>
    value === null ? undefined : read(value);
}

function readText(mustBe: string): (value: unknown) => string | Problem {
  return (value) => (typeof value === 'string' && value !== '' ? value : { mustBe });
}

function readAddress(value: unknown): string | undefined {
  return typeof value === 'string' && isIP(value) !== 0 ? value : undefined;
}

function readBitrate(value: unknown): number | undefined {
  if (isWhole(value)) return value;
  const [, digits, unit = ''] = /^(\d{1,9})([kM]?)$/.exec(String(value)) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * { '': 1, k: 1000, M: 1_000_000 }[unit as '' | 'k' | 'M'];
}

function writeBitrate(bps: number): string {
  return bps % 1000 === 0 ? `${bps / 1000}k` : String(bps);
}

/** Thousands, as providers count them. */
const BYTE_UNITS = { '': 1, M: 1e6, G: 1e9, T: 1e12 } as const;

function readByteCount(value: unknown): number | undefined {
  if (isWhole(value)) return value >= 0 ? value : undefined;
  const [, digits, unit = ''] = /^(\d{1,4}(?:\.\d{1,3})?)([MGT])$/.exec(String(value)) ?? [];
  if (digits === undefined) return undefined;
  return Math.round(Number(digits) * BYTE_UNITS[unit as keyof typeof BYTE_UNITS]);
}

function writeByteCount(bytes: number): string {
  const unit = (['T', 'G', 'M'] as const).find(
    (one) => bytes > 0 && bytes % BYTE_UNITS[one] === 0 && bytes / BYTE_UNITS[one] < 10_000,
  );
  return unit === undefined ? String(bytes) : `${bytes / BYTE_UNITS[unit]}${unit}`;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** YAML reads these characters as its own only in places: quote whatever holds one. */
function quote(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(text) ? text : JSON.stringify(text);
}
