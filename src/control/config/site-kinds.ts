/** Kinds of configuration values that say what of the owner's pages needs a password. */
import { isPasswordHash } from '../access/passwords.ts';
import { type About, type Key, key } from './kinds.ts';

/** A part of the owner's pages, and somebody who may see it. */
export type SitePart = {
  /** Decoded, without a slash at its end: `/studio`; empty for everything. */
  readonly path: string;
  readonly user: string;
  /** Of argon2id. */
  readonly hash: string;
};

/** No space, which parts them; no colon, which ends a user's name in the header (RFC 7617 §2). */
const USER = /^[^\s:\p{Cc}]{1,64}$/u;
const PATH_LENGTH_MAX = 256;

/** `path user hash` in one text each. Never shown. */
export function siteParts(about: About<readonly SitePart[]>): Key<readonly SitePart[]> {
  return key<readonly SitePart[]>(about, {
    kind: 'list of `path user hash`',
    isSecret: true,
    read: (value) => {
      const parts = Array.isArray(value) ? value.map(readPart) : [undefined];
      return parts.every((part) => part !== undefined)
        ? parts
        : {
            mustBe:
              'a list of texts in quotes, each with a path, a user and a hash that "millrace hash-password" printed: "/studio/ ann $argon2id$…"',
          };
    },
    write: () => undefined,
  });
}

function readPart(text: unknown): SitePart | undefined {
  const [written = '', user = '', hash = '', ...rest] = String(text).trim().split(/\s+/);
  const path = readPath(written);
  const isRight = rest.length === 0 && USER.test(user) && isPasswordHash(hash);
  return isRight && path !== undefined ? { path, user, hash } : undefined;
}

/** As it stands in a URL. */
function readPath(written: string): string | undefined {
  if (!written.startsWith('/') || written.length > PATH_LENGTH_MAX) return undefined;
  try {
    const path = decodeURIComponent(written).replace(/\/$/, '');
    // What no file's URL can be would protect nothing.
    return /\/(\/|\.{1,2}(\/|$))|[?#\\\p{Cc}]/u.test(path) ? undefined : path;
  } catch {
    return undefined;
  }
}
