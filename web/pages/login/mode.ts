/** What the page is for, by the URL that shows it: it also stands where a stream may not be seen yet. */
import { parseUrl } from '../../parts/url.ts';

export type Mode =
  | { readonly kind: 'sign-in' }
  /** The first owner, with the code from the terminal. */
  | { readonly kind: 'claim'; readonly code: string }
  /** A stream whose app asks viewers for a password. */
  | { readonly kind: 'password'; readonly app: string };

/** @param needs what the server says that the page needs: see `data-needs` in the answer */
export function modeOf(url: URL, needs: string | undefined): Mode {
  const code = new URLSearchParams(url.hash.slice(1)).get('claim');
  if (code !== null) return { kind: 'claim', code };
  if (needs !== 'password-needed') return { kind: 'sign-in' };
  return { kind: 'password', app: decodeURIComponent(url.pathname.split('/')[1] ?? '') };
}

/** As the server has it; a test holds them together. */
export const PASSWORD_LENGTH_MIN = 10;

/** What is to be filled in first, in words that the server, which knows no fields, does not have. */
export function missingIn(
  kind: Mode['kind'],
  given: { readonly code: string; readonly name: string; readonly password: string },
): string | undefined {
  if (kind === 'claim' && given.code.trim() === '') return 'Give the code from the terminal.';
  if (kind !== 'password' && given.name.trim() === '') return 'Give a name.';
  if (given.password === '') return 'Give the password.';
  if (kind === 'claim' && given.password.length < PASSWORD_LENGTH_MIN) {
    return `The password is too short: ${PASSWORD_LENGTH_MIN} characters at least.`;
  }
  return undefined;
}

/** Where to go when it is done: the page itself where it stands for another, the page that sent here, else the home page. */
export function nextUrl(url: URL): string {
  return url.pathname === '/login' ? (askedNext(url) ?? '/') : `${url.pathname}${url.search}`;
}

/** The page that sent here to sign in: one of this server, whatever the address says. */
export function askedNext(url: URL): string | undefined {
  const asked = url.searchParams.get('next');
  const next = asked === null ? undefined : parseUrl(asked, url);
  // Its parts, not its text: what looks like a path may name another server ("//there").
  if (next === undefined || next.origin !== url.origin || next.pathname === '/login')
    return undefined;
  return `${next.pathname.replace(/^\/+/, '/')}${next.search}${next.hash}`;
}
