/** Where a request may go: the URL, and the addresses behind its name. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.ts';

export type OutboundPolicy = 'trusted' | 'untrusted';

export type Target = {
  readonly url: URL;
  /** Whether addresses of private networks, of this machine and of providers' metadata services may be meant. */
  readonly mayBePrivate: boolean;
  /** It is on the server that the request was meant for, not on one that this pointed to. */
  readonly isOwn: boolean;
};

/** Nothing is sent there, and why. */
export type RefusedTarget = {
  readonly failed: 'bad-url' | 'unknown-host' | 'address-not-allowed';
  readonly message: string;
};

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * Reads a URL, or a redirect's relative to where it came from. The owner's word covers what he wrote: where another
 * server points is nobody's word, so away from its own origin it is held to the rules for strangers.
 */
export function targetOf(
  text: string,
  policy: OutboundPolicy,
  from: Target | undefined,
): Target | RefusedTarget {
  const url = URL.parse(text, from?.url.href);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return { failed: 'bad-url', message: 'only http:// and https:// URLs can be called' };
  }
  if (from === undefined) return { url, mayBePrivate: policy === 'trusted', isOwn: true };
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    return { failed: 'bad-url', message: 'it redirects from https to http' };
  }
  const stays = url.origin === from.url.origin;
  return { url, mayBePrivate: stays && from.mayBePrivate, isOwn: stays && from.isOwn };
}

/** The addresses to connect to, each of which may be; one that may not refuses them all. */
export async function addressesOf(
  { url, mayBePrivate }: Target,
  resolve: Resolve = systemResolve,
): Promise<{ readonly addresses: readonly string[] } | RefusedTarget> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(hostname) === 0 ? await named(hostname, resolve) : [hostname];
  if (typeof addresses === 'string') {
    return { failed: 'unknown-host', message: `its name does not resolve (${addresses})` };
  }
  if (mayBePrivate || addresses.every(isPublicAddress)) return { addresses };
  return {
    failed: 'address-not-allowed',
    message: 'its address is not one of the public internet',
  };
}

async function named(hostname: string, resolve: Resolve): Promise<readonly string[] | string> {
  try {
    const addresses = await resolve(hostname);
    return addresses.length > 0 ? addresses : 'no address';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'error';
  }
}

async function systemResolve(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
}
