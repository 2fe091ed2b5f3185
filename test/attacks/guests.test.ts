/** Attack: with one guest's cookie, to publish more than this guest was asked to; from wherever, for longer than it is good. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Invited, Owner } from '../interop/invited.ts';
import { TestServer } from '../interop/server.ts';
import { pause, publisherOffer, viewerOffer } from './stranger.ts';

let server: TestServer;
let owner: Owner;

before(async () => {
  server = await TestServer.start({ config: 'apps: {show: , talk: {viewing: members}}' });
  owner = new Owner(server);
});
after(() => server?.stop());

/** Opens an invite as its page does. @returns the cookie */
async function open({ secret }: Pick<Invited, 'secret'>): Promise<string> {
  const response = await fetch(`${owner.origin}/api/guest/open`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: owner.origin },
    body: JSON.stringify({ secret }),
  });
  assert.equal(response.status, 204, await response.text());
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

type Way = { readonly cookie?: string; readonly origin?: string; readonly bearer?: string };

async function publish(path: string, { cookie, origin, bearer }: Way): Promise<number> {
  const response = await fetch(`${owner.origin}/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/sdp',
      ...(cookie && { cookie }),
      ...(origin && { origin }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    },
    body: publisherOffer(),
  });
  await response.body?.cancel();
  return response.status;
}

test('a guest’s cookie opens the slots of that invite, on our own pages, and nothing else', async () => {
  const ada = await owner.invite('Ada', ['show/ada']);
  const eve = await owner.invite('Eve', ['show/eve']);
  const cookie = await open(eve);
  const { origin } = owner;
  const tries: readonly (readonly [name: string, path: string, way: Way, status: number])[] = [
    ['the own slot', 'show/eve/whip', { cookie, origin }, 201],
    ['the slot of another', 'show/ada/whip', { cookie, origin }, 403],
    ['another app', 'talk/eve/whip', { cookie, origin }, 403],
    ['the own test', `_test/${eve.id}/whip`, { cookie, origin }, 201],
    ['the test of another', `_test/${ada.id}/whip`, { cookie, origin }, 403],
    ['a test of nobody', '_test/made-up/whip', { cookie, origin }, 403],
    ['the test with a key for all', `_test/${ada.id}/whip`, { bearer: server.key }, 403],
    ['a page of another site', 'show/eve/whip', { cookie, origin: 'https://evil.example' }, 403],
    ['another port of this host', 'show/eve/whip', { cookie, origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', 'show/eve/whip', { cookie, origin: 'null' }, 403],
    ['no page at all', 'show/eve/whip', { cookie }, 403],
    ['a made-up cookie', 'show/eve/whip', { cookie: 'millrace_guest=made-up', origin }, 401],
    [
      'the secret as the cookie',
      'show/eve/whip',
      { cookie: `millrace_guest=${eve.secret}`, origin },
      401,
    ],
    ['the secret as a key', 'show/eve/whip', { bearer: eve.secret }, 401],
    ['the cookie as a key', 'show/eve/whip', { bearer: cookie.split('=')[1] ?? '' }, 401],
    ['a wrong key beside the cookie', 'show/eve/whip', { cookie, origin, bearer: 'wrong' }, 401],
    ['nothing', 'show/eve/whip', { origin }, 401],
  ];
  for (const [name, path, way, status] of tries) {
    assert.equal(await publish(path, way), status, name);
  }
});

test('the cookie watches nothing, and reads nothing of the API but its own', async () => {
  const cookie = await open(await owner.invite('Eve', ['show/eve']));
  const ask = async (method: string, path: string, body?: string, type = 'application/json') => {
    const headers = {
      cookie,
      origin: owner.origin,
      'content-type': type,
      'x-forwarded-for': '192.0.2.1',
    };
    const response = await fetch(`${owner.origin}${path}`, {
      method,
      headers,
      ...(body && { body }),
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask('GET', '/api/guest'), 200);
  for (const path of [
    'streams',
    'invites',
    'keys',
    'links',
    'events',
    'events/log',
    'people',
    'tally',
  ]) {
    assert.equal(await ask('GET', `/api/${path}`), 401, path);
  }
  assert.equal(await ask('PUT', '/api/streams/show/eve/tally', '{"state":"program"}'), 401);
  assert.equal(await ask('POST', '/api/invites', '{"name":"x","slots":["show/eve"]}'), 401);
  const sdp = 'application/sdp';
  assert.equal(await ask('POST', '/talk/secret/whep', viewerOffer(), sdp), 401);
  assert.equal(await ask('POST', `/_test/whoever/whep`, viewerOffer(), sdp), 404);
});

test('what was revoked or has expired opens nothing, whatever is left of it', async () => {
  const { origin } = owner;
  const revoked = await owner.invite('Eve', ['show/eve']);
  const cookie = await open(revoked);
  assert.equal(await publish('show/eve/whip', { cookie, origin }), 201);
  await owner.revoke(revoked.id);
  assert.equal(await publish('show/eve/whip', { cookie, origin }), 401);
  assert.equal(await publish(`_test/${revoked.id}/whip`, { cookie, origin }), 401);
  await assert.rejects(open(revoked), /401/);
  const short = await owner.invite('Eve', ['show/eve'], new Date(Date.now() + 1500));
  const lasting = await open(short);
  assert.equal(await publish('show/eve/whip', { cookie: lasting, origin }), 201);
  await pause(1700);
  assert.equal(await publish('show/eve/whip', { cookie: lasting, origin }), 401);
  await assert.rejects(open(short), /401/);
});

test('no secret of an invite is ever logged', async () => {
  const invited = await owner.invite('Eve', ['show/eve']);
  const cookie = await open(invited);
  await publish('show/ada/whip', { cookie, origin: owner.origin });
  await assert.rejects(open({ secret: `${invited.secret}x` }));
  assert.ok(!server.log.includes(invited.secret));
  assert.ok(!server.log.includes(cookie.split('=')[1] ?? 'none'));
});
