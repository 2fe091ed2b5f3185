/**
 * Who may, for real: an owner who signs in by the pages, keys and links by the API, ffmpeg that publishes, Chromium and
 * OvenPlayer's socket that watch. Every secret that was used on the way is looked for in the whole log at the end.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { WebSocket } from 'ws';
import type { MadeKey, MadeLink } from '../../src/api/access.ts';
import { openSession, pause, publisherOffer, viewerOffer } from '../attacks/stranger.ts';
import { Chromium } from './chromium.ts';
import { endProcess, FFMPEG } from './ffmpeg.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
const VIEWING_PASSWORD = 'one that is easy to say';
/** From a click to a closed connection: what "at once" means. */
const CUT_MS_MAX = 2000;

const CONFIG = `
apps:
  show: {viewing: link}
  word: {viewing: password, viewing_password: ${JSON.stringify(VIEWING_PASSWORD)}}
  members: {viewing: members}
  live:
`;

let server: TestServer;
let chromium: Chromium;
let page: Page;
/** Everything that may be in no log line. */
const secrets: string[] = [PASSWORD, VIEWING_PASSWORD];

before(async () => {
  server = await TestServer.start({ config: CONFIG });
  chromium = await Chromium.start({ autoplay: 'allowed' });
  secrets.push(server.key, server.claimCode);
  const viewer = await chromium.open(`${origin()}/login#claim=${server.claimCode}`);
  page = viewer.page;
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.waitForURL(`${origin()}/`);
  for (const { value } of await page.context().cookies()) secrets.push(value);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function origin(): string {
  return `http://127.0.0.1:${server.http}`;
}

/** As a page of ours asks: with the owner's cookie. */
function api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  return page.evaluate(
    async ({ method, path, body }) => {
      const response = await fetch(`/api${path}`, {
        method,
        headers: { 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    { method, path, body },
  );
}

async function newKey(target: string, more: object = {}): Promise<MadeKey> {
  const made = await api<MadeKey>('POST', '/keys', { name: `for ${target}`, target, ...more });
  secrets.push(made.secret);
  return made;
}

type Encoder = { readonly child: ChildProcess; readonly said: () => string };

/** A test picture to an RTMP server URL and a stream key, as OBS has them. */
function publish(app: string, streamKey: string): Encoder {
  const source = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=15'];
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '15'];
  const url = `rtmp://127.0.0.1:${server.rtmp}/${app}/${streamKey}`;
  const child = spawn(
    FFMPEG,
    ['-hide_banner', '-nostdin', ...source, ...encoder, '-t', '40', '-f', 'flv', url],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  return { child, said: () => said };
}

async function refused(app: string, streamKey: string): Promise<string> {
  const { child, said } = publish(app, streamKey);
  await once(child, 'close');
  return said();
}

function isLive(name: string) {
  return server.waitFor(name, (stream) => stream?.live === true);
}

test('a key is good for what it was made for, by every road', async () => {
  const one = await newKey('show/slot-1');
  const roads: readonly [app: string, key: string][] = [
    ['show', `slot-1?key=${one.secret}`],
    ['show', `slot-1?password=${one.secret}`],
    ['show', one.secret],
    ['show/slot-1', one.secret],
  ];
  for (const [app, key] of roads) {
    const encoder = publish(app, key);
    await isLive('show/slot-1');
    await endProcess(encoder.child);
    await server.waitFor('show/slot-1', (stream) => stream?.live !== true);
  }
  await openSession(server, `show/slot-1/whip?key=${one.secret}`, publisherOffer());
  const bearer = { authorization: `Bearer ${one.secret}` };
  await openSession(server, 'show/slot-1/whip', publisherOffer(), bearer);
  await assert.rejects(
    openSession(server, 'show/slot-2/whip', publisherOffer(), bearer),
    /403.*key-elsewhere/,
  );
  assert.match(await refused('show', `slot-2?key=${one.secret}`), /for another stream/);
});

test('a wrong key is refused in words, which say nothing of what there is', async () => {
  const wrong = 'Wr0ngWr0ngWr0ngWr0ngWr0ngWr0ng12';
  secrets.push(wrong);
  const answers = [];
  for (const app of ['show', 'live', 'nothing']) {
    const said = await refused(app, `slot-1?key=${wrong}`);
    assert.match(said, /This is not a key of this server/);
    const response = await fetch(`${origin()}/${app}/slot-1/whip?key=${wrong}`, {
      method: 'POST',
      body: publisherOffer(),
    });
    answers.push(`${response.status} ${await response.text()}`);
  }
  assert.match(answers[0] ?? '', /^401/);
  assert.equal(new Set(answers).size, 1);
  assert.match(await refused('live', server.key), /set the stream key to/);
});

test('a key that is taken back cuts who publishes with it, at once', async () => {
  const key = await newKey('show/cut');
  const other = await newKey('show/cut-not');
  const encoder = publish('show', `cut?key=${key.secret}`);
  const neighbour = publish('show', `cut-not?key=${other.secret}`);
  await Promise.all([isLive('show/cut'), isLive('show/cut-not')]);
  const headers = { authorization: `Bearer ${key.secret}` };
  const whip = await openSession(server, 'show/cut/whip', publisherOffer(), headers);
  const sinceMs = performance.now();
  await api('DELETE', `/keys/${key.key.id}`);
  await once(encoder.child, 'close');
  assert.ok(performance.now() - sinceMs < CUT_MS_MAX);
  await server.waitFor('show/cut', (stream) => stream?.live !== true);
  const patch = { method: 'PATCH', headers: { 'if-match': '*' } };
  assert.equal((await fetch(origin() + whip.location, patch)).status, 404);
  assert.equal((await server.stream('show/cut-not'))?.live, true);
  assert.match(server.log, /"stream":"show\/cut",[^\n]*"reason":"revoked"/);
  assert.match(await refused('show', `cut?key=${key.secret}`), /was revoked/);
  await endProcess(neighbour.child);
});

test('a key that is good for a time ends its publisher with it', async () => {
  const expires = new Date(Date.now() + 6000).toISOString();
  const key = await newKey('live/short', { expires });
  const encoder = publish('live', `short?key=${key.secret}`);
  await isLive('live/short');
  await once(encoder.child, 'close');
  assert.match(server.log, /"stream":"live\/short",[^\n]*"reason":"expired"/);
  assert.match(await refused('live', `short?key=${key.secret}`), /has expired/);
});

test('a link shows its stream, on the page and by OvenPlayer, until it is taken back', async () => {
  const { token, link } = await api<MadeLink>('POST', '/links', {
    name: 'press',
    target: 'show/linked',
  });
  secrets.push(token);
  const encoder = publish('show', `linked?key=${server.key}`);
  await isLive('show/linked');
  const guest = await Chromium.start({ autoplay: 'allowed' });
  try {
    const viewer = await guest.open(`${origin()}/show/linked?link=${token}`);
    await playerIs(viewer.page, 'live');
    const offered = await firstWord(`show/linked?link=${token}`);
    assert.equal(offered['command'], 'offer');
    const denied = await firstWord('show/linked');
    assert.equal(denied['code'], 401);
    await assert.rejects(openSession(server, 'show/linked/whep', viewerOffer()), /401/);
    await assert.rejects(
      openSession(server, `show/other/whep?link=${token}`, viewerOffer()),
      /link-wrong/,
    );
    // Within the signature; its last letter is not all of use.
    const forged = token.replace(/.(?=.{5}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    await assert.rejects(
      openSession(server, `show/linked/whep?link=${forged}`, viewerOffer()),
      /link-wrong/,
    );
    await api('DELETE', `/links/${link.id}`);
    await playerIs(viewer.page, 'error');
  } finally {
    await guest.close();
  }
  await endProcess(encoder.child);
});

async function playerIs(page: Page, state: string): Promise<void> {
  await page.waitForFunction(`document.querySelector('millrace-player')?.state === '${state}'`);
}

/** What OvenPlayer's server says first. */
async function firstWord(path: string): Promise<Record<string, unknown>> {
  const socket = new WebSocket(server.websocket(path));
  await once(socket, 'open');
  socket.send('{"command":"request_offer"}');
  const [data] = await once(socket, 'message');
  socket.close();
  return JSON.parse(String(data)) as Record<string, unknown>;
}

test('a password opens its app for the browser that gave it; names stay hidden from others', async () => {
  const encoder = publish('word', `hidden?key=${server.key}`);
  await isLive('word/hidden');
  const live = async () => (await (await fetch(`${origin()}/api/live`)).json()) as object;
  assert.ok(!JSON.stringify(await live()).includes('hidden'));
  assert.equal((await fetch(`${origin()}/word/hidden`)).status, 401);
  const guest = await Chromium.start({ autoplay: 'allowed' });
  try {
    const viewer = await guest.open(`${origin()}/word/hidden`);
    await viewer.page.fill('#password', VIEWING_PASSWORD);
    await viewer.page.click('#go');
    await playerIs(viewer.page, 'live');
    for (const { value } of await viewer.page.context().cookies()) secrets.push(value);
    const shown = await viewer.page.evaluate(async () => (await fetch('/api/live')).text());
    assert.match(shown, /word\/hidden/);
    await viewer.page.goto(`${origin()}/members/any`);
    assert.match(await viewer.page.title(), /Sign in/);
  } finally {
    await guest.close();
  }
  await endProcess(encoder.child);
});

test('an app is closed and opened while the server runs', async () => {
  await api('PATCH', '/apps/live', { settings: { closed: true } });
  assert.match(await refused('live', `x?key=${server.key}`), /closed now/);
  await assert.rejects(openSession(server, 'live/x/whep', viewerOffer()), /app-closed/);
  await api('PATCH', '/apps/live', { settings: { closed: null, publishing: 'open' } });
  const encoder = publish('live', 'anybody');
  await isLive('live/anybody');
  await endProcess(encoder.child);
  await api('PATCH', '/apps/live', { settings: { publishing: null } });
  assert.match(await refused('live', 'anybody'), /needs a key/);
});

test('no line of the log tells a secret', async () => {
  await pause(200);
  const lines = server.log.split('\n').filter((line) => line.startsWith('{'));
  assert.ok(lines.length > 40, `${lines.length} lines`);
  assert.ok(secrets.length > 10);
  for (const secret of secrets) {
    assert.ok(secret.length >= 10, 'a secret was not noted');
    for (const line of lines) assert.ok(!line.includes(secret), `a secret is in: ${line}`);
  }
});
