/** Every route of the API, by everybody: it answers with a no exactly to those who may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessWorld, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps } from '../../../test/fakes/api.ts';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import { LOCAL_SCOPES, roles, type Scope, scopes, scopesOf } from '../../access/scopes.ts';
import { EVERYTHING } from '../../access/target.ts';
import { apiRoutes, apiTable } from './api.ts';
import type { Route } from './route.ts';

const HOST = 'live.example.net';
const ELSEWHERE = '192.0.2.9';
const DAY_MS = 86_400_000;

type Who = {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  readonly scopes: readonly Scope[];
  readonly isPerson: boolean;
  readonly isGuest?: boolean;
  /** A browser sends the cookie along, whoever has it ask. */
  readonly mayChange: boolean;
};

const { gate, store, apps, accounts, guests, nowMs } = accessWorld('apps: {show: }');
const deps = apiDeps(new FakeMedia(), { gate, store, apps, accounts, guests });
const routes = apiRoutes(deps);
const table = apiTable(deps);

function everybody(): Who[] {
  const base = { address: ELSEWHERE, isPerson: false, mayChange: true };
  const bearer = (secret: string) => ({ host: HOST, authorization: `Bearer ${secret}` });
  const key = { target: EVERYTHING, addresses: [], protocols: [], expiresMs: undefined };
  const made = store.keys.add({ name: 'k', ...key }, nowMs).secret.reveal();
  const people = roles.flatMap((role) => {
    const person = store.people.add(role, role, 'hash', nowMs) ?? '';
    const where = { address: ELSEWHERE, userAgent: '' };
    const session = store.signIns.add({ person, ...where, expiresMs: nowMs + DAY_MS }, nowMs);
    const cookie = `millrace=${session.reveal()}`;
    const own = { host: HOST, cookie, origin: `http://${HOST}` };
    const other = { ...own, origin: 'https://evil.example' };
    const held = { ...base, scopes: scopesOf[role], isPerson: true };
    return [
      { ...held, name: role, headers: own },
      { ...held, name: `${role} by another site`, headers: other, mayChange: false },
    ];
  });
  const tokens = scopes.map((scope) => {
    const token = store.tokens.add({ name: scope, scopes: [scope], expiresMs: undefined }, nowMs);
    const headers = bearer(token.secret.reveal());
    return { ...base, name: `token ${scope}`, headers, scopes: [scope] };
  });
  return [
    ...invited(base),
    { ...base, name: 'a stranger', headers: { host: HOST }, scopes: [] },
    { ...base, name: 'a wrong token', headers: bearer('wrong'), scopes: [] },
    { ...base, name: 'a key', headers: bearer(made), scopes: ['streams.read'] },
    { ...base, name: 'this machine', headers: {}, address: '127.0.0.1', scopes: LOCAL_SCOPES },
    ...people,
    ...tokens,
  ];
}

/** By the cookie of an invite, good and no longer. */
function invited(base: Omit<Who, 'name' | 'headers' | 'scopes'>): Who[] {
  const cookieOf = (name: string) => {
    const made = store.invites.add({ name, slots: [], expiresMs: undefined }, nowMs);
    const where = { address: ELSEWHERE, userAgent: '' };
    const session = store.guestSessions.add({ invite: made.id, ...where }, nowMs);
    return { id: made.id, cookie: `millrace_guest=${session.reveal()}` };
  };
  const own = { host: HOST, origin: `http://${HOST}` };
  const { cookie } = cookieOf('Grace');
  const revoked = cookieOf('Eve');
  gate.revokeInvite(revoked.id);
  return [
    { ...base, name: 'a guest', headers: { ...own, cookie }, scopes: [], isGuest: true },
    {
      ...{ ...base, name: 'a guest by another site', scopes: [] },
      headers: { ...own, cookie, origin: 'https://evil.example' },
    },
    {
      ...{ ...base, name: 'a guest, revoked', scopes: [] },
      headers: { ...own, cookie: revoked.cookie },
    },
  ];
}

