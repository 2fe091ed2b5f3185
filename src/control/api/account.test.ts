import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessWorld, accessWorld, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps } from '../../../test/fakes/api.ts';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import { Secret } from '../../access/secret.ts';
import { codeOf } from '../../access/totp.ts';
import type { AccountInfo } from '../../api/account.ts';
import type { SessionId } from '../../channel/messages.ts';
import { hashPassword } from '../access/passwords.ts';
import { apiRoutes } from './api.ts';

const PASSWORD = 'correct horse battery';
const NEW_PASSWORD = 'staple and some more';
const HOST = 'live.example.net';
const hash = await hashPassword(PASSWORD);

type Sent = { readonly body?: object; readonly cookie?: string; readonly userAgent?: string };

function start() {
  const world = accessWorld('apps: {show: {viewing: members}}');
  const media = new FakeMedia();
  const deps = { ...apiDeps(media, world), nowMs: () => world.nowMs };
  const routes = apiRoutes(deps);
  world.gate.watch(media);
  const ask = (method: string, path: string, { body, cookie, userAgent = 'test' }: Sent = {}) => {
    const headers = {
      host: HOST,
      origin: `http://${HOST}`,
      'user-agent': userAgent,
      ...(body && { 'content-type': 'application/json' }),
      ...(cookie && { cookie }),
    };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    return routes.request(`http://${HOST}/api${path}`, init, nodeEnv(headers));
  };
  const signIn = async (name: string, userAgent: string, password = PASSWORD) => {
    const response = await ask('POST', '/login', { body: { name, password }, userAgent });
    assert.equal(response.status, 200);
    return cookieOf(response);
  };
  return { ...world, world, media, ask, signIn, add: (name: string) => add(world, name) };
}

function add({ store, nowMs }: AccessWorld, name: string): string {
  return store.people.add(name, 'viewer', hash, nowMs) ?? '';
}

function cookieOf(response: Response): string {
  return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}

async function reasonOf(response: Response): Promise<string> {
  return ((await response.json()) as { type: string }).type.replace('urn:millrace:problem:', '');
}

test('somebody sees where they are signed in, and ends one place or all others', async () => {
  const { ask, signIn, add } = start();
  add('Ada');
  add('Bob');
  const bob = await signIn('Bob', 'Bob on a phone');
  const [here, phone, tv] = [
    await signIn('Ada', 'a laptop'),
    await signIn('Ada', 'a phone'),
    await signIn('Ada', 'a television'),
  ];
  const read = async (cookie: string) =>
    (await (await ask('GET', '/account', { cookie })).json()) as AccountInfo;
  const { name, role, hasSecondFactor, sessions } = await read(here);
  assert.deepEqual([name, role, hasSecondFactor], ['Ada', 'viewer', false]);
  assert.deepEqual(sessions.map(({ userAgent }) => userAgent).toSorted(), [
    'a laptop',
    'a phone',
    'a television',
  ]);
  assert.deepEqual(
    sessions.filter(({ isThis }) => isThis).map(({ userAgent }) => userAgent),
    ['a laptop'],
  );
  const idOf = (agent: string) => sessions.find(({ userAgent }) => userAgent === agent)?.id ?? '';
  const [ofBob] = (await read(bob)).sessions;
  for (const id of [ofBob?.id ?? '', 'nobody']) {
    const other = await ask('DELETE', `/account/sessions/${id}`, { cookie: here });
    assert.equal(await reasonOf(other), 'no-such-session', 'only their own');
  }
  const ended = await ask('DELETE', `/account/sessions/${idOf('a phone')}`, { cookie: here });
  assert.equal(ended.status, 204);
  assert.equal((await ask('GET', '/account', { cookie: phone })).status, 401);
  assert.equal((await ask('GET', '/account', { cookie: tv })).status, 200);
  assert.equal((await ask('DELETE', '/account/sessions', { cookie: here })).status, 204);
  assert.equal((await ask('GET', '/account', { cookie: tv })).status, 401);
  assert.equal((await read(here)).sessions.length, 1);
  assert.equal((await read(bob)).sessions.length, 1);
});

