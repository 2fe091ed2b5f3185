/** Real clients' HTTP requests, byte for byte, and what each of them needs in the answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { FakeMedia, PUBLISH_KEY, signallingDeps } from '../../test/fakes/media-gate.ts';
import { readRequest, retarget } from '../../test/vectors/http/read.ts';
import { whepRoutes } from './whep.ts';
import { whipRoutes } from './whip.ts';

type Answer = {
  readonly status: number;
  /** As it came, in lines. */
  readonly head: string;
  readonly body: string;
};

type World = {
  readonly media: FakeMedia;
  /** Sends a recorded request to `path`. */
  readonly send: (vector: string, path: string, etag?: string) => Promise<Answer>;
};

async function start(context: TestContext): Promise<World> {
  const media = new FakeMedia();
  const deps = signallingDeps(media);
  const app = new Hono().route('/', whipRoutes(deps)).route('/', whepRoutes(deps));
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const send = async (vector: string, path: string, etag = '"unknown"'): Promise<Answer> => {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(retarget(readRequest(vector), { path, key: PUBLISH_KEY, etag }));
    let heard = '';
    for await (const data of socket) {
      heard += data;
      const answer = read(heard);
      if (answer !== undefined) return answer;
    }
    return assert.fail(`${vector}: ${heard}`);
  };
  return { media, send };
}

/** Undefined while some of it is missing: clients with simple HTTP go by Content-Length alone. */
function read(heard: string): Answer | undefined {
  const end = heard.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = heard.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d+) /.exec(head)?.[1]);
  const body = heard.slice(end + 4);
  const length = status === 204 ? 0 : Number(header(head, 'Content-Length'));
  return body.length < length ? undefined : { status, head, body };
}

/** OBS wants a space behind the colon. */
function header(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
}

const WHIP = '/show/slot-1/whip';
const WHEP = '/show/slot-1/whep';
const OVEN_WHIP = `/show/slot-1?direction=whip&key=${PUBLISH_KEY}`;

function endpointOf(vector: string): string {
  if (vector.includes('ovenlivekit')) return OVEN_WHIP;
  return vector.startsWith('whip') ? WHIP : WHEP;
}

const posts = [
  'whip-post-obs-32.http',
  'whip-post-obs-32-simulcast.http',
  'whip-post-ffmpeg-9.http',
  'whip-post-gstreamer.http',
  'whip-post-chromium-156.http',
  'whip-post-firefox-153.http',
  'whip-post-ovenlivekit-1.5.8.http',
  'whep-post-chromium-156.http',
];

for (const vector of posts) {
  test(`answered as its client needs it: ${vector}`, async (context) => {
    const { send } = await start(context);
    const isWhip = vector.startsWith('whip');
    const { status, head, body } = await send(vector, endpointOf(vector));
    assert.equal(status, 201, 'OBS takes no other');
    assert.match(header(head, 'Location') ?? '', /^\/show\/slot-1\/wh[ie]p\/[\w-]{22}$/);
    assert.equal(header(head, 'Content-Type'), 'application/sdp');
    assert.equal(Number(header(head, 'Content-Length')), body.length);
    assert.doesNotMatch(head, /^(transfer|content)-encoding:/im);
    assert.doesNotMatch(head, /^link:/im, 'OBS misreads lists, OvenPlayer would relay');
    assert.match(body, /^v=0\r\n/);
    // OBS has no candidates of its own to offer and gets none later; FFmpeg takes the first line with "udp" in it.
    const first = /^a=candidate:.*$/m.exec(body)?.[0] ?? '';
    assert.match(first, isWhip ? / 1 UDP \d+ [\d.]+ \d+ typ host\r?$/ : / 1 TCP /);
    assert.match(header(head, 'ETag') ?? '', /^"[\w-]+"$/);
    assert.equal(header(head, 'Access-Control-Allow-Origin'), '*');
    assert.match(header(head, 'Access-Control-Expose-Headers') ?? '', /Location.*ETag/);
  });
}

/** Opens a session with one recorded request; gives its URL and its ETag. */
async function open(world: World, vector: string): Promise<{ path: string; etag: string }> {
  const { status, head } = await world.send(vector, endpointOf(vector));
  assert.equal(status, 201);
  return { path: header(head, 'Location') ?? '', etag: header(head, 'ETag') ?? '' };
}

