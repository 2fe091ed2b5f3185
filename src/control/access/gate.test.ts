import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessWorld, accessWorld, CLIENT, STRANGER } from '../../../test/fakes/access.ts';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import { Secret } from '../../access/secret.ts';
import { EVERYTHING, type Target } from '../../access/target.ts';
import type { AccessDecision } from '../../channel/messages.ts';
import type { Refused } from './gate.ts';
import { tokenOf } from './link-secret.ts';

const HOUR_MS = 3_600_000;
const anywhere = { addresses: [], protocols: [], expiresMs: undefined };
let sessions = 0;

function start(yaml = '') {
  const world = accessWorld(yaml);
  const media = new FakeMedia();
  const refusals: Refused[] = [];
  world.gate.watch(media);
  world.gate.onRefused((refused) => refusals.push(refused));
  const keyFor = (target: string, more: object = {}) =>
    world.store.keys.add(
      { name: target, target: target as Target, ...anywhere, ...more },
      world.nowMs,
    );
  return { ...world, world, media, refusals, keyFor };
}

function publishing(
  stream: string,
  key: Secret | undefined,
  change: Partial<PublishRequest> = {},
): PublishRequest {
  return {
    action: 'publish',
    protocol: 'rtmp',
    session: `session-${sessions++}`,
    stream: streamName(stream),
    credential: key,
    guest: undefined,
    url: new Secret('rtmp://host/show'),
    client: CLIENT,
    ...change,
  };
}

function viewing(stream: string, change: Partial<ViewRequest> = {}): ViewRequest {
  return {
    action: 'view',
    protocol: 'whep',
    session: `session-${sessions++}`,
    stream: streamName(stream),
    link: undefined,
    url: new Secret('http://host/show'),
    visitor: STRANGER,
    client: CLIENT,
    ...change,
  };
}

function from(address: string) {
  return { client: { ...CLIENT, address } };
}

function wordOf(decision: AccessDecision): string {
  return decision.allowed ? 'yes' : decision.reason;
}

async function ask(
  { gate }: Pick<AccessWorld, 'gate'>,
  request: PublishRequest | ViewRequest,
): Promise<string> {
  return wordOf(await gate.authorise(request));
}

test('a key alone says which stream it means; one for more does not, and is not repeated', async () => {
  const { gate, refusals, keyFor } = start();
  const one = keyFor('show/slot-1').secret;
  const decision = await gate.authorise(publishing(`show/${one.reveal()}`, undefined));
  assert.ok(decision.allowed && decision.stream === 'show/slot-1');
  const elsewhere = await gate.authorise(publishing(`other/${one.reveal()}`, undefined));
  assert.equal(wordOf(elsewhere), 'key-elsewhere');
  const all = keyFor('*').secret;
  assert.equal(
    wordOf(await gate.authorise(publishing(`show/${all.reveal()}`, undefined))),
    'no-key',
  );
  for (const { reveal } of [one, all].map((key) => ({ reveal: key.reveal() }))) {
    assert.ok(!JSON.stringify(refusals).includes(reveal));
  }
  assert.equal(refusals[0]?.target, 'other/[stream key]');
});

test('what is taken back ends the sessions that it let in, and no others', async () => {
  const { gate, store, media, keyFor, nowMs } = start('apps: {show: {viewing: link}}');
  const [key, other] = [keyFor('show/a'), keyFor('show')];
  const cut = publishing('show/a', key.secret);
  const kept = publishing('show/b', other.secret);
  const gone = publishing('show/a', key.secret);
  for (const request of [cut, kept, gone]) assert.equal(await ask({ gate }, request), 'yes');
  media.emit({
    ...{ type: 'session-ended', session: gone.session, role: 'publisher' },
    ...{ stream: gone.stream, reason: 'left' },
  });
  assert.equal(gate.revokeKey(key.id), true);
  const closed = () => media.told.filter(({ type }) => type === 'close');
  assert.deepEqual(closed(), [{ type: 'close', session: cut.session, reason: 'revoked' }]);
  assert.equal(gate.revokeKey(key.id), false);
  const link = store.links.add(
    { name: '', target: 'show' as Target, bound: 'free', expiresMs: undefined },
    nowMs,
  );
  const viewer = viewing('show/a', { link: new Secret(tokenOf(link, store)) });
  assert.equal(await ask({ gate }, viewer), 'yes');
  gate.revokeLink(link.id);
  assert.deepEqual(closed().at(-1), { type: 'close', session: viewer.session, reason: 'revoked' });
  assert.equal(await ask({ gate }, viewing('show/a', { link: viewer.link })), 'link-expired');
});

