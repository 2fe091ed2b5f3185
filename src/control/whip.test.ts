import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { nodeEnv } from '../../test/fakes/access.ts';
import { FakeMedia, PUBLISH_KEY, signallingDeps } from '../../test/fakes/media-gate.ts';
import { readSdp } from '../../test/vectors/sdp/read.ts';
import { whepRoutes } from './whep.ts';
import { whipRoutes } from './whip.ts';

const offer = readSdp('publish-obs-32.sdp');
const view = readSdp('view-chromium-156.sdp');
const bearer = { Authorization: `Bearer ${PUBLISH_KEY}` };
const sdp = { 'Content-Type': 'application/sdp' };
const sdpfrag = { 'Content-Type': 'application/trickle-ice-sdpfrag' };

function start() {
  const media = new FakeMedia();
  const deps = signallingDeps(media);
  const app = new Hono();
  app.route('/', whipRoutes(deps));
  app.route('/', whepRoutes(deps));
  app.get('/:app/:stream', (context) => context.text('the page'));
  const call = (method: string, url: string, headers: object = {}, body?: string) =>
    app.request(
      url,
      { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) },
      nodeEnv(headers),
    );
  const publish = (url = '/show/slot-1/whip', headers: object = bearer, body = offer) =>
    call('POST', url, { ...sdp, 'User-Agent': 'OBS', ...headers }, body);
  const watch = (url = '/show/slot-1/whep', body = view) => call('POST', url, sdp, body);
  return { media, deps, call, publish, watch };
}

async function detailOf(response: Response): Promise<string> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  const problem = (await response.json()) as Record<string, unknown>;
  assert.equal(problem['status'], response.status);
  assert.equal(typeof problem['title'], 'string');
  assert.match(String(problem['type']), /^urn:millrace:problem:[a-z-]+$/);
  return String(problem['detail']);
}

function locationOf(response: Response): string {
  const location = response.headers.get('location');
  assert.ok(location);
  return location;
}

test('WHIP: an offer becomes a session of its own', async () => {
  const { media, publish } = start();
  const response = await publish();
  const answer = await response.text();
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('content-type'), 'application/sdp');
  assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(answer)));
  assert.match(locationOf(response), /^\/show\/slot-1\/whip\/[\w-]{22}$/);
  assert.match(response.headers.get('etag') ?? '', /^"[\w-]+"$/);
  assert.equal(response.headers.get('accept-patch'), 'application/trickle-ice-sdpfrag');
  assert.match(response.headers.get('access-control-expose-headers') ?? '', /Location.*ETag.*Link/);
  assert.match(answer, /^v=0\r\n/);
  const opened = media.last('open-publisher');
  assert.equal(opened.stream, 'show/slot-1');
  assert.equal(opened.userAgent, 'OBS');
  assert.equal(opened.session, locationOf(response).split('/').at(-1));
  assert.equal(opened.peer.remoteUfrag, 'cUBU');
  assert.deepEqual(opened.peer.transports, ['udp', 'tcp']);
  assert.match(answer, new RegExp(`a=ice-pwd:${opened.peer.localPwd.replaceAll('+', '\\+')}\r\n`));
});

test('WHIP: every session has its own credentials', async () => {
  const { media, publish } = start();
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    await publish();
    const { session, peer } = media.last('open-publisher');
    for (const secret of [session, peer.localUfrag, peer.localPwd]) seen.add(secret);
    assert.ok(peer.localUfrag.length >= 4 && peer.localPwd.length >= 22); // RFC 8839 §5.4
  }
  assert.equal(seen.size, 9);
});

