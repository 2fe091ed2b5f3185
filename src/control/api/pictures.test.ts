/** Pictures by the API: who gets which, how often the media thread is asked, and what is no picture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessWorld, accessWorld, CLIENT, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps, COMMAND_TOKEN } from '../../../test/fakes/api.ts';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import { Secret } from '../../access/secret.ts';
import { parseStreamName } from '../../base/names.ts';
import { Vp8Packetizer } from '../../protocols/rtp/payload/vp8.ts';
import { apiRoutes } from './api.ts';

const VP8 = { codec: 'vp8', payloads: new Vp8Packetizer(1).packetize(clips.vp8()[0]!) } as const;
const owner = { authorization: `Bearer ${COMMAND_TOKEN}` };
/** The smallest that any viewer shows: one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type World = {
  readonly media: FakeMedia;
  readonly access: AccessWorld;
  readonly ask: (path: string, init?: RequestInit, address?: string) => Promise<Response>;
};

function world(yaml = 'apps: {show: , press: {viewing: link}}'): World {
  const media = new FakeMedia();
  const access = accessWorld(yaml, {
    admission: {
      part: ({ stream }) => (stream.startsWith('hook/') ? 'also' : 'none'),
      opening: async () => ({ allowed: false, reason: 'admission-denied' }),
      closing: () => undefined,
    },
  });
  const routes = apiRoutes(apiDeps(media, access));
  const ask: World['ask'] = async (path, init = {}, address = '192.0.2.7') =>
    routes.request(`http://localhost${path}`, init, nodeEnv(init.headers ?? {}, address));
  return { media, access, ask };
}

function goLive(media: FakeMedia, name: string): void {
  media.goLive(name);
  media.keyframes.set(streamName(name), VP8);
}

test('a live stream has a picture of some seconds, however many ask', async () => {
  const { media, ask } = world();
  goLive(media, 'show/a');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask('/api/streams/show/a/snapshot')),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'image/webp');
    assert.match(answer.headers.get('cache-control') ?? '', /^private, max-age=\d+$/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
  }
  assert.equal(media.told.filter(({ type }) => type === 'keyframe').length, 1);
  const part = await ask('/api/streams/show/a/snapshot', { headers: { range: 'bytes=0-3' } });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), 'RIFF');
});

test('who may not watch gets no picture, and is told why as a player is', async () => {
  const { media, ask, access } = world(
    'apps: {press: {viewing: link}, hook: {admission_url: "http://127.0.0.1:1/"}, off: {snapshots: "off"}, signed: {signed_policy_secret: x}}',
  );
  for (const name of ['press/a', 'off/a', 'elsewhere/a', 'hook/a', 'signed/a']) goLive(media, name);
  assert.equal((await ask('/api/streams/press/a/snapshot')).status, 401);
  assert.equal((await ask('/api/streams/off/a/snapshot')).status, 404);
  assert.equal((await ask('/api/streams/elsewhere/a/snapshot')).status, 404);
  assert.equal((await ask('/api/streams/show/a%2f/snapshot')).status, 404);
  for (const name of ['hook/a', 'signed/a']) {
    const { status } = await ask(`/api/streams/${name}/snapshot`);
    assert.equal(status, 401, 'only the media are asked for by a signed URL, or of the owner');
  }
  const token = access.store.tokens.add(
    { name: 't', scopes: ['streams.read'], expiresMs: undefined },
    access.nowMs,
  );
  const headers = { authorization: `Bearer ${token.secret.reveal()}` };
  for (const name of ['press/a', 'hook/a', 'signed/a']) {
    assert.equal((await ask(`/api/streams/${name}/snapshot`, { headers })).status, 200);
  }
});

test('after its end a stream has its last picture where the app wants it so', async () => {
  const { media, ask } = world('apps: {show: , keep: {snapshots: last}}');
  for (const name of ['show/a', 'keep/a']) {
    goLive(media, name);
    media.endStream(name);
  }
  assert.equal((await ask('/api/streams/show/a/snapshot')).status, 404);
  assert.equal((await ask('/api/streams/keep/a/snapshot')).status, 200);
  const { poster } = (await (await ask('/api/watch/keep/a')).json()) as { poster: string };
  assert.equal(poster, '/api/streams/keep/a/snapshot');
});

test('all pictures together have a bound', async () => {
  const { media, ask } = world('apps: {keep: {snapshots: last}}');
  const frame = clips.vp8()[0]!;
  const large = new Uint8Array(1024 * 1024);
  large.set(frame);
  const payloads = new Vp8Packetizer(1).packetize(large);
  for (let index = 0; index < 40; index++) {
    const name = `keep/s${index}`;
    media.goLive(name);
    media.keyframes.set(streamName(name), { codec: 'vp8', payloads });
    media.endStream(name);
  }
  const status = async (index: number) =>
    (await ask(`/api/streams/keep/s${index}/snapshot`)).status;
  assert.equal(await status(0), 404, 'the oldest went');
  assert.equal(await status(39), 200);
  assert.equal(await status(20), 200);
});

test('an address that asks for picture after picture is told to wait; this machine is not counted', async () => {
  const { ask } = world();
  const statuses = new Set<number>();
  for (let index = 0; index < 250; index++) {
    statuses.add((await ask('/api/streams/show/a/snapshot')).status);
  }
  assert.deepEqual([...statuses], [404, 429]);
  assert.equal((await ask('/api/streams/show/a/snapshot', {}, '127.0.0.1')).status, 404);
  assert.equal((await ask('/api/streams/show/a/snapshot', {}, '198.51.100.1')).status, 404);
});

test('the owner gives a stream a poster, which is what it says it is', async () => {
  const { ask } = world();
  const put = (body: NonNullable<RequestInit['body']>, type: string, headers: object = owner) =>
    ask('/api/streams/show/a/poster', {
      method: 'PUT',
      headers: { ...headers, 'content-type': type } as Record<string, string>,
      body,
    });
  assert.equal((await put(PNG, 'image/png', {})).status, 401);
  assert.equal((await put(PNG, 'text/html')).status, 415);
  assert.equal((await put('<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/png')).status, 415);
  assert.equal((await put('<!doctype html><script>1</script>', 'image/jpeg')).status, 415);
  assert.equal((await put(Buffer.alloc(600_000, PNG), 'image/png')).status, 413);
  const bomb = Buffer.from(PNG);
  bomb.writeUInt32BE(60_000, 16);
  assert.equal((await put(bomb, 'image/png')).status, 415, 'sixty thousand pixels wide');
  // What it is counts, not what it is called.
  const kept = await put(PNG, 'image/jpeg');
  assert.equal(kept.status, 200);
  assert.equal(((await kept.json()) as { type: string }).type, 'image/png');
  const shown = await ask('/api/streams/show/a/poster');
  assert.equal(shown.headers.get('content-type'), 'image/png');
  assert.deepEqual(Buffer.from(await shown.arrayBuffer()), PNG);
  // Without a picture of its own, a stream's poster is its picture.
  assert.equal(
    (await ask('/api/streams/show/a/snapshot')).headers.get('content-type'),
    'image/png',
  );
  const remove = () => ask('/api/streams/show/a/poster', { method: 'DELETE', headers: owner });
  assert.equal((await remove()).status, 204);
  assert.equal((await remove()).status, 404);
  assert.equal((await ask('/api/streams/show/a/poster')).status, 404);
});

test('a guest’s page gives his own stream a picture while he publishes it, and not over the owner’s', async () => {
  const { ask, access, media } = world(
    'apps: {show: , keep: {snapshots: last}, off: {snapshots: "off"}}',
  );
  access.gate.watch(media);
  const slots = ['show/a', 'keep/a', 'off/a'];
  const made = access.guests.invite(
    { name: 'Grace', slots, expiresMs: undefined },
    parseStreamName,
  );
  assert.ok('secret' in made);
  const opened = access.guests.open(made.secret, undefined, CLIENT);
  assert.ok('session' in opened);
  const cookie = `millrace_guest=${opened.session.reveal()}`;
  const own = { cookie, origin: 'http://localhost', host: 'localhost' };
  const send = async (slot: string, headers: Record<string, string> = own, type = 'image/jpeg') =>
    (
      await ask(`/api/guest/poster?slot=${slot}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body: PNG,
      })
    ).status;
  assert.equal(await send('show/a'), 409, 'not before he publishes');
  for (const slot of slots) {
    const decision = await access.gate.authorise({
      ...{ action: 'publish', protocol: 'whip', session: slot, stream: streamName(slot) },
      ...{ credential: undefined, url: new Secret('http://h/'), client: CLIENT },
      guest: { session: opened.session, origin: 'own', takesOver: false },
    });
    assert.ok(decision.allowed);
    media.goLive(slot);
  }
  assert.equal(await send('show/a', {}), 401);
  assert.equal(await send('show/a', { ...own, origin: 'https://evil.example' }), 403);
  assert.equal(await send('show/other'), 403);
  assert.equal(await send('off/a'), 404);
  assert.equal(await send('show/a', own, 'text/html'), 415);
  for (const slot of ['show/a', 'keep/a']) assert.equal(await send(slot), 200);
  const shown = async (slot: string) => (await ask(`/api/streams/${slot}/poster`)).status;
  assert.equal(await shown('show/a'), 200);
  access.store.posters.put(streamName('keep/a'), {
    ...{ type: 'image/png', width: 1, height: 1, source: 'owner' },
    ...{ bytes: new Uint8Array(PNG), atMs: 0 },
  });
  assert.equal(await send('keep/a'), 503, 'the owner’s own stays');
  access.store.posters.remove(streamName('keep/a'));
  assert.equal(await send('keep/a'), 200);
  assert.equal(await send('keep/a'), 429);
  for (const slot of slots) media.endStream(slot);
  assert.equal(await shown('show/a'), 404, 'it goes with the stream');
  assert.equal(await shown('keep/a'), 200, 'but where the app keeps the last picture');
});

test('short links lead to streams, and are not taken twice', async () => {
  const { ask } = world();
  const make = (body: object) =>
    ask('/api/short-links', {
      method: 'POST',
      headers: { ...owner, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  assert.equal((await make({ stream: 'show/a', name: 'Stage' })).status, 201);
  assert.equal((await make({ stream: 'show/b', name: 'stage' })).status, 409);
  assert.equal((await make({ stream: 'show/b', name: '../x' })).status, 400);
  assert.equal((await make({ stream: 'show', name: 'x' })).status, 404);
  const made = (await (await make({ stream: 'show/b' })).json()) as { name: string; url: string };
  assert.match(made.name, /^[a-z0-9]{6}$/);
  assert.equal(made.url, `https://live.example.net/~${made.name}`);
});