test('a ban ends who is there, of its range and its streams', async () => {
  const { gate, media, keyFor } = start();
  const { secret } = keyFor('*');
  const near = publishing('show/a', secret, from('2001:db8::7'));
  const other = publishing('talk/a', secret, from('2001:db8::8'));
  const far = viewing('show/a', from('192.0.2.8'));
  for (const request of [near, other, far]) assert.equal(await ask({ gate }, request), 'yes');
  const ban = { target: 'show' as Target, note: '', expiresMs: undefined };
  assert.equal(gate.ban({ ...ban, addresses: 'nowhere' }), undefined);
  assert.ok(gate.ban({ ...ban, addresses: '2001:db8::/32' }));
  assert.deepEqual(
    media.told.map((message) => 'session' in message && message.session),
    [near.session],
  );
  assert.equal(await ask({ gate }, viewing('show/b', from('2001:db8::9'))), 'banned');
  assert.equal(await ask({ gate }, viewing('talk/b', from('2001:db8::9'))), 'yes');
});

test('a link for one session is free again when that has ended; one for an address stays', async () => {
  const { gate, store, media, nowMs } = start('apps: {show: {viewing: link}}');
  const made = (bound: 'session' | 'address') => {
    const link = { name: '', target: EVERYTHING, bound, expiresMs: undefined };
    return new Secret(tokenOf(store.links.add(link, nowMs), store));
  };
  const single = made('session');
  const first = viewing('show/a', { link: single });
  assert.equal(await ask({ gate }, first), 'yes');
  assert.equal(await ask({ gate }, viewing('show/a', { link: single })), 'link-taken');
  const page = { stream: streamName('show/a'), link: single, visitor: STRANGER, client: CLIENT };
  assert.equal(gate.mayShow({ action: 'page', ...page }), true, 'the page takes no place');
  media.endSession(first.session, 'show/a', 'left');
  assert.equal(await ask({ gate }, viewing('show/a', { link: single })), 'yes');
  const bound = made('address');
  const at = (address: string) =>
    ask({ gate }, viewing('show/a', { link: bound, ...from(address) }));
  assert.equal(await at('192.0.2.1'), 'yes');
  assert.equal(await at('192.0.2.2'), 'link-taken');
  assert.equal(await at('192.0.2.1'), 'yes');
});

test('an app closes when nothing was live for long, and not while something is', async () => {
  const { gate, store, world, media, keyFor } = start('apps: {show: {close_after_idle_hours: 2}}');
  const { secret } = keyFor('*');
  const live = publishing('show/a', secret);
  assert.equal(await ask({ gate }, live), 'yes');
  world.nowMs += 5 * HOUR_MS;
  assert.equal(await ask({ gate }, publishing('show/b', secret)), 'yes', 'show/a is live');
  for (const session of [live.session, `session-${sessions - 1}`]) gate.ended(session);
  world.nowMs += 1.9 * HOUR_MS;
  const late = publishing('show/a', secret);
  assert.equal(await ask({ gate }, late), 'yes');
  gate.ended(late.session);
  world.nowMs += 2.1 * HOUR_MS;
  assert.equal(await ask({ gate }, late), 'closed-idle');
  assert.equal(await ask({ gate }, viewing('show/a')), 'closed-idle');
  media.live.add(streamName('show/a'));
  assert.equal(await ask({ gate }, viewing('show/a')), 'yes', 'there is something to see');
  store.apps.add('show', 0);
  store.apps.touch('show', world.nowMs);
  assert.equal(await ask({ gate }, late), 'yes', 'the owner opened it');
});