test("WHIP: OvenMediaEngine's URL, and a key in the URL", async () => {
  const { publish, deps } = start();
  const response = await publish(`/show/slot-1?direction=whip&key=${PUBLISH_KEY}`, {});
  assert.equal(response.status, 201);
  assert.match(locationOf(response), /^\/show\/slot-1\/whip\//);
  const [asked] = deps.asked;
  assert.ok(asked?.action === 'publish');
  assert.equal(asked.protocol, 'whip');
  assert.equal(asked.stream, 'show/slot-1');
  assert.ok(asked.credential?.matches(PUBLISH_KEY));
  assert.equal(asked.client.address, '192.0.2.99');
  assert.ok(!JSON.stringify(asked).includes(PUBLISH_KEY));
});

test('WHIP: transports as the URL wants them', async () => {
  const { media, publish } = start();
  const cases: readonly [string, readonly string[]][] = [
    ['udp', ['udp']],
    ['TCP', ['tcp']],
    ['udptcp', ['udp', 'tcp']],
    ['relay', ['tcp']],
    ['', ['udp', 'tcp']],
  ];
  for (const [word, transports] of cases) {
    await publish(`/show/slot-1/whip?transport=${word}`);
    assert.deepEqual(media.last('open-publisher').peer.transports, transports, word);
  }
  const response = await publish('/show/slot-1/whip?transport=constructor');
  assert.equal(response.status, 400);
  assert.equal(await detailOf(response), 'The transport can be udp, tcp or udptcp.');
});

const refused: readonly {
  name: string;
  url?: string;
  headers?: object;
  body?: string;
  status: number;
  detail: RegExp;
}[] = [
  { name: 'no key', headers: {}, status: 401, detail: /A key is needed/ },
  {
    name: 'a wrong key',
    headers: { Authorization: 'Bearer x' },
    status: 401,
    detail: /not the key/,
  },
  {
    name: 'Basic',
    headers: { Authorization: 'Basic eDp5' },
    status: 401,
    detail: /A key is needed/,
  },
  { name: 'an unknown app', url: '/other/slot-1/whip', status: 404, detail: /no app "other"/ },
  { name: 'a bad name', url: '/show/a%20b/whip', status: 404, detail: /stream name/ },
  {
    name: 'JSON',
    headers: { ...bearer, 'Content-Type': 'application/json' },
    status: 415,
    detail: /application\/sdp/,
  },
  { name: '70 kB', body: 'x'.repeat(70_000), status: 413, detail: /64 kB/ },
  { name: 'no SDP', body: '{}', status: 400, detail: /v=0/ },
  {
    name: 'H.263',
    body: offer.replace('H264/', 'H263/'),
    status: 422,
    detail: /takes H\.264, .* video and Opus audio/,
  },
];

for (const { name, url, headers, body, status, detail } of refused) {
  test(`WHIP: refuses ${name}`, async () => {
    const { media, deps, publish } = start();
    const response = await publish(url, headers, body);
    assert.equal(response.status, status);
    assert.match(await detailOf(response), detail);
    assert.deepEqual(media.told, []);
    assert.equal(deps.refusals.length, 1);
    assert.ok(!JSON.stringify(deps.refusals).includes(PUBLISH_KEY));
  });
}

test('WHIP: says how to come in', async () => {
  const { publish } = start();
  const nothing = await publish(undefined, {});
  assert.equal(nothing.headers.get('www-authenticate'), 'Bearer realm="millrace"');
  const wrong = await publish(undefined, { Authorization: 'Bearer x' });
  assert.match(wrong.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
});

test('WHIP: a body may come without its type', async () => {
  const { call } = start();
  const body = new TextEncoder().encode(offer);
  const response = await call('POST', '/show/slot-1/whip', bearer, body as unknown as string);
  assert.equal(response.status, 201);
});

test('WHIP: a media plane that refuses or is silent', async () => {
  const { media, deps, publish } = start();
  for (const answer of ['limit-reached', 'server-stopping', new Error('silent')] as const) {
    media.nextOpen = answer;
    const response = await publish();
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '5');
  }
  assert.equal(media.last('close').reason, 'internal-error');
  assert.equal(deps.sessions.size, 0);
});

test('WHIP: no address to be reached at', async () => {
  const { call, deps } = start();
  const app = new Hono().route('/', whipRoutes({ ...deps, candidates: () => [] }));
  const response = await app.request(
    '/show/a/whip',
    {
      method: 'POST',
      headers: { ...sdp, ...bearer },
      body: offer,
    },
    nodeEnv(bearer),
  );
  assert.equal(response.status, 503);
  assert.match(await detailOf(response), /no address of its own .* udp or tcp/);
  assert.equal((await call('GET', '/show/a')).status, 200);
});

test('DELETE ends the session, however the URL comes back', async () => {
  for (const end of ['', '?direction=whip', '%3Fdirection=whip']) {
    const { media, call, publish } = start();
    const location = locationOf(await publish());
    const response = await call('DELETE', location + end);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-length'), '0');
    assert.equal(media.last('close').reason, 'left');
    assert.equal((await call('DELETE', location)).status, 200); // OBS says so twice
    assert.equal(media.told.filter(({ type }) => type === 'close').length, 1);
  }
});

test('DELETE after the connection ended by itself is well too', async () => {
  const { media, call, publish } = start();
  const location = locationOf(await publish());
  media.endSession(media.last('open-publisher').session, 'show/slot-1', 'left');
  assert.equal((await call('DELETE', location)).status, 200);
  assert.equal((await call('PATCH', location, sdpfrag, '')).status, 404);
  assert.equal(media.told.length, 1);
});

test('a session that the operator ended says so to who asks, and its DELETE is well', async () => {
  const { media, call, publish } = start();
  const location = locationOf(await publish());
  media.endSession(media.last('open-publisher').session, 'show/slot-1', 'kicked');
  const response = await call('PATCH', location, sdpfrag, '');
  assert.equal(response.status, 410);
  assert.match(await detailOf(response), /has ended this session/);
  assert.equal((await call('DELETE', location)).status, 200);
});

test('nobody ends a session by another name', async () => {
  const { media, call, publish } = start();
  const location = locationOf(await publish());
  for (const url of [
    location.replace('slot-1', 'slot-2'),
    location.replace('/whip/', '/whep/'),
    `${location}x`,
    '/show/slot-1/whip/',
  ]) {
    const response = await call('DELETE', url);
    assert.ok([404, 405].includes(response.status), url);
  }
  assert.equal(media.told.length, 1);
});

test('PATCH: candidates are taken note of, with the right ETag only', async () => {
  const { media, call, publish } = start();
  const created = await publish(undefined, bearer, readSdp('publish-gstreamer.sdp'));
  const location = locationOf(created);
  const body = readSdp('fragment-gstreamer.sdpfrag');
  const patch = (headers: object, text = body) => call('PATCH', location, headers, text);
  const etag = created.headers.get('etag');
  assert.equal((await patch({ ...sdpfrag, 'If-Match': etag })).status, 204);
  assert.equal((await patch({ ...sdpfrag, 'If-Match': `"x", ${etag}` })).status, 204);
  assert.equal((await patch({ ...sdpfrag, 'If-Match': '*' })).status, 204);
  assert.equal((await patch({ ...sdpfrag, 'If-Match': '"e1"' })).status, 412);
  assert.equal((await patch(sdpfrag)).status, 428);
  assert.equal((await patch({ ...sdp, 'If-Match': etag })).status, 415);
  assert.equal((await patch({ ...sdpfrag, 'If-Match': etag }, 'nonsense')).status, 400);
  assert.equal((await patch({ ...sdpfrag, 'If-Match': etag }, 'a=x\n'.repeat(20_000))).status, 413);
  assert.equal(media.told.length, 1);
});

test('PATCH: new credentials restart ICE', async () => {
  const { media, call, watch } = start();
  const created = await watch();
  const location = locationOf(created);
  const restart = (ufrag: string, ifMatch: string | null) =>
    call(
      'PATCH',
      location,
      { ...sdpfrag, 'If-Match': ifMatch },
      `a=ice-ufrag:${ufrag}\r\na=ice-pwd:0123456789012345678901\r\n`,
    );
  const response = await restart('newUfrag', '"*"');
  const text = await response.text();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/trickle-ice-sdpfrag');
  assert.equal(response.headers.get('content-length'), String(text.length));
  const told = media.last('restart-ice');
  assert.equal(told.remoteUfrag, 'newUfrag');
  assert.ok(text.includes(`a=ice-ufrag:${told.localUfrag}\r\na=ice-pwd:${told.localPwd}\r\n`));
  assert.notEqual(told.localUfrag, media.last('open-viewer').peer.localUfrag);
  const etag = response.headers.get('etag');
  assert.notEqual(etag, created.headers.get('etag'));
  assert.equal((await restart('newUfrag', etag)).status, 204); // candidates of the new session
  assert.equal((await restart('third', created.headers.get('etag'))).status, 412);
});

test('OPTIONS lets pages of other sites in, without a key', async () => {
  const { call, publish } = start();
  const location = locationOf(await publish());
  for (const url of ['/show/slot-1/whip', '/show/slot-1?direction=whep', location]) {
    const response = await call('OPTIONS', url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.match(response.headers.get('access-control-allow-methods') ?? '', /POST, PATCH, DELETE/);
    assert.match(response.headers.get('access-control-allow-headers') ?? '', /If-Match/);
    assert.equal(response.headers.get('accept-post'), 'application/sdp');
  }
});

test('other methods are refused, other pages are left alone', async () => {
  const { call, publish } = start();
  const location = locationOf(await publish());
  for (const url of ['/show/slot-1/whip', '/show/slot-1?direction=whip', '/show/slot-1/whep']) {
    const response = await call('GET', url);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'OPTIONS, POST');
  }
  const response = await call('PUT', location);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'OPTIONS, PATCH, DELETE');
  assert.equal(await (await call('GET', '/show/slot-1?direction=other')).text(), 'the page');
});