test('each route lets in who may, and nobody else', async () => {
  const guarded = table.filter(({ who }) => who !== 'anyone');
  assert.ok(guarded.length > 25, `${guarded.length} routes`);
  for (const who of everybody()) {
    for (const { method, path, who: needs } of guarded) {
      const isRead = method === 'GET';
      const holds = holdsOf(who, needs);
      // Nobody of these names is there, and a change lacks its body: nothing comes of being let in.
      const url = `http://${HOST}/api${path.replaceAll(/:\w+/g, 'nobody')}`;
      const headers = { host: 'localhost', ...who.headers };
      const answer = await routes.request(url, { method, headers }, nodeEnv(headers, who.address));
      await answer.body?.cancel();
      const isIn = answer.status !== 401 && answer.status !== 403;
      const may = holds && (isRead || who.mayChange);
      assert.equal(isIn, may, `${who.name}: ${method} ${path} gave ${answer.status}`);
    }
  }
});

function holdsOf(who: Who, needs: Route['who']): boolean {
  if (needs === 'person') return who.isPerson;
  return needs === 'guest' ? who.isGuest === true : who.scopes.includes(needs as Scope);
}

test('what anyone may ask tells names and nothing else', () => {
  const open = table
    .filter(({ who }) => who === 'anyone')
    .map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(open.toSorted(), [
    'GET /live',
    'GET /openapi.json',
    'GET /session',
    'GET /setup/marks/:mark',
    'GET /streams/:app/:stream/poster', // asks the gate for the stream itself, as the three below do
    'GET /streams/:app/:stream/snapshot',
    'GET /watch/:app',
    'GET /watch/:app/:stream',
    'POST /claim',
    'POST /guest/leave',
    'POST /guest/open',
    'POST /login',
    'POST /logout',
    'POST /password',
  ]);
});

async function askWith(
  headers: Readonly<Record<string, string>>,
  method: string,
  path: string,
  body: object,
): Promise<number> {
  const all = { host: HOST, 'content-type': 'application/json', ...headers };
  const init = { method, headers: all, body: JSON.stringify(body) };
  const answer = await routes.request(`http://${HOST}/api${path}`, init, nodeEnv(all, ELSEWHERE));
  await answer.body?.cancel();
  return answer.status;
}

test('a token that may make accounts makes, changes and removes none that may do more than itself', async () => {
  const made = store.tokens.add({ name: 'p', scopes: ['people'], expiresMs: undefined }, nowMs);
  const token = { authorization: `Bearer ${made.secret.reveal()}` };
  const password = 'long enough for it';
  const owner = store.people.add('Ada', 'owner', 'hash', nowMs) ?? '';
  const viewer = store.people.add('Bob', 'viewer', 'hash', nowMs) ?? '';
  for (const role of ['owner', 'producer'] as const) {
    assert.equal(await askWith(token, 'POST', '/people', { name: 'Eve', role, password }), 403);
    assert.equal(await askWith(token, 'PATCH', `/people/${viewer}`, { role }), 403);
  }
  assert.equal(await askWith(token, 'PATCH', `/people/${owner}`, { password }), 403);
  assert.equal(await askWith(token, 'PATCH', `/people/${owner}`, { role: 'viewer' }), 403);
  assert.equal(await askWith(token, 'DELETE', `/people/${owner}`, {}), 403);
  assert.equal(
    await askWith(token, 'POST', '/people', { name: 'Eve', role: 'viewer', password }),
    201,
  );
  assert.equal(await askWith(token, 'PATCH', `/people/${viewer}`, { password }), 200);
  assert.equal(await askWith(token, 'DELETE', `/people/${viewer}`, {}), 204);
});

test('a good token beside a cookie does not make another site’s request the visitor’s own', async () => {
  const person = store.people.add('Grace', 'viewer', 'hash', nowMs) ?? '';
  const where = { address: ELSEWHERE, userAgent: '', expiresMs: nowMs + DAY_MS };
  const session = store.signIns.add({ person, ...where }, nowMs);
  const made = store.tokens.add({ name: 'm', scopes: ['metrics'], expiresMs: undefined }, nowMs);
  const headers = {
    authorization: `Bearer ${made.secret.reveal()}`,
    cookie: `millrace=${session.reveal()}`,
  };
  const other = { ...headers, origin: 'https://evil.example' };
  assert.equal(await askWith(other, 'DELETE', '/account/sessions', {}), 403);
  const own = { ...headers, origin: `http://${HOST}` };
  assert.equal(await askWith(own, 'DELETE', '/account/sessions', {}), 204);
});