test('limits are for newcomers, told in words, and who comes back takes no further place', async () => {
  const { gate, keyFor, refusals } = start(
    'limits: {publishers_per_address: 2, publishers_per_key: 3, viewers_per_address: 2, viewers: 4}',
  );
  const { secret } = keyFor('*');
  const publish = (name: string, address = '192.0.2.1') =>
    ask({ gate }, publishing(`show/${name}`, secret, from(address)));
  assert.equal(await publish('a'), 'yes');
  assert.equal(await publish('b'), 'yes');
  assert.equal(await publish('c'), 'limit-reached');
  assert.match(refusals[0]?.message ?? '', /^Too many streams from your address\./);
  assert.equal(await publish('a'), 'yes', 'a stale session never blocks a name');
  assert.equal(await publish('c', '192.0.2.2'), 'yes');
  assert.equal(await publish('d', '192.0.2.3'), 'limit-reached');
  assert.match(refusals[1]?.message ?? '', /^Too many streams with this key\./);
  assert.equal(
    await publish('d', '127.0.0.1'),
    'limit-reached',
    'a key is one wherever it is used',
  );
  const watch = (address: string) => ask({ gate }, viewing('show/a', from(address)));
  assert.deepEqual(
    [await watch('2001:db8::1'), await watch('2001:db8::2'), await watch('2001:db8::3')],
    ['yes', 'yes', 'limit-reached'],
  );
  assert.deepEqual(
    [await watch('192.0.2.1'), await watch('127.0.0.1'), await watch('127.0.0.1')],
    ['yes', 'yes', 'limit-reached'],
  );
});

test('a line that is full takes no further viewer, and all the publishers', async () => {
  const { gate, world, keyFor } = start('limits: {egress: 100M}');
  world.egressBps = 99_000_000;
  assert.equal(await ask({ gate }, viewing('show/a')), 'yes');
  world.egressBps = 100_000_000;
  const decision = await gate.authorise(viewing('show/a'));
  assert.ok(!decision.allowed && decision.retryAfterS === 30);
  assert.match(decision.message, /the line of this server/);
  assert.equal(await ask({ gate }, publishing('show/a', keyFor('*').secret)), 'yes');
});

test('the newest encoder takes over, until two of them take turns', async () => {
  const { gate, media, keyFor } = start();
  const { secret } = keyFor('*');
  const publish = () => ask({ gate }, publishing('show/a', secret));
  assert.equal(await publish(), 'yes');
  media.goLive('show/a');
  for (let turn = 0; turn < 4; turn++) assert.equal(await publish(), 'yes');
  assert.equal(await ask({ gate }, publishing('show/a', new Secret('wrong'))), 'wrong-key');
  assert.equal(await publish(), 'contested');
  media.live.clear();
  assert.equal(await publish(), 'yes');
});

test('who guesses is told to wait; the right key is let in all the same', async () => {
  const { gate, world, keyFor } = start('limits: {wrong_keys_per_minute: 3}');
  const wrong = () => ask({ gate }, publishing('show/a', new Secret('wrong')));
  for (let tries = 0; tries < 3; tries++) assert.equal(await wrong(), 'wrong-key');
  const waits = await gate.authorise(publishing('show/a', new Secret('wrong')));
  assert.ok(!waits.allowed && waits.reason === 'too-many-attempts' && waits.retryAfterS === 20);
  assert.equal(await ask({ gate }, publishing('show/a', keyFor('*').secret)), 'yes');
  const elsewhere = publishing('show/a', new Secret('wrong'), from('192.0.2.7'));
  assert.equal(await ask({ gate }, elsewhere), 'wrong-key');
  world.nowMs += 20_000;
  assert.equal(await wrong(), 'wrong-key');
});

