/** Attributes of the player, and URL parameters of its page: same names, same values. Text in, values out. */
import { parseUrl } from '../parts/url.ts';
import type { WhepTransport } from '../parts/whep-client.ts';

const OFF = ['0', 'off', 'false', 'no'];
const TRANSPORTS: readonly string[] = ['udp', 'tcp', 'udptcp'] satisfies WhepTransport[];
const VOLUME_DEFAULT = 1;

/** `undefined`/`null`: not given. Empty, as in `<millrace-player muted>`, means on. */
export function parseSwitch(text: string | null, fallback: boolean): boolean {
  return text === null ? fallback : !OFF.includes(text.trim().toLowerCase());
}

/** 0 to 1; what cannot be read is full volume. */
export function parseVolume(text: string | null): number {
  const volume = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(volume) ? Math.min(Math.max(volume, 0), 1) : VOLUME_DEFAULT;
}

export function parseTransport(text: string | null): WhepTransport | undefined {
  return text !== null && TRANSPORTS.includes(text) ? (text as WhepTransport) : undefined;
}

/**
 * Where a stream's WHEP endpoint is. `src` is an absolute URL, or a path on the server that the player's script came
 * from; a query in it goes along. Undefined when it is no address.
 */
export function endpointOf(src: string, scriptUrl: string): string | undefined {
  const url = src.trim() === '' ? undefined : parseUrl(src, scriptUrl);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/whep`;
  url.hash = '';
  return url.href;
}
