/** Who a request is from, as far as the request itself says. */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Context } from 'hono';
import type { Client, Visitor } from '../../access/request.ts';
import { Secret } from '../../access/secret.ts';
import { plainAddress } from '../../base/remote-address.ts';
import type { NodeContext } from '../http/context.ts';
import { isLoopback } from '../http/limits.ts';
import { clientAddress } from '../http/proxies.ts';

/** `session`: a person who is signed in. `pass`: a browser that has given an app's password. `guest`: one that has opened an invite. */
export const COOKIES = {
  session: 'millrace',
  pass: 'millrace-pass',
  guest: 'millrace_guest',
} as const;
export type CookieName = keyof typeof COOKIES;

export function visitorOf(context: Context): Visitor {
  return visitorOfRequest(requestOf(context));
}

export function clientOf(context: Context): Client {
  return clientOfRequest(requestOf(context));
}

/** For what does not come through Hono: an upgrade to a WebSocket. */
export function visitorOfRequest(request: IncomingMessage): Visitor {
  const bearer = bearerOf(request);
  return {
    session: cookie(request, 'session'),
    pass: cookie(request, 'pass'),
    guest: cookie(request, 'guest'),
    bearer: bearer === undefined ? undefined : new Secret(bearer, 'token'),
    isLocal: isFromThisMachine(request),
    ...originOf(request),
  };
}

export function clientOfRequest(request: IncomingMessage): Client {
  const { socket, headers } = request;
  const address = clientAddress(request);
  const nearest = plainAddress(socket.remoteAddress);
  return {
    address,
    port: socket.remotePort ?? 0,
    userAgent: headers['user-agent'],
    ...(nearest !== address && { proxy: nearest }),
  };
}

/** What the client calls us: HTTP/2 has a header of its own for it (RFC 9113 §8.3.1). */
export function hostOf({ headers }: IncomingMessage): string | undefined {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : headers.host;
}

/** Secret. What was asked for, as it was sent: owners' programs compare and sign it, so nothing in it is put right. */
export function urlOf(request: IncomingMessage, scheme: 'http' | 'ws'): Secret {
  const { url } = request;
  const secure = isSecure(request) ? 's' : '';
  return new Secret(`${scheme}${secure}://${hostOf(request) ?? ''}${url ?? ''}`, 'URL');
}

/** RFC 6750 §2.1. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

export function requestOf(context: Context): IncomingMessage {
  return (context as NodeContext).env.incoming;
}

/** The browser speaks HTTPS, to us or to the proxy before us. Who lies about it only spoils his own cookies. */
export function isSecure({ socket, headers }: IncomingMessage): boolean {
  return (socket as TLSSocket).encrypted === true || headers['x-forwarded-proto'] === 'https';
}

/** On HTTPS with the prefix that keeps other hosts and plain HTTP from setting it (RFC 6265bis §4.1.3.2). */
export function cookieNameFor(request: IncomingMessage, name: CookieName): string {
  return isSecure(request) ? `__Host-${COOKIES[name]}` : COOKIES[name];
}

function cookie(request: IncomingMessage, name: CookieName): Secret | undefined {
  const wanted = cookieNameFor(request, name);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === wanted) return new Secret(pair.slice(at + 1).trim(), name);
  }
  return undefined;
}

/**
 * Browsers say where a request comes from with all that changes something, with everything that goes to another site,
 * and with WebSockets (RFC 6454 §7). Following a link says nothing, and asks for nothing but a page.
 */
function originOf(request: IncomingMessage): Pick<Visitor, 'origin' | 'site'> {
  const { headers } = request;
  const { origin } = headers;
  if (origin === undefined) return { origin: 'unsaid' };
  const host = URL.parse(origin)?.host;
  // No page can have a browser send X-Forwarded-Host to another site unasked: who does is a proxy.
  const own = [hostOf(request), headers['x-forwarded-host']];
  return host !== undefined && own.includes(host)
    ? { origin: 'own' }
    : { origin: 'other', site: origin };
}

/**
 * What a proxy on this machine passes on comes from loopback too, and a page of another site can have its own name resolve
 * to 127.0.0.1: so the client must have meant this machine, and nobody may have forwarded for it.
 */
function isFromThisMachine(request: IncomingMessage): boolean {
  const { socket, headers } = request;
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(
    (name) => headers[name] !== undefined,
  );
  const host = (hostOf(request) ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const meant = host === 'localhost' || isLoopback(host);
  return !forwarded && meant && isLoopback(plainAddress(socket.remoteAddress));
}