test('so many attempts and no more from one address', async () => {
  const { gate, world } = start('limits: {attempts_per_minute: 10}');
  const words = new Map<string, number>();
  for (let tries = 0; tries < 40; tries++) {
    const word = await ask({ gate }, viewing('show/a'));
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  assert.deepEqual(
    [...words],
    [
      ['yes', 30],
      ['too-many-attempts', 10],
    ],
  );
  world.nowMs += 6000;
  assert.equal(await ask({ gate }, viewing('show/a')), 'yes');
});

test('settings in the database hold at once, over the configuration', async () => {
  const { gate, store, nowMs, keyFor } = start('apps: {show: {publishing: closed}}');
  const { secret } = keyFor('*');
  assert.equal(await ask({ gate }, publishing('show/a', secret)), 'publishing-closed');
  assert.equal(await ask({ gate }, publishing('new/a', secret)), 'unknown-app');
  store.apps.add('show', nowMs);
  store.apps.add('new', nowMs);
  store.apps.set('show', { publishing: 'key', streams: 'declared', what_is_this: 1 });
  store.apps.set('new', { opening_hours: ['Mon 00:00-01:00'] });
  assert.equal(await ask({ gate }, publishing('show/a', secret)), 'unknown-stream');
  store.streams.put(streamName('show/a'), 'A', nowMs);
  assert.equal(await ask({ gate }, publishing('show/a', secret)), 'yes');
  assert.equal(await ask({ gate }, publishing('new/a', secret)), 'outside-hours');
});

test('a key that expires ends its session by itself', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { gate, media, keyFor, nowMs } = start();
  const { secret } = keyFor('*', { expiresMs: nowMs + 60_000 });
  const request = publishing('show/a', secret);
  const decision = await gate.authorise(request);
  assert.ok(decision.allowed && decision.lifetimeMs === 60_000);
  context.mock.timers.tick(59_999);
  assert.deepEqual(media.told, []);
  context.mock.timers.tick(1);
  assert.deepEqual(media.told, [{ type: 'close', session: request.session, reason: 'expired' }]);
  const over = publishing('show/b', keyFor('*', { expiresMs: nowMs + 60_000 }).secret);
  await gate.authorise(over);
  gate.ended(over.session);
  context.mock.timers.tick(60_000);
  assert.equal(media.told.length, 1, 'one that has ended is left alone');
});

test('a database that fails lets nobody in, says so, and ends nobody', async () => {
  const { gate, store, media, faults, refusals, keyFor } = start();
  const { secret } = keyFor('*');
  assert.equal(await ask({ gate }, publishing('show/a', secret)), 'yes');
  store.database.exec('DROP TABLE stream_key');
  assert.equal(await ask({ gate }, publishing('show/b', secret)), 'not-decided');
  assert.match(refusals[0]?.message ?? '', /could not check/);
  assert.equal(faults.length, 1);
  assert.deepEqual(media.told, []);
});

test('who may watch anyway rests on nothing that could be taken away', async () => {
  const { gate, store, media, nowMs } = start('apps: {show: , only: {viewing: members}}');
  const person = store.people.add('Ada', 'viewer', 'hash', nowMs) ?? '';
  const where = { address: '', userAgent: '' };
  const session = store.signIns.add({ person, ...where, expiresMs: nowMs + HOUR_MS }, nowMs);
  const visitor = { ...STRANGER, session };
  assert.equal(await ask({ gate }, viewing('show/a', { visitor })), 'yes');
  const member = viewing('only/a', { visitor });
  assert.equal(await ask({ gate }, member), 'yes');
  gate.signOut(person);
  assert.deepEqual(media.told, [{ type: 'close', session: member.session, reason: 'revoked' }]);
  assert.equal(await ask({ gate }, viewing('only/a', { visitor })), 'sign-in-needed');
});
