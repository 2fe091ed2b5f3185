import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessWorld, accessWorld, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps } from '../../../test/fakes/api.ts';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import { scopesOf } from '../../access/scopes.ts';
import { codeOf } from '../../access/totp.ts';
import { hashPassword } from '../access/passwords.ts';
import { apiRoutes } from './api.ts';

const PASSWORD = 'correct horse battery';
const HOST = 'live.example.net';
const hash = await hashPassword(PASSWORD);

type Sent = {
  readonly body?: object;
  readonly cookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly method?: string;
};

function start(yaml?: string) {
  const world = accessWorld(yaml);
  const routes = apiRoutes(apiDeps(new FakeMedia(), world));
  const ask = async (path: string, { body, cookie, ...sent }: Sent = {}) => {
    const headers = {
      host: HOST,
      origin: `https://${HOST}`,
      'x-forwarded-proto': 'https',
      ...(body && { 'content-type': 'application/json' }),
      ...(cookie && { cookie }),
      ...sent.headers,
    };
    const method = sent.method ?? (body === undefined ? 'GET' : 'POST');
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    return routes.request(`http://${HOST}/api${path}`, init, nodeEnv(headers, sent.address));
  };
  return { ...world, world, ask };
}

function cookieOf(response: Response): string {
  return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}

async function reasonOf(response: Response): Promise<string> {
  const { type } = (await response.json()) as { type: string };
  return type.replace('urn:millrace:problem:', '');
}

function addPerson({ store, nowMs }: AccessWorld, role: 'owner' | 'viewer' = 'owner'): string {
  const id = store.people.add('Ada', role, hash, nowMs);
  assert.ok(id);
  return id;
}

test('the owner is made with the code from the terminal, once', async () => {
  const { accounts, ask, store } = start();
  const code = accounts.claimCode?.reveal() ?? '';
  assert.match(code, /^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
  const claim = (given: object) => ask('/claim', { body: given });
  const wrong = await claim({ code: '0000-0000-0000-0000', name: 'Ada', password: PASSWORD });
  assert.equal(await reasonOf(wrong), 'wrong-code');
  assert.equal((await claim({ code, name: 'Ada', password: 'short' })).status, 400);
  assert.equal(store.people.ownerCount, 0);
  const typed = code.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O');
  const made = await claim({ code: typed, name: 'Ada', password: PASSWORD });
  assert.equal(made.status, 201);
  assert.deepEqual(await made.json(), { name: 'Ada', role: 'owner' });
  assert.equal(accounts.claimCode, undefined);
  assert.equal(
    await reasonOf(await claim({ code, name: 'Eve', password: PASSWORD })),
    'wrong-code',
  );
  const session = await (await ask('/session', { cookie: cookieOf(made) })).json();
  assert.deepEqual(session, {
    person: { name: 'Ada', role: 'owner', scopes: [...scopesOf.owner] },
    needsOwner: false,
  });
  assert.equal((await ask('/people', { cookie: cookieOf(made) })).status, 200);
});

test('the cookie is for this host over HTTPS only; over HTTP it goes without', async () => {
  const { ask, world } = start();
  addPerson(world);
  const body = { name: 'ada', password: PASSWORD };
  const secure = (await ask('/login', { body })).headers.get('set-cookie') ?? '';
  assert.match(secure, /^__Host-millrace=[\w-]{32}; /);
  for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) {
    assert.ok(secure.includes(part), part);
  }
  assert.doesNotMatch(secure, /Domain/);
  const headers = { origin: `http://${HOST}`, 'x-forwarded-proto': 'http' };
  const plain = (await ask('/login', { body, headers })).headers.get('set-cookie') ?? '';
  assert.match(plain, /^millrace=[\w-]{32}; /);
  assert.doesNotMatch(plain, /Secure/);
});

test('signing out ends the session, for this browser alone', async () => {
  const { ask, world } = start();
  addPerson(world);
  const body = { name: 'Ada', password: PASSWORD };
  const [one, other] = [
    cookieOf(await ask('/login', { body })),
    cookieOf(await ask('/login', { body })),
  ];
  assert.notEqual(one, other);
  const out = await ask('/logout', { cookie: one, method: 'POST' });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie') ?? '', /^__Host-millrace=; .*Max-Age=0/);
  assert.equal((await ask('/people', { cookie: one })).status, 401);
  assert.equal((await ask('/people', { cookie: other })).status, 200);
});

test('a page of another site gets nothing done', async () => {
  const { ask, world, store } = start();
  addPerson(world);
  const body = { name: 'Ada', password: PASSWORD };
  const cookie = cookieOf(await ask('/login', { body }));
  const headers = { origin: 'https://evil.example' };
  for (const path of ['/login', '/claim', '/password']) {
    const sent = { ...body, code: 'x', app: 'show' };
    const { name, password, code, app } = sent;
    const bodies: Record<string, object> = {
      '/login': { name, password },
      '/claim': { name, password, code },
      '/password': { app, password },
    };
    const response = await ask(path, { body: bodies[path] ?? {}, headers });
    assert.equal(await reasonOf(response), 'other-origin', path);
  }
  const token = { name: 'evil', scopes: ['people'] };
  for (const bad of [headers, { origin: 'null' }, { origin: '' }]) {
    const response = await ask('/tokens', { body: token, cookie, headers: bad });
    assert.equal(await reasonOf(response), 'other-origin', JSON.stringify(bad));
  }
  assert.equal(store.tokens.list().length, 0);
  assert.equal((await ask('/tokens', { body: token, cookie })).status, 201);
  // A form cannot send JSON, and nothing else is read.
  const form = { 'content-type': 'text/plain' };
  assert.equal((await ask('/login', { body, headers: form })).status, 415);
});

