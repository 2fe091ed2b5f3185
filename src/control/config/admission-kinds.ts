/** Kinds of configuration values that say how the owner's own server is asked. */
import { type About, type Key, key } from './kinds.ts';

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
