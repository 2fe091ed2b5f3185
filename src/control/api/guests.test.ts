/** Invites from the making to the end, by the API and the gate: what a guest may, and nothing more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessWorld, CLIENT, nodeEnv, STRANGER } from '../../../test/fakes/access.ts';
import { apiDeps, COMMAND_TOKEN } from '../../../test/fakes/api.ts';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import { stream } from '../../../test/fakes/streams.ts';
import type { PublishRequest } from '../../access/request.ts';
import { Secret } from '../../access/secret.ts';
import type { GuestInfo, InvitesResponse, MadeGuestKey, MadeInvite } from '../../api/guests.ts';
import type { Health } from '../../api/health.ts';
import { testStreamOf } from '../../base/names.ts';
import { Tally } from '../guests/tally.ts';
import { apiRoutes } from './api.ts';

const MINUTE_MS = 60_000;
const HOST = 'live.example.net';
const OWN = { host: HOST, origin: `http://${HOST}` };
const ELSEWHERE = { host: HOST, origin: 'https://evil.example' };
let sessions = 0;

function start() {
  const world = accessWorld('apps: {show: , talk: {streams: declared}}');
  const media = new FakeMedia();
  world.gate.watch(media);
  const routes = apiRoutes(apiDeps(media, world));
  const ask = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: object,
  ) => {
    const all = { ...headers, ...(body && { 'content-type': 'application/json' }) };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const env = nodeEnv(all, CLIENT.address);
    return routes.request(`http://${HOST}/api${path}`, { method, headers: all, ...init }, env);
  };
  const owner = { host: HOST, authorization: `Bearer ${COMMAND_TOKEN}` };
  const invite = async (slots = ['show/a'], more: object = {}) => {
    const made = await ask('POST', '/invites', owner, { name: 'Grace', slots, ...more });
    assert.equal(made.status, 201, await made.clone().text());
    return (await made.json()) as MadeInvite;
  };
  const open = async (url: string, headers: Readonly<Record<string, string>> = OWN) => {
    const answer = await ask('POST', '/guest/open', headers, { secret: url.split('#')[1] });
    return { status: answer.status, cookie: answer.headers.get('set-cookie') ?? '' };
  };
  const cameIn = async (slots?: string[], more?: object) => {
    const made = await invite(slots, more);
    const { cookie } = await open(made.url);
    const value = /^millrace_guest=([^;]+)/.exec(cookie)?.[1] ?? '';
    return { ...made, value, headers: { ...OWN, cookie: `millrace_guest=${value}` } };
  };
  return { world, media, ask, owner, invite, open, cameIn };
}

function byCookie(
  stream: string,
  cookie: string,
  change: Partial<PublishRequest> = {},
): PublishRequest {
  return {
    ...{ action: 'publish', protocol: 'whip', session: `session-${sessions++}` },
    ...{ stream: streamName(stream), credential: undefined, client: CLIENT },
    guest: { session: new Secret(cookie), origin: 'own', takesOver: false },
    url: new Secret('http://h/'),
    ...change,
  };
}

async function verdict({ world }: ReturnType<typeof start>, request: PublishRequest) {
  const decision = await world.gate.authorise(request);
  return decision.allowed ? 'yes' : decision.reason;
}

test('an invite opens once its secret is posted, is told once, and is known by its hash only', async () => {
  const { ask, owner, world, invite, open } = start();
  const made = await invite();
  assert.match(made.url, /^https:\/\/live\.example\.net\/invite#[\w-]{32}$/);
  const secret = made.url.split('#')[1] ?? '';
  const kept = world.store.database.prepare('SELECT * FROM invite').all();
  assert.ok(!JSON.stringify(kept).includes(secret));
  const { status, cookie } = await open(made.url);
  assert.equal(status, 204);
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  assert.equal((await open(`${made.url}x`)).status, 401);
  assert.equal((await open(made.url, ELSEWHERE)).status, 403);
  const listed = (await (await ask('GET', '/invites', owner)).json()) as InvitesResponse;
  assert.ok(!JSON.stringify(listed).includes(secret));
  assert.equal(listed.invites[0]?.browsers[0]?.address, CLIENT.address);
  assert.deepEqual(
    world.told.map(({ type }) => type),
    ['invite.opened'],
  );
});

test('an invite is for streams that there can be', async () => {
  const { ask, owner, world } = start();
  const status = async (...slots: string[]) =>
    (await ask('POST', '/invites', owner, { name: 'Grace', slots })).status;
  assert.equal(await status('show/a', 'show/b'), 201);
  for (const slot of ['show', '*', 'nowhere/a', 'talk/a', '_test/a', 'api/a', '../a']) {
    assert.equal(await status(slot), 400, slot);
  }
  world.store.streams.put(streamName('talk/a'), 'Left', 0);
  assert.equal(await status('talk/a'), 201);
  assert.equal(await status(), 400);
});

test('a guest sees his slots, and nothing else of the API', async () => {
  const { ask, cameIn, world } = start();
  world.store.streams.put(streamName('show/a'), '<b>Left</b>', 0);
  world.guests.tally.set(streamName('show/a'), 'program');
  const { headers, invite } = await cameIn();
  const info = (await (await ask('GET', '/guest', headers)).json()) as GuestInfo;
  assert.deepEqual(info.slots, [
    {
      ...{ stream: 'show/a', label: '<b>Left</b>', live: false, mine: false },
      ...{ tally: 'program', protocols: ['whip', 'rtmp'] },
    },
  ]);
  assert.equal(info.test, testStreamOf(invite.id));
  for (const path of ['/streams', '/invites', '/keys', '/events', '/server', '/tally']) {
    assert.equal((await ask('GET', path, headers)).status, 401, path);
  }
  assert.equal((await ask('GET', '/guest', { ...headers, ...ELSEWHERE })).status, 403);
  assert.equal((await ask('GET', '/guest', OWN)).status, 401);
  assert.equal((await ask('POST', '/guest/leave', headers)).status, 204);
  assert.equal((await ask('GET', '/guest', headers)).status, 401);
});

test('by the cookie one publishes to the slots of the invite, from our own page', async () => {
  const world = start();
  const { value } = await world.cameIn(['show/a']);
  const other = await world.cameIn(['show/b']);
  const as = (stream: string, cookie = value, change: Partial<PublishRequest> = {}) =>
    verdict(world, byCookie(stream, cookie, change));
  assert.equal(await as('show/a'), 'yes');
  assert.equal(await as('show/b'), 'invite-elsewhere');
  assert.equal(await as('show/a', other.value), 'invite-elsewhere');
  assert.equal(await as('show/a', 'made up'), 'invite-over');
  const session = new Secret(value);
  for (const origin of ['other', 'unsaid'] as const) {
    const guest = { session, origin, takesOver: false };
    assert.equal(await as('show/a', value, { guest }), 'other-origin');
  }
  assert.equal(await as('show/a', value, { guest: undefined }), 'no-key');
});

test('who is live is put out only by who says so, and one comes back to his own place', async () => {
  const world = start();
  const { value } = await world.cameIn(['show/a']);
  const session = new Secret(value);
  const takesOver = { session, origin: 'own', takesOver: true } as const;
  world.media.goLive('show/a');
  assert.equal(await verdict(world, byCookie('show/a', value)), 'slot-taken');
  assert.equal(await verdict(world, byCookie('show/a', value, { guest: takesOver })), 'yes');
  assert.equal(await verdict(world, byCookie('show/a', value)), 'yes');
});

test('revoking ends the publication, the cookies and the keys at once', async () => {
  const world = start();
  const { invite, value, headers } = await world.cameIn(['show/a']);
  const minted = await world.ask('POST', '/guest/keys', headers, {
    ...{ slot: 'show/a', protocol: 'whip' },
  });
  const { key, server, name } = (await minted.json()) as MadeGuestKey;
  assert.equal(server, `http://${HOST}/show/a/whip`);
  assert.equal(name, 'Grace (WHIP)');
  const browser = byCookie('show/a', value);
  assert.equal(await verdict(world, browser), 'yes');
  const credential = new Secret(key, 'stream key');
  const encoder = byCookie('show/a', value, { credential, guest: undefined });
  assert.equal(await verdict(world, encoder), 'yes');
  assert.equal((await world.ask('DELETE', `/invites/${invite.id}`, world.owner)).status, 204);
  const closed = world.media.told.filter(({ type }) => type === 'close');
  assert.deepEqual(
    new Set(closed.map((message) => ('session' in message ? message.session : ''))),
    new Set([browser.session, encoder.session]),
  );
  assert.equal(await verdict(world, byCookie('show/a', value)), 'invite-over');
  assert.equal(await verdict(world, { ...encoder, session: 'again' }), 'key-revoked');
  assert.equal((await world.ask('GET', '/guest', headers)).status, 401);
  assert.equal(world.world.told.at(-1)?.type, 'invite.revoked');
  assert.equal((await world.ask('DELETE', `/invites/${invite.id}`, world.owner)).status, 404);
});

test('an invite that expires ends what it let in, its keys too', async () => {
  const world = start();
  const expires = new Date(world.world.nowMs + 5 * MINUTE_MS).toISOString();
  const { url, value, headers } = await world.cameIn(['show/a'], { expires });
  const decision = await world.world.gate.authorise(byCookie('show/a', value));
  assert.ok(decision.allowed);
  assert.equal(decision.lifetimeMs, 5 * MINUTE_MS);
  const body = { slot: 'show/a', protocol: 'rtmp' };
  const minted = await world.ask('POST', '/guest/keys', headers, body);
  const { server, key } = (await minted.json()) as MadeGuestKey;
  assert.equal(server, `rtmp://${HOST}/show`);
  assert.match(key, /^a\?key=[\w-]{32}$/);
  world.world.nowMs += 5 * MINUTE_MS;
  assert.equal(await verdict(world, byCookie('show/a', value)), 'invite-over');
  const credential = new Secret(key.split('=')[1] ?? '', 'stream key');
  const encoder = byCookie('show/a', value, { credential, guest: undefined, protocol: 'rtmp' });
  assert.equal(await verdict(world, encoder), 'key-expired');
  assert.equal((await world.open(url)).status, 401);
});

test('a test goes nowhere: one place for each guest, for a while, and nobody watches it', async () => {
  const world = start();
  const { invite, value, headers } = await world.cameIn(['show/a']);
  const other = await world.cameIn(['show/b']);
  const test = testStreamOf(invite.id);
  const decision = await world.world.gate.authorise(byCookie(test, value));
  assert.ok(decision.allowed);
  assert.equal(decision.lifetimeMs, 10 * MINUTE_MS);
  assert.equal(await verdict(world, byCookie(test, other.value)), 'invite-elsewhere');
  const { secret } = world.world.store.keys.add(
    { name: 'all', target: '*' as never, addresses: [], protocols: [], expiresMs: undefined },
    0,
  );
  const byKey = (credential: Secret) =>
    verdict(world, byCookie(test, value, { credential, guest: undefined }));
  assert.equal(await byKey(secret), 'key-elsewhere');
  const body = { slot: test, protocol: 'whip' };
  const minted = await world.ask('POST', '/guest/keys', headers, body);
  const { key } = (await minted.json()) as MadeGuestKey;
  assert.equal(await byKey(new Secret(key)), 'yes');
  const view = await world.world.gate.authorise({
    ...{ action: 'view', protocol: 'whep', session: 'viewer', stream: test, link: undefined },
    ...{ visitor: STRANGER, client: CLIENT, url: new Secret('http://h/') },
  });
  assert.equal(view.allowed, false);
});

test('a new key takes the place of the former one, which goes when its encoder is gone', async () => {
  const world = start();
  const { headers } = await world.cameIn(['show/a']);
  const mint = async (protocol: string) => {
    const body = { slot: 'show/a', protocol };
    const minted = await world.ask('POST', '/guest/keys', headers, body);
    return new Secret(((await minted.json()) as MadeGuestKey).key, 'stream key');
  };
  const isGood = (secret: Secret) => world.world.store.keys.match(secret)?.revokedMs === undefined;
  const unused = await mint('whip');
  const used = await mint('whip');
  assert.ok(!isGood(unused));
  const encoder = byCookie('show/a', '', { credential: used, guest: undefined });
  assert.equal(await verdict(world, encoder), 'yes');
  await mint('rtmp');
  assert.ok(isGood(used));
  await mint('whip');
  const later = (minutes: number) => {
    world.world.nowMs += minutes * MINUTE_MS;
    world.world.guests.sweep();
  };
  later(60);
  assert.ok(isGood(used));
  world.world.gate.ended(encoder.session);
  later(4);
  assert.ok(isGood(used));
  later(2);
  assert.ok(!isGood(used));
});

test('a key is made for slots of the invite alone, on the guest’s own page', async () => {
  const world = start();
  const { headers } = await world.cameIn(['show/a']);
  const status = async (slot: string, change: object = {}) => {
    const body = { slot, protocol: 'whip' };
    return (await world.ask('POST', '/guest/keys', { ...headers, ...change }, body)).status;
  };
  assert.equal(await status('show/a'), 201);
  assert.equal(await status('show/b'), 403);
  assert.equal(await status('*'), 403);
  assert.equal(await status('show/a', ELSEWHERE), 403);
  assert.equal(await status('show/a', { cookie: '' }), 401);
});

test('who tries too many invites is told to wait', async () => {
  const { open } = start();
  const statuses = new Set<number>();
  for (let round = 0; round < 40; round++) statuses.add((await open('#wrong')).status);
  assert.deepEqual(statuses, new Set([401, 429]));
});

test('the tally is told when it changes, and kept of what is lit', () => {
  const { world } = start();
  const { tally } = world.guests;
  tally.set(streamName('show/a'), 'program');
  tally.set(streamName('show/a'), 'program');
  tally.set(streamName('show/b'), 'preview');
  tally.set(streamName('show/a'), 'off');
  assert.deepEqual(tally.list(), [{ stream: 'show/b', state: 'preview' }]);
  const again = new Tally(world.store.tallies, () => assert.fail('nothing has changed'));
  assert.deepEqual(again.list(), tally.list(), 'a restart forgets none');
  assert.equal(world.told.length, 3);
  for (let round = 0; round < 2000; round++) tally.set(streamName(`show/x${round}`), 'program');
  assert.equal(tally.list().length, 1000);
});

test('a guest sees the health of his own slots and of his test, as the producer does', async () => {
  const { media, ask, owner, cameIn } = start();
  const { headers, invite } = await cameIn();
  media.streams = [stream];
  const health = async (path: string, who: Readonly<Record<string, string>>) => {
    const answer = await ask('GET', path, who);
    return { status: answer.status, body: (await answer.json()) as Health & { type?: string } };
  };
  const mine = await health('/guest/health?slot=show/a', headers);
  assert.equal(mine.status, 200);
  assert.equal(mine.body.verdict.state, 'problem');
  const { session, address } = { session: '', address: '', ...mine.body.facts };
  assert.deepEqual([session, address], ['', '']);
  const producers = await health('/streams/show/a/health', owner);
  assert.deepEqual(producers.body.verdict, mine.body.verdict);
  const wished = await health('/guest/health?slot=show/a&bitrate=9000000', headers);
  const bitrate = wished.body.verdict.checks.find(({ code }) => code === 'video-bitrate');
  assert.match(bitrate?.sentence ?? '', /where 9\.0 Mbit\/s is meant/);
  const tested = await health(`/guest/health?slot=${testStreamOf(invite.id)}`, headers);
  assert.equal(tested.body.verdict.state, 'waiting');
  assert.equal((await health('/guest/health?slot=show/b', headers)).status, 403);
  assert.equal((await health('/guest/health?slot=show/a&fps=-1', headers)).status, 400);
  assert.equal((await health('/guest/health?slot=show/a', OWN)).status, 401);
});
