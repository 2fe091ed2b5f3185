/** Attack: to find the publish key in what everybody may see. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { setStage } from './stage.ts';
import { openSession, pause, publisherOffer, viewerOffer } from './stranger.ts';

const stage = setStage();

/** The key in all the shapes in which it could have slipped out. */
function shapesOf(key: string): readonly string[] {
  const bytes = Buffer.from(key, 'base64url');
  return [
    key,
    encodeURIComponent(key),
    bytes.toString('base64'),
    bytes.toString('hex'),
    Buffer.from(key).toString('base64'),
    key.slice(0, 12),
    key.slice(-12),
  ];
}

function assertNone(text: string, where: string): void {
  for (const shape of shapesOf(stage.server.key)) {
    assert.ok(!text.includes(shape), `${where} tells the key, or a part of it`);
  }
}

/** Follows every link, script and style of our own pages. */
async function crawl(origin: string, starts: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const todo = [...starts];
  for (let path = todo.shift(); path !== undefined; path = todo.shift()) {
    if (found.has(path)) continue;
    // A stranger's request, as a proxy would pass it on: not from this machine.
    const response = await fetch(origin + path, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    const headers = JSON.stringify([...response.headers]);
    const text = await response.text();
    found.set(path, headers + text);
    if (!/html|css|javascript/.test(response.headers.get('content-type') ?? '')) continue;
    for (const [, target = ''] of text.matchAll(
      /(?:href|src|import|from|url)[=(\s]*["'(]?([\w./-]+)/g,
    )) {
      const url = URL.parse(target, origin + path);
      if (url?.origin === origin && /^\/[\w./-]*$/.test(url.pathname)) todo.push(url.pathname);
    }
  }
  return found;
}

test('it is on no page, in no script, in no answer of the API and in no header', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const origin = `http://127.0.0.1:${server.http}`;
    const paths = [
      '/',
      '/show/innocent',
      '/show/other',
      '/api',
      '/api/',
      '/api/live',
      '/api/streams',
      '/api/config',
      '/api/keys',
    ];
    const more = [
      '/player.js',
      '/favicon.svg',
      '/robots.txt',
      '/.env',
      '/millrace.yaml',
      '/state/',
      '/config/example.yaml',
      '/package.json',
    ];
    const pages = await crawl(origin, [...paths, ...more]);
    assert.ok(pages.size > 15, `${pages.size} pages`);
    assert.ok(
      [...pages.values()].some((text) => text.includes('show/innocent')),
      'the list was among them',
    );
    for (const [path, text] of pages) assertNone(text, path);
  }));

test('it is in no answer to an offer, right or wrong, and in nothing that a player is told', async () => {
  const { server } = stage;
  const { answer } = await openSession(server, 'show/innocent/whep', viewerOffer());
  assertNone(answer, 'the WHEP answer');
  const publishing = await openSession(server, 'show/key/whip', publisherOffer()).catch(String);
  assertNone(JSON.stringify(publishing), 'a refusal');
  const opened = await openSession(server, `show/key/whip?key=${server.key}`, publisherOffer());
  assertNone(JSON.stringify(opened), 'the WHIP answer and its Location');
  const socket = new WebSocket(server.websocket('show/innocent'));
  const told: string[] = [];
  socket.on('message', (data) => told.push(String(data)));
  socket.on('open', () => socket.send('{"command":"request_offer"}'));
  await pause(500);
  socket.close();
  assert.ok(told.length > 0);
  assertNone(told.join('\n'), 'the offer to OvenPlayer');
});

test('nothing that a viewer sees is a key: names, ids, credentials, every word of every page', async () => {
  const { server } = stage;
  const origin = `http://127.0.0.1:${server.http}`;
  const pages = await crawl(origin, ['/', '/show/innocent', '/login', '/api/live', '/player.js']);
  const { answer, location, ufrag, pwd } = await openSession(
    server,
    'show/innocent/whep',
    viewerOffer(),
  );
  const seen = [...pages.values(), answer, location].join('\n');
  // Keys are of these letters; shorter words are no secret whatever they open.
  const words = new Set(seen.match(/[\w-]{4,64}/g) ?? []);
  for (const word of ['innocent', 'show/innocent', ufrag, pwd]) words.add(word);
  assert.ok(words.size > 500, `${words.size} words`);
  const url = `${origin}/show/innocent/whip`;
  const statuses = new Map<number, number>();
  for (const word of words) {
    const headers = { authorization: `Bearer ${word}`, 'content-type': 'application/sdp' };
    const response = await fetch(url, { method: 'POST', headers, body: '' });
    await response.body?.cancel();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  assert.deepEqual([...statuses.keys()], [401]);
});

test('what a stranger may know of streams is their names', async () => {
  const { server } = stage;
  const headers = { 'x-forwarded-for': '192.0.2.1' };
  const live = await (await fetch(`http://127.0.0.1:${server.http}/api/live`, { headers })).json();
  assert.deepEqual(Object.keys(live as object).toSorted(), ['rtmpPort', 'streams']);
  for (const path of [
    '/api/streams',
    '/api/STREAMS',
    '/api//streams',
    '/api/streams/',
    '/api/streams?x',
    '/API/streams',
    '/api/live/../streams',
  ]) {
    const response = await fetch(`http://127.0.0.1:${server.http}${path}`, { headers });
    const text = await response.text();
    assert.ok(!/viewers(?:"|&quot;)\s*:\s*\d/.test(text), `${path}: ${text.slice(0, 100)}`);
  }
});

test('the log tells it once: where the operator is told how to publish', async () => {
  const { server } = stage;
  const wrong = { authorization: `Bearer ${server.key}x` };
  const body = { method: 'POST', body: publisherOffer() };
  await fetch(`${server.whip('show/key')}?key=${server.key}x`, body);
  await fetch(server.whip('show/key'), { ...body, headers: wrong });
  await fetch(`${server.whip('show/bad%20name')}?key=${server.key}`, body);
  await pause(200);
  const lines = server.log.split('\n').filter((line) => line.startsWith('{'));
  assert.ok(
    lines.some((line) => line.includes('wrong-key')),
    'refusals are logged',
  );
  for (const line of lines) assertNone(line, 'the log');
});

test('its file is for its owner only', () => {
  const state = stage.server.stateDir;
  assert.equal(statSync(state).mode & 0o077, 0);
  for (const name of readdirSync(state))
    assert.equal(statSync(`${state}/${name}`).mode & 0o077, 0, name);
});