test('WHEP: needs no key, and no live stream', async () => {
  const { media, watch } = start();
  const response = await watch();
  assert.equal(response.status, 201);
  assert.match(locationOf(response), /^\/show\/slot-1\/whep\/[\w-]{22}$/);
  const opened = media.last('open-viewer');
  assert.equal(opened.protocol, 'whep');
  assert.deepEqual(opened.peer.transports, ['tcp']);
  const [video, audio] = opened.tracks;
  const types = (track = video) =>
    track?.payloadTypes.map(({ codec, payloadType }) => [codec, payloadType]);
  assert.deepEqual(types(video), [
    ['vp8', 96],
    ['vp9', 98],
    ['h264', 108],
    ['av1', 45],
  ]);
  assert.deepEqual(types(audio), [['opus', 111]]);
  assert.notEqual(video?.ssrc, audio?.ssrc);
  assert.match(await response.text(), new RegExp(`a=ssrc:${video?.ssrc} cname:`));
});

test('WHEP: UDP where the URL wants it', async () => {
  const { media, watch } = start();
  await watch('/show/slot-1?direction=whep&transport=udp');
  assert.deepEqual(media.last('open-viewer').peer.transports, ['udp']);
  assert.equal(media.last('open-viewer').tracks[0]?.nack, true);
});

