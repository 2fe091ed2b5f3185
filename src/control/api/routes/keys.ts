/** What is handed out: stream keys, view links and API tokens. Each secret is told once. */
import { parseRange } from '../../../access/address-range.ts';
import { onlyStream } from '../../../access/target.ts';
import {
  type KeyInfo,
  keysResponse,
  type LinkInfo,
  linksResponse,
  madeKey,
  madeLink,
  madeToken,
  newKey,
  newLink,
  newToken,
  type TokenInfo,
  tokensResponse,
} from '../../../api/access.ts';
import { tokenOf } from '../../access/link-secret.ts';
import type { StoredApiToken } from '../../store/api-tokens.ts';
import type { StoredStreamKey } from '../../store/stream-keys.ts';
import type { StoredViewLink } from '../../store/view-links.ts';
import { type Route, route } from '../route.ts';
import { type AccessDeps, isoTime, lacks, msOf, noSuch, optionalTime, targetOf } from './common.ts';

export function keyRoutes(deps: AccessDeps): Route[] {
  const { keys } = deps.store;
  return [
    route({
      method: 'GET',
      path: '/keys',
      who: 'keys',
      tag: 'access',
      summary: 'Stream keys, without their secrets',
      answer: keysResponse,
      serve: () => ({ keys: keys.list().map(keyOf) }),
    }),
    route({
      method: 'POST',
      path: '/keys',
      who: 'keys',
      tag: 'access',
      summary: 'Make a stream key',
      body: newKey,
      status: 201,
      answer: madeKey,
      problems: ['bad-target', 'bad-addresses'],
      serve: ({ body }) => {
        const target = targetOf(body.target);
        if (typeof target !== 'string') return target;
        if (body.addresses.some((range) => parseRange(range) === undefined)) return badAddresses();
        const { name, addresses, protocols, expires } = body;
        const made = { name, target, addresses, protocols, expiresMs: msOf(expires) };
        const { id, secret } = keys.add(made, deps.nowMs());
        const key = keys.find(id);
        return key === undefined ? noSuch('key') : { key: keyOf(key), secret: secret.reveal() };
      },
    }),
    route({
      method: 'DELETE',
      path: '/keys/:id',
      who: 'keys',
      tag: 'access',
      summary: 'Revoke a stream key; who publishes with it is cut off at once',
      problems: ['no-such-entry'],
      serve: ({ params }) => (deps.gate.revokeKey(params.id) ? undefined : noSuch('key')),
    }),
  ];
}

export function linkRoutes(deps: AccessDeps): Route[] {
  const { links } = deps.store;
  return [
    route({
      method: 'GET',
      path: '/links',
      who: 'links',
      tag: 'access',
      summary: 'View links',
      answer: linksResponse,
      serve: () => ({ links: links.list().map(linkOf) }),
    }),
    route({
      method: 'POST',
      path: '/links',
      who: 'links',
      tag: 'access',
      summary: 'Make a view link',
      body: newLink,
      status: 201,
      answer: madeLink,
      problems: ['bad-target'],
      serve: ({ body }) => {
        const target = targetOf(body.target);
        if (typeof target !== 'string') return target;
        const { name, bound, expires } = body;
        const link = links.add({ name, target, bound, expiresMs: msOf(expires) }, deps.nowMs());
        return withToken(deps, link);
      },
    }),
    route({
      method: 'GET',
      path: '/links/:id',
      who: 'links',
      tag: 'access',
      summary: 'A view link again, with what goes into its URL',
      answer: madeLink,
      problems: ['no-such-entry'],
      serve: ({ params }) => {
        const link = links.find(params.id);
        return link === undefined ? noSuch('link') : withToken(deps, link);
      },
    }),
    route({
      method: 'DELETE',
      path: '/links/:id',
      who: 'links',
      tag: 'access',
      summary: 'Revoke a view link; who watches by it is cut off at once',
      problems: ['no-such-entry'],
      serve: ({ params }) => (deps.gate.revokeLink(params.id) ? undefined : noSuch('link')),
    }),
  ];
}

export function tokenRoutes(deps: AccessDeps): Route[] {
  const { tokens } = deps.store;
  return [
    route({
      method: 'GET',
      path: '/tokens',
      who: 'tokens',
      tag: 'people',
      summary: 'API tokens, without their secrets',
      answer: tokensResponse,
      serve: () => ({ tokens: tokens.list().map(tokenInfoOf) }),
    }),
    route({
      method: 'POST',
      path: '/tokens',
      who: 'tokens',
      tag: 'people',
      summary: 'Make an API token',
      notes: 'It can have no scope that its maker lacks.',
      body: newToken,
      status: 201,
      answer: madeToken,
      serve: ({ body, caller }) => {
        const { name, scopes, expires } = body;
        const tooMuch = lacks(caller.scopes, scopes);
        if (tooMuch !== undefined) return tooMuch;
        const { id, secret } = tokens.add({ name, scopes, expiresMs: msOf(expires) }, deps.nowMs());
        const token = tokens.list().find((one) => one.id === id);
        return token === undefined
          ? noSuch('token')
          : { token: tokenInfoOf(token), secret: secret.reveal() };
      },
    }),
    route({
      method: 'DELETE',
      path: '/tokens/:id',
      who: 'tokens',
      tag: 'people',
      summary: 'Revoke an API token',
      problems: ['no-such-entry'],
      serve: ({ params }) => (tokens.revoke(params.id, deps.nowMs()) ? undefined : noSuch('token')),
    }),
  ];
}

function keyOf(key: StoredStreamKey): KeyInfo {
  const { id, name, target, addresses, protocols } = key;
  return { id, name, target, addresses, protocols, ...timesOf(key) };
}

function linkOf(link: StoredViewLink): LinkInfo {
  const { id, name, target, bound } = link;
  return { id, name, target, bound, ...timesOf(link) };
}

/** Signed rather than random: it can be shown again. */
function withToken(deps: AccessDeps, link: StoredViewLink) {
  const token = tokenOf(link, deps.store);
  const stream = onlyStream(link.target);
  const url = stream === undefined ? null : `${deps.watchUrl(stream)}?link=${token}`;
  return { link: linkOf(link), token, url };
}

function tokenInfoOf(token: StoredApiToken): TokenInfo {
  const { id, name, scopes } = token;
  return { id, name, scopes, ...timesOf(token) };
}

function timesOf(one: StoredStreamKey | StoredViewLink | StoredApiToken) {
  return {
    created: isoTime(one.createdMs),
    expires: optionalTime(one.expiresMs),
    revoked: optionalTime(one.revokedMs),
    lastUsed: optionalTime(one.lastUsedMs),
  };
}

export function badAddresses() {
  return {
    status: 400,
    reason: 'bad-addresses',
    detail: '"addresses" must be addresses or ranges such as 192.0.2.0/24 or 2001:db8::/32.',
  };
}