const patches = [
  { patch: 'whip-patch-chromium-156.http', of: 'whip-post-chromium-156.http' },
  { patch: 'whip-patch-end-chromium-156.http', of: 'whip-post-chromium-156.http' },
  { patch: 'whip-patch-gstreamer.http', of: 'whip-post-gstreamer.http' },
  { patch: 'whip-patch-firefox-153.http', of: 'whip-post-firefox-153.http' },
  { patch: 'whep-patch-chromium-156.http', of: 'whep-post-chromium-156.http' },
];

for (const { patch, of } of patches) {
  test(`candidates are taken note of: ${patch}`, async (context) => {
    const world = await start(context);
    const { path, etag } = await open(world, of);
    const { status } = await world.send(patch, path, etag);
    assert.equal(status, 204);
    assert.equal(world.media.told.length, 1, 'they change nothing');
  });
}

test('without If-Match a viewer may tell its candidates, and nothing else', async (context) => {
  const world = await start(context);
  const { path } = await open(world, 'whep-post-chromium-156.http');
  const stale = await open(world, 'whep-post-chromium-156.http');
  world.media.told.length = 0;
  assert.equal((await world.send('whep-patch-chromium-156.http', path)).status, 204);
  const restart = await world.send('whip-restart-chromium-156.http', stale.path);
  assert.equal(restart.status, 200);
  assert.equal(
    (await world.send('whep-patch-chromium-156.http', stale.path)).status,
    428,
    'credentials of another ICE session would restart it',
  );
  const publisher = await open(world, 'whip-post-firefox-153.http');
  assert.equal(
    (await world.send('whep-patch-chromium-156.http', publisher.path)).status,
    428,
    'RFC 9725 asks publishers for it',
  );
});

test("whip-whep's ICE restart, its candidates and their end after it", async (context) => {
  const world = await start(context);
  const { path, etag } = await open(world, 'whip-post-chromium-156.http');
  const { status, head, body } = await world.send('whip-restart-chromium-156.http', path, etag);
  assert.equal(status, 200);
  const told = world.media.last('restart-ice');
  assert.equal(told.remoteUfrag, 'FuU5');
  assert.match(body, /a=ice-ufrag:.*\r\n/);
  assert.match(body, /a=ice-pwd:.*\r\n/);
  // It would join them with commas; without any, Chromium checks the ones that it knows.
  assert.doesNotMatch(body, /candidate/);
  const newEtag = header(head, 'ETag');
  assert.notEqual(newEtag, etag);
  const end = 'whip-patch-end-chromium-156.http'; // of the session before
  assert.equal((await world.send(end, path, etag)).status, 412);
});

for (const vector of ['whip-delete-obs-32.http', 'whip-delete-chromium-156.http']) {
  test(`DELETE is answered 200, with a length: ${vector}`, async (context) => {
    const world = await start(context);
    const { path } = await open(world, 'whip-post-obs-32.http');
    const { status, head } = await world.send(vector, path);
    assert.equal(status, 200, 'OBS logs a warning at 204');
    assert.equal(header(head, 'Content-Length'), '0');
    assert.equal(world.media.last('close').reason, 'left');
  });
}

for (const vector of [
  'whip-preflight-chromium-156.http',
  'whip-preflight-ovenlivekit-1.5.8.http',
]) {
  test(`a preflight is allowed what it asks for: ${vector}`, async (context) => {
    const { send } = await start(context);
    const { status, head } = await send(vector, endpointOf(vector));
    assert.equal(status, 200);
    const asked = readRequest(vector).headers.join('\n');
    const allowed = header(head, 'Access-Control-Allow-Headers')?.toLowerCase().split(', ') ?? [];
    const wanted = header(asked, 'Access-Control-Request-Headers')?.split(',') ?? [];
    assert.ok(wanted.length >= 2, 'of the recording');
    for (const name of wanted) assert.ok(allowed.includes(name), name);
    const method = header(asked, 'Access-Control-Request-Method') ?? '';
    assert.ok(header(head, 'Access-Control-Allow-Methods')?.split(', ').includes(method));
  });
}
