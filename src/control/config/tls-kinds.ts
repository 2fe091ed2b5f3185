/** Kinds of configuration values that say where certificates come from. */
import { Secret } from '../../access/secret.ts';
import { type About, type Key, key, port } from './kinds.ts';

/** A TCP port that need not be opened. */
export function portOrOff(about: About<number | 'off'>): Key<number | 'off'> {
  const { read } = port({ initial: 0, says: '' });
  return key<number | 'off'>(about, {
    kind: 'port or `off`',
    read: (value) => {
      // YAML 1.1 took the word for false, and so do people's editors.
      if (value === 'off' || value === false) return 'off';
      const number = read(value);
      return typeof number === 'number' ? number : { mustBe: `${number.mustBe}, or off` };
    },
    write: String,
  });
}

/** A label of ASCII, as certificates have it (RFC 5280 §4.2.1.6). */
const NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** RFC 8555 §7.1.3 has no limit; Let's Encrypt has this one. */
const NAMES_MAX = 100;

/** Host names. */
export function hostnames(about: About<readonly string[]>): Key<readonly string[]> {
  return key<readonly string[]>(about, {
    kind: 'list of host names',
    read: (value) =>
      Array.isArray(value) &&
      value.length < NAMES_MAX &&
      value.every((name) => typeof name === 'string' && NAME.test(name))
        ? value
        : { mustBe: 'a list of host names, such as [www.example.net, live.example.net]' },
    write: (value) => `[${value.join(', ')}]`,
  });
}

/** The URL of an ACME directory. */
export function directoryUrl(about: About<string>): Key<string> {
  return key<string>(about, {
    kind: 'URL',
    read: (value) =>
      typeof value === 'string' && URL.parse(value)?.protocol === 'https:'
        ? value
        : { mustBe: 'a URL that starts with https://' },
    write: (value) => value,
  });
}

/** An e-mail address, or nothing. */
export function optionalEmail(about: About<string | undefined>): Key<string | undefined> {
  return optionalText(about, {
    kind: 'e-mail address',
    form: /^[^\s@,?&<>]+@[^\s@,?&<>]+$/,
    mustBe: 'an e-mail address, such as you@example.net',
  });
}

/** A word of letters, digits, `_`, `-` and `.`, or nothing. */
export function optionalWord(about: About<string | undefined>): Key<string | undefined> {
  return optionalText(about, {
    kind: 'word',
    form: /^[\w.-]{1,256}$/,
    mustBe: 'a word of letters, digits, "_", "-" and "."',
  });
}

/** A key in base64url, as RFC 8555 §7.3.4 has it handed out, or nothing. Never shown. */
export function optionalMacKey(about: About<Secret | undefined>): Key<Secret | undefined> {
  return key<Secret | undefined>(about, {
    kind: 'base64url',
    isSecret: true,
    read: (value) => {
      if (value === null) return undefined;
      return typeof value === 'string' && /^[\w-]{16,512}={0,2}$/.test(value)
        ? new Secret(value, 'external account key')
        : {
            mustBe:
              'the key that the authority gave you, in base64url: letters, digits, "_" and "-"',
          };
    },
    write: () => undefined,
  });
}

/** A file's path, or nothing. */
export function optionalFile(about: About<string | undefined>): Key<string | undefined> {
  return optionalText(about, { kind: 'file', form: /./, mustBe: 'the path of a file' });
}

type TextKind = { readonly kind: string; readonly form: RegExp; readonly mustBe: string };

function optionalText(
  about: About<string | undefined>,
  { kind, form, mustBe }: TextKind,
): Key<string | undefined> {
  return key<string | undefined>(about, {
    kind,
    read: (value) => {
      if (value === null) return undefined;
      return typeof value === 'string' && form.test(value) ? value : { mustBe };
    },
    write: (value) => (value === undefined ? undefined : JSON.stringify(value)),
  });
}