test('what is watched in a place that is signed out ends, and nothing else', async () => {
  const { ask, signIn, add, gate, media, store } = start();
  add('Ada');
  const [here, there] = [await signIn('Ada', 'here'), await signIn('Ada', 'there')];
  const watch = async (cookie: string, session: string) => {
    const decision = await gate.authorise({
      ...{ action: 'view', protocol: 'whep', session: session as SessionId },
      ...{ stream: 'show/a' as never, link: undefined, url: new Secret('http://h/show/a/whep') },
      visitor: {
        session: new Secret(cookie.split('=')[1] ?? ''),
        ...{ pass: undefined, guest: undefined, bearer: undefined, isLocal: false, origin: 'own' },
      },
      client: { address: '192.0.2.99', port: 1, userAgent: '' },
    });
    assert.ok(decision.allowed);
  };
  await watch(here, 'watches-here');
  await watch(there, 'watches-there');
  assert.equal((await ask('DELETE', '/account/sessions', { cookie: here })).status, 204);
  assert.deepEqual(media.told, [{ type: 'close', session: 'watches-there', reason: 'revoked' }]);
  assert.equal(store.signIns.listOf(store.people.findByName('Ada')?.id ?? '').length, 1);
});

test("a new password of one's own: the old one is asked for, and all other sessions end", async () => {
  const { ask, signIn, add } = start();
  add('Ada');
  const [here, there] = [await signIn('Ada', 'here'), await signIn('Ada', 'there')];
  const change = (old: string, password: string) =>
    ask('PUT', '/account/password', { body: { old, password }, cookie: here });
  assert.equal(await reasonOf(await change('wrong', NEW_PASSWORD)), 'wrong-password');
  assert.equal((await change(PASSWORD, 'short')).status, 400);
  const changed = await change(PASSWORD, NEW_PASSWORD);
  assert.equal(changed.status, 200);
  for (const cookie of [here, there]) {
    assert.equal((await ask('GET', '/account', { cookie })).status, 401);
  }
  assert.equal((await ask('GET', '/account', { cookie: cookieOf(changed) })).status, 200);
  const old = await ask('POST', '/login', { body: { name: 'Ada', password: PASSWORD } });
  assert.equal(await reasonOf(old), 'wrong-password');
  await signIn('Ada', 'again', NEW_PASSWORD);
});

test('whoever has a cookie cannot guess the password faster than whoever signs in', async () => {
  const { ask, signIn, add } = start();
  add('Ada');
  const cookie = await signIn('Ada', 'here');
  let last: Response | undefined;
  for (let tries = 0; tries < 8; tries++) {
    last = await ask('POST', '/second-factor/removal', { body: { password: 'a guess' }, cookie });
  }
  assert.equal(last?.status, 429);
  assert.ok(Number(last?.headers.get('retry-after')) > 0);
});

test('a second factor goes only with the password', async () => {
  const { ask, signIn, add, world, store } = start();
  const id = add('Ada');
  const cookie = await signIn('Ada', 'here');
  const offered = await ask('POST', '/second-factor', { cookie, body: { password: PASSWORD } });
  const { secret } = (await offered.json()) as { secret: string };
  const code = codeOf(secret, Math.floor(world.nowMs / 30_000));
  assert.equal((await ask('PUT', '/second-factor', { body: { code }, cookie })).status, 204);
  const remove = (password: string) =>
    ask('POST', '/second-factor/removal', { body: { password }, cookie });
  assert.equal(await reasonOf(await remove('wrong password')), 'wrong-password');
  assert.notEqual(store.people.find(id)?.totpSecret, undefined);
  assert.equal((await remove(PASSWORD)).status, 204);
  assert.equal(store.people.find(id)?.totpSecret, undefined);
});
