/** What the page is for, by the URL that shows it: it also stands where a stream may not be seen yet. */

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

/** Where to go when it is done: the page itself where it stands for another, else the home page. */
export function nextUrl(url: URL): string {
  return url.pathname === '/login' ? '/' : `${url.pathname}${url.search}`;
}
