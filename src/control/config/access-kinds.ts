/** Kinds of configuration values that say who may do what, and when. */
import { type Hours, isTimeZone, parseHours, writeHours } from '../../access/hours.ts';
import { Secret } from '../../access/secret.ts';
import { type About, type Key, key } from './kinds.ts';

/** Some of a few words. */
export function choices<const Word extends string>(
  words: readonly Word[],
  about: About<readonly NoInfer<Word>[]>,
): Key<readonly Word[]> {
  return key<readonly Word[]>(about, {
    kind: `list of ${words.map((word) => `\`${word}\``).join(', ')}`,
    read: (value) =>
      readList(value, (item) => words.find((word) => word === item)) ?? {
        mustBe: `a list of ${words.join(', ')}`,
      },
    write: (value) => `[${value.join(', ')}]`,
  });
}

/** Names of streams, without their app. */
export function streamNames(about: About<readonly string[]>): Key<readonly string[]> {
  return key<readonly string[]>(about, {
    kind: 'list of names',
    read: (value) =>
      readList(value, (item) =>
        typeof item === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(item)
          ? item
          : undefined,
      ) ?? { mustBe: 'a list of stream names without their app, such as [slot-1, slot-2]' },
    write: (value) => `[${value.join(', ')}]`,
  });
}

/** Days and spans of the day. */
export function openingHours(about: About<readonly Hours[]>): Key<readonly Hours[]> {
  return key<readonly Hours[]>(about, {
    kind: 'list of opening hours',
    read: (value) =>
      readList(value, (item) => (typeof item === 'string' ? parseHours(item) : undefined)) ?? {
        mustBe: 'a list of days and times, such as ["Mon-Fri 18:00-23:00", "Sat 14:00-02:00"]',
      },
    write: (value) => `[${value.map((hours) => JSON.stringify(writeHours(hours))).join(', ')}]`,
  });
}

export function timeZone(about: About<string>): Key<string> {
  return key<string>(about, {
    kind: 'time zone',
    read: (value) =>
      typeof value === 'string' && isTimeZone(value)
        ? value
        : { mustBe: 'the name of a time zone, such as Europe/Berlin' },
    write: (value) => value,
  });
}

/** A count, 0 for a limit that does not hold. */
export function count(most: number, about: About<number>): Key<number> {
  return key<number>(about, {
    kind: 'whole number',
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most
        ? Number(value)
        : { mustBe: `a whole number from 0 to ${most}` },
    write: String,
  });
}

/** Scheme, host and port as browsers write them (RFC 6454 §6.1), in lower case; nothing that would end a policy's word. */
const ORIGIN = /^https?:\/\/([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/** Whose pages: origins, or `*` for everybody's. */
export function origins(about: About<readonly string[]>): Key<readonly string[]> {
  return key<readonly string[]>(about, {
    kind: 'list of origins',
    read: (value) =>
      readList(value, (item) =>
        typeof item === 'string' && (item === '*' || ORIGIN.test(item)) ? item : undefined,
      ) ?? { mustBe: 'a list of origins such as ["https://www.example.net"], or ["*"] for all' },
    write: (value) => `[${value.map((origin) => JSON.stringify(origin)).join(', ')}]`,
  });
}

const PASSWORD_LENGTH_MAX = 256;

/** A secret that people type, or nothing. */
export function optionalPassword(about: About<Secret | undefined>): Key<Secret | undefined> {
  return key<Secret | undefined>(about, {
    kind: 'text',
    isSecret: true,
    read: (value) => {
      if (value === null) return undefined;
      return typeof value === 'string' && value !== '' && value.length <= PASSWORD_LENGTH_MAX
        ? new Secret(value, 'password')
        : { mustBe: `a text of 1 to ${PASSWORD_LENGTH_MAX} characters; put it in quotes` };
    },
    write: () => undefined,
  });
}

/** Undefined where it is no list, or one of its items is wrong. */
function readList<Item>(
  value: unknown,
  read: (item: unknown) => Item | undefined,
): readonly Item[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(read);
  return items.every((item) => item !== undefined) ? items : undefined;
}