test('wrong names and passwords are answered alike, and slow down', async () => {
  const { ask, world } = start();
  addPerson(world);
  const wrong = (name: string, address?: string) =>
    ask('/login', { body: { name, password: 'wrong password' }, ...(address && { address }) });
  const unknown = await wrong('Bob');
  const known = await wrong('Ada');
  assert.deepEqual(await unknown.json(), await known.json());
  let last = known;
  for (let tries = 0; tries < 6; tries++) last = await wrong('Ada');
  assert.equal(last.status, 429);
  assert.ok(Number(last.headers.get('retry-after')) > 0);
  const right = { name: 'Ada', password: PASSWORD };
  assert.equal((await ask('/login', { body: right })).status, 429, 'for this network');
  assert.equal((await ask('/login', { body: right, address: '198.51.100.7' })).status, 200);
  world.nowMs += 60_000;
  assert.equal((await ask('/login', { body: right })).status, 200);
});

test('a second factor: shown, proved, asked for, good once', async () => {
  const { ask, world, store } = start();
  const id = addPerson(world);
  const login = { name: 'Ada', password: PASSWORD };
  const cookie = cookieOf(await ask('/login', { body: login }));
  const offered = await ask('/second-factor', { cookie, body: { password: PASSWORD } });
  const { secret, url } = (await offered.json()) as { secret: string; url: string };
  assert.match(url, /^otpauth:\/\/totp\/live\.example\.net:Ada\?secret=/);
  const prove = (code: string) => ask('/second-factor', { method: 'PUT', body: { code }, cookie });
  const codeNow = () => codeOf(secret, Math.floor(world.nowMs / 30_000));
  assert.equal(await reasonOf(await prove('000000')), 'wrong-second-factor');
  assert.equal(store.people.find(id)?.totpSecret, undefined);
  assert.equal((await prove(codeNow())).status, 204);
  assert.equal(await reasonOf(await ask('/login', { body: login })), 'second-factor-needed');
  const again = { ...login, code: codeNow() };
  assert.equal(await reasonOf(await ask('/login', { body: again })), 'wrong-second-factor');
  world.nowMs += 30_000;
  assert.equal((await ask('/login', { body: { ...login, code: codeNow() } })).status, 200);
  assert.equal((await ask('/second-factor', { method: 'POST' })).status, 401, 'nobody');
  const guess = { cookie, body: { password: 'a guess' } };
  assert.equal(await reasonOf(await ask('/second-factor', guess)), 'wrong-password');
});

test('somebody who is kept out is out at once', async () => {
  const { ask, world, store, gate } = start();
  const id = addPerson(world);
  const body = { name: 'Ada', password: PASSWORD };
  const cookie = cookieOf(await ask('/login', { body }));
  store.people.setDisabled(id, world.nowMs);
  gate.signOut(id);
  assert.equal((await ask('/people', { cookie })).status, 401);
  assert.equal(await reasonOf(await ask('/login', { body })), 'wrong-password');
});

test('a session that nobody uses ends; one that is used lasts', async () => {
  const { ask, world } = start();
  addPerson(world);
  const cookie = cookieOf(await ask('/login', { body: { name: 'Ada', password: PASSWORD } }));
  for (let week = 0; week < 8; week++) {
    world.nowMs += 7 * 86_400_000;
    const path = week % 2 === 0 ? '/people' : '/account';
    assert.equal((await ask(path, { cookie })).status, 200, `week ${week}`);
  }
  world.nowMs += 31 * 86_400_000;
  const { person } = (await (await ask('/session', { cookie })).json()) as { person: unknown };
  assert.equal(person, null);
});

test("an app's password, from the configuration and from the API", async () => {
  const { ask, world, store } = start(
    'apps: {show: {viewing: password, viewing_password: sesame}}',
  );
  const give = (password: string, cookie?: string) =>
    ask('/password', { body: { app: 'show', password }, cookie });
  assert.equal(await reasonOf(await give('Sesame')), 'wrong-password');
  const given = await give('sesame');
  assert.equal(given.status, 204);
  assert.match(cookieOf(given), /^__Host-millrace-pass=[\w-]{32}$/);
  assert.equal(cookieOf(await give('sesame', cookieOf(given))), cookieOf(given), 'is kept');
  const planted = '__Host-millrace-pass=planted';
  assert.notEqual(cookieOf(await give('sesame', planted)), planted, 'is not taken over');
  store.apps.add('show', world.nowMs);
  store.apps.setPassword('show', hash, world.nowMs + 1);
  world.nowMs += 60_000;
  assert.equal((await give('sesame')).status, 401);
  assert.equal((await give(PASSWORD)).status, 204);
});
