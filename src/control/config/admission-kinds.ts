/** Kinds of configuration values that say how the owner's own server is asked. */
import { type About, type Key, key } from './kinds.ts';

/** Where to send requests, or nothing. Never shown: it can hold a password. */
export function optionalUrl(about: About<string | undefined>): Key<string | undefined> {
  return key<string | undefined>(about, {
    kind: 'URL',
    isSecret: true,
    read: (value) => {
      if (value === null) return undefined;
      const protocol = typeof value === 'string' ? URL.parse(value)?.protocol : undefined;
      return protocol === 'http:' || protocol === 'https:'
        ? String(value)
        : { mustBe: 'a URL that starts with http:// or https://' };
    },
    write: (value) => (value === undefined ? undefined : JSON.stringify(value)),
  });
}

/** A name as in a URL's query. */
export function parameterName(about: About<string>): Key<string> {
  return key<string>(about, {
    kind: 'name',
    read: (value) =>
      typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value)
        ? value
        : { mustBe: 'a name of letters, digits, "_", "-" and "."' },
    write: (value) => value,
  });
}

/** A time in milliseconds. */
export function milliseconds(
  range: { readonly leastMs: number; readonly mostMs: number },
  about: About<number>,
): Key<number> {
  const { leastMs, mostMs } = range;
  return key<number>(about, {
    kind: 'milliseconds',
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= leastMs && Number(value) <= mostMs
        ? Number(value)
        : { mustBe: `a whole number of milliseconds from ${leastMs} to ${mostMs}` },
    write: String,
  });
}
