/**
 * Where others find this server's pages: as the server knows it, unless it knows no more than that it is itself; then as
 * whoever looks at the dashboard has found it.
 */
export function siteFor(serverUrl: string | undefined, pageOrigin: string): string {
  if (serverUrl === undefined || new URL(serverUrl).hostname === 'localhost') return pageOrigin;
  return serverUrl;
}

/** The same for a whole address that the server has made. */
export function shareable(url: string, pageOrigin: string): string {
  const { pathname, search, hash } = new URL(url);
  return `${siteFor(new URL(url).origin, pageOrigin)}${pathname}${search}${hash}`;
}