test('WHEP: an unknown app, a player that cannot show what is live', async () => {
  const { media, watch } = start();
  const unknown = await watch('/other/slot-1/whep');
  assert.equal(unknown.status, 404);
  assert.equal(await detailOf(unknown), 'This server has no app "other".');
  const firefox = readSdp('view-firefox-153.sdp'); // one without H.264
  assert.equal((await watch(undefined, firefox)).status, 201, 'not live yet: it may come as VP8');
  media.goLive('show/slot-1', 'h264');
  const refused = await watch(undefined, firefox);
  assert.equal(refused.status, 422);
  assert.match(await detailOf(refused), /This stream is H\.264, which this player cannot show\./);
  const soundOnly = firefox.replace('m=video 9', 'm=video 0');
  assert.equal((await watch(undefined, soundOnly)).status, 201);
  media.goLive('show/slot-1', 'vp9');
  assert.equal((await watch(undefined, firefox)).status, 201);
});

test('WHIP: a client that goes in the middle of its offer gives its place back', async () => {
  const media = new FakeMedia();
  const deps = signallingDeps(media);
  const app = new Hono().route('/', whipRoutes(deps));
  app.onError((_, context) => context.text('', 500));
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('v=0')),
    pull: (controller) => controller.error(new Error('aborted')),
  });
  const headers = { ...sdp, ...bearer };
  const init = { method: 'POST', headers, body, duplex: 'half' } as const;
  const response = await app.request('/show/a/whip', init, nodeEnv(headers));
  assert.equal(response.status, 500);
  assert.equal(deps.ended.length, 1);
  const [asked] = deps.asked;
  assert.ok(asked && 'session' in asked && asked.session === deps.ended[0]);
});
