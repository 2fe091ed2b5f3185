/** URL.parse() and URL.canParse() are younger than the browsers that we support. */
export function parseUrl(text: string, base: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
