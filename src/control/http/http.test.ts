import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessWorld } from '../../../test/fakes/access.ts';
import { apiDeps } from '../../../test/fakes/api.ts';
import { FakeMedia, signallingDeps, streamName } from '../../../test/fakes/media-gate.ts';
import { EVERYTHING } from '../../access/target.ts';
import { Limits } from '../access/limits.ts';
import { hashPassword, Passwords } from '../access/passwords.ts';
import { toConfig } from '../config/config.ts';
import { createLog } from '../log.ts';
import { Proxies } from './proxies.ts';
import { HttpServer } from './server.ts';
import { SitePasswords } from './site-passwords.ts';

const { gate, store, apps, accounts, guests } = accessWorld(
  'apps: {show: , press: {viewing: link}}',
);
const anywhere = { target: EVERYTHING, addresses: [], protocols: [], expiresMs: undefined };
const key = store.keys.add({ name: 'first key', ...anywhere }, Date.now()).secret.reveal();

const sitePasswords = new SitePasswords(
  [
    { path: '/studio', user: 'ann', hash: await hashPassword('stage left') },
    { path: '/show/a', user: 'bob', hash: await hashPassword('stage right') },
  ],
  {
    ...{ passwords: new Passwords(), nowMs: Date.now },
    limits: new Limits(toConfig(new Map()).limits, () => 0),
  },
);

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };
type Get = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>;

/** Runs with a server whose own files and whose owner's files lie in fresh folders. */
async function serve(
  run: (get: Get, folder: string, port: number) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-http-'));
  const [webFolder, staticFolder] = [join(folder, 'web'), join(folder, 'www')];
  mkdirSync(join(webFolder, 'assets'), { recursive: true });
  mkdirSync(join(staticFolder, 'show'), { recursive: true });
  writeFileSync(join(webFolder, 'home.html'), 'home');
  writeFileSync(join(webFolder, 'watch.html'), 'watch');
  writeFileSync(join(webFolder, 'player.js'), 'player');
  writeFileSync(join(webFolder, 'ovenplayer-revive.js'), 'revive');
  writeFileSync(join(webFolder, 'assets', 'a-1234.css'), 'css');
  const media = new FakeMedia();
  media.live.add(streamName('show/b')).add(streamName('show/a'));
  const api = apiDeps(media, { gate, store, apps, accounts, guests });
  const server = await HttpServer.listen(
    {
      signalling: signallingDeps(media),
      api,
      pages: {
        ...{ webFolder, staticFolder, sitePasswords, gate, store, directory: apps },
        ...{ watching: api.watching, site: { origin: api.origin() } },
      },
      proxies: new Proxies([]),
      log: createLog({ level: 'error', readable: true, write: () => undefined }),
    },
    { address: '127.0.0.1', port: 0 },
  );
  const get: Get = (path, headers, method) => ask(server.port, path, headers, method);
  try {
    await run(get, staticFolder, server.port);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

/** Unlike fetch it sends paths as they are, and any Host. */
async function ask(port: number, path: string, headers = {}, method = 'GET'): Promise<Answer> {
  const sent = request({ port, host: '127.0.0.1', path, headers, method, agent: false }).end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

test('pages, the player and assets', () =>
  serve(async (get) => {
    const home = await get('/');
    assert.equal(home.body, 'home');
    assert.match(home.headers['content-security-policy'] as string, /frame-ancestors 'none'/);
    assert.equal(home.headers['x-content-type-options'], 'nosniff');
    assert.equal(home.headers['referrer-policy'], 'no-referrer');
    const watch = await get('/show/anything?transport=udp');
    assert.equal(watch.body, 'watch');
    assert.equal(watch.headers['content-type'], 'text/html; charset=utf-8');
    assert.match(watch.headers['content-security-policy'] as string, /script-src 'self';/);
    for (const script of ['/player.js', '/ovenplayer-revive.js']) {
      const { headers } = await get(script);
      assert.equal(headers['access-control-allow-origin'], '*');
      assert.equal(headers['cache-control'], 'no-cache');
    }
    const asset = await get('/assets/a-1234.css');
    assert.match(asset.headers['cache-control'] as string, /immutable/);
    for (const path of [
      '/other/stream',
      '/show',
      '/show/',
      '/show/a/b',

      '/watch.html',
    ]) {
      assert.equal((await get(path)).status, 404, path);
    }
  }));

test('a refusal has its page, also for a browser that knows the page', () =>
  serve(async (get) => {
    const { etag } = (await get('/show/a')).headers;
    for (const condition of [{ 'if-none-match': etag }]) {
      assert.equal((await get('/show/a', condition as Record<string, string>)).status, 304);
      const refused = await get('/press/a?link=x', condition as Record<string, string>);
      assert.equal(refused.status, 401);
      assert.equal(refused.body, 'watch');
      assert.equal(refused.headers['cache-control'], 'no-store');
      assert.equal(refused.headers.etag, undefined);
    }
    const part = await get('/press/a', { range: 'bytes=0-1' });
    assert.equal(part.status, 401);
    assert.equal(part.body, 'watch');
  }));

test("the owner's files come before our pages, not before our player and API", () =>
  serve(async (get, folder) => {
    writeFileSync(join(folder, 'player.html'), '<b>mine</b>');
    writeFileSync(join(folder, 'player.js'), 'not the player');
    writeFileSync(join(folder, 'show', 'index.html'), 'my show');
    const page = await get('/player.html');
    assert.equal(page.body, '<b>mine</b>');
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['content-security-policy'], undefined);
    assert.equal((await get('/player.js')).body, 'player');
    assert.equal((await get('/show/')).body, 'my show');
    const folderUrl = await get('/show?a=b');
    assert.equal(folderUrl.status, 308);
    assert.equal(folderUrl.headers.location, '/show/?a=b');
    assert.equal((await get('/')).body, 'home');
    writeFileSync(join(folder, 'index.html'), 'my home');
    assert.equal((await get('/')).body, 'my home');
  }));

test("a part of the owner's files is for who has a password", () =>
  serve(async (get, folder) => {
    const basic = (text: string) => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    mkdirSync(join(folder, 'studio', 'inner'), { recursive: true });
    writeFileSync(join(folder, 'studio', 'index.html'), 'desk');
    writeFileSync(join(folder, 'studio', 'inner', 'a.txt'), 'within');
    writeFileSync(join(folder, 'studio.html'), 'everybody');
    symlinkSync('studio', join(folder, 'way-in'));
    const paths = ['/studio/', '/studio/index.html', '//studio/', '/studio//index.html'];
    const ways = [
      '/%73tudio/',
      '/studio%2findex.html',
      '/studio',
      '/way-in/',
      '/studio/inner/a.txt',
    ];
    for (const path of [...paths, ...ways]) {
      for (const method of ['GET', 'HEAD']) {
        const refused = await get(path, {}, method);
        assert.equal(refused.status, 401, path);
        assert.equal(
          refused.headers['www-authenticate'],
          'Basic realm="/studio/", charset="UTF-8"',
        );
        assert.equal(refused.headers['cache-control'], 'no-store');
        assert.equal(refused.headers['location'], undefined);
      }
    }
    const desk = await get('/studio/', basic('ann:stage left'));
    assert.equal(desk.body, 'desk');
    assert.equal(desk.headers['cache-control'], 'private, no-cache');
    for (const wrong of ['ann:stage right', 'bob:stage right', 'ann', ':', 'ANN:stage left']) {
      assert.equal((await get('/studio/', basic(wrong))).status, 401, wrong);
    }
    assert.equal((await get('/studio', basic('ann:stage left'))).status, 308);
    assert.equal((await get('/studio.html')).body, 'everybody');
    // Our own pages and signalling below the same path are not the owner's files.
    assert.equal((await get('/show/a')).body, 'watch');
    assert.equal((await get('/show/a/whip', {}, 'POST')).status, 401);
  }));

test('a file is sent whole, in part, or not at all', () =>
  serve(async (get, folder) => {
    writeFileSync(join(folder, 'clip.mp4'), '0123456789');
    const whole = await get('/clip.mp4');
    assert.equal(whole.headers['content-length'], '10');
    assert.equal(whole.headers['accept-ranges'], 'bytes');
    const etag = whole.headers.etag as string;
    const modified = whole.headers['last-modified'] as string;
    const cases: readonly [Record<string, string>, number, string, string?][] = [
      [{ 'if-none-match': etag }, 304, ''],
      [{ 'if-none-match': `"x", W/${etag}` }, 304, ''],
      [{ 'if-none-match': '"x"', 'if-modified-since': modified }, 200, '0123456789'],
      [{ 'if-modified-since': modified }, 304, ''],
      [{ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200, '0123456789'],
      [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=7-99' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-99' }, 206, '0123456789', 'bytes 0-9/10'],
      [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=-0' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=4-2' }, 200, '0123456789'],
      [{ range: 'bytes=1-2,4-5' }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': '"x"' }, 200, '0123456789'],
    ];
    for (const [headers, status, body, range] of cases) {
      const answer = await get('/clip.mp4', headers);
      const shown = JSON.stringify(headers);
      assert.equal(answer.status, status, shown);
      assert.equal(answer.body, body, shown);
      assert.equal(answer.headers['content-range'], range, shown);
    }
    const head = await get('/clip.mp4', {}, 'HEAD');
    assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '10']);
    writeFileSync(join(folder, 'empty.txt'), '');
    assert.deepEqual((await get('/empty.txt')).headers['content-length'], '0');
  }));

test('text goes compressed to those who take it, once made for each state of a file', async () => {
  await serve(async (get, folder) => {
    const text = 'the same again and again, '.repeat(200);
    writeFileSync(join(folder, 'long.txt'), text);
    const plain = await get('/long.txt');
    assert.equal(plain.body, text);
    assert.equal(plain.headers.vary, 'Accept-Encoding');
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip;q=0.5, br;q=0', 'gzip'],
      ['zstd', undefined],
    ] as const) {
      const packed = await get('/long.txt', { 'accept-encoding': accepted });
      assert.equal(packed.headers['content-encoding'], encoding);
      if (encoding === undefined) continue;
      assert.ok(Number(packed.headers['content-length']) < text.length / 10);
      assert.notEqual(packed.headers.etag, plain.headers.etag);
      const again = { 'accept-encoding': accepted, 'if-none-match': packed.headers.etag ?? '' };
      assert.equal((await get('/long.txt', again)).status, 304);
    }
    const part = await get('/long.txt', { 'accept-encoding': 'br', range: 'bytes=0-2' });
    assert.deepEqual([part.status, part.body], [206, 'the']);
    writeFileSync(join(folder, 'picture.png'), text);
    const picture = await get('/picture.png', { 'accept-encoding': 'br' });
    assert.equal(picture.headers['content-encoding'], undefined);
  });
});

test('nothing outside the folder, and nothing hidden', () =>
  serve(async (get, folder) => {
    writeFileSync(join(folder, '..', 'secret.txt'), 'secret');
    writeFileSync(join(folder, '.env'), 'secret');
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git', 'config'), 'secret');
    symlinkSync('../secret.txt', join(folder, 'out.txt'));
    symlinkSync('..', join(folder, 'up'));
    const tries = [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/show/../../secret.txt',
    ];
    const more = [
      '/.env',
      '/%2eenv',
      '/.git/config',
      '/out.txt',
      '/up/secret.txt',
      '/..\\secret.txt',
    ];
    for (const path of [...tries, ...more, '/secret.txt%00.html', '/%', '//secret.txt']) {
      const answer = await get(path);
      assert.notEqual(answer.body, 'secret', path);
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    mkdirSync(join(folder, '.well-known'));
    writeFileSync(join(folder, '.well-known', 'a.txt'), 'seen');
    assert.equal((await get('/.well-known/a.txt')).body, 'seen');
    mkdirSync(join(folder, 'example.net'));
    writeFileSync(join(folder, 'example.net', 'index.html'), '');
    assert.equal((await get('//example.net')).headers.location, '/example.net/');
  }));

test('who is live is told to anyone, the rest to this machine or with the key', () =>
  serve(async (get, _, port) => {
    const proxied = { 'x-forwarded-for': '192.0.2.1' };
    const live = await get('/api/live', proxied);
    assert.deepEqual(JSON.parse(live.body), { streams: ['show/a', 'show/b'], rtmpPort: 1935 });
    const bearer = { ...proxied, authorization: `Bearer ${key}` };
    const cases: readonly [Record<string, string>, number][] = [
      [{}, 200],
      [{ host: `localhost:${port}` }, 200],
      [{ host: `[::1]:${port}` }, 200],
      [{ host: 'rebound.example.net' }, 401],
      [proxied, 401],
      [{ forwarded: 'for=192.0.2.1' }, 401],
      [bearer, 200],
      [{ ...bearer, host: 'example.net' }, 200],
      [{ authorization: `Bearer ${key}x` }, 401],
    ];
    for (const [headers, status] of cases) {
      const answer = await get('/api/streams', headers);
      assert.equal(answer.status, status, JSON.stringify(headers));
      const type = status === 200 ? 'application/json' : 'application/problem+json';
      assert.equal(answer.headers['content-type'], type);
      assert.ok(!answer.body.includes(key));
    }
    assert.equal((await get('/api/nothing')).status, 404);
  }));

test('signalling is mounted, for any origin', () =>
  serve(async (get) => {
    for (const path of ['/show/a/whep', '/show/a/whip', '/show/a?direction=whip']) {
      const preflight = await get(path, { origin: 'https://example.net' }, 'OPTIONS');
      assert.equal(preflight.status, 200, path);
      assert.equal(preflight.headers['access-control-allow-origin'], '*');
    }
    assert.equal((await get('/show/a/whip', {}, 'POST')).status, 401);
  }));

test('a WebSocket is for a stream of an app that is served', () =>
  serve(async (_, __, port) => {
    const upgrade = async (path: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      const [chunk] = await once(socket, 'data');
      socket.destroy();
      return String(chunk).split('\r\n', 1)[0];
    };
    assert.equal(await upgrade('/show/a'), 'HTTP/1.1 101 Switching Protocols');
    assert.equal(await upgrade('/show/a/webrtc_default'), 'HTTP/1.1 101 Switching Protocols');
    assert.equal(await upgrade('/other/a'), 'HTTP/1.1 404 Not Found');
    assert.equal(await upgrade('/show/a/b/c'), 'HTTP/1.1 404 Not Found');
    assert.equal(await upgrade('//'), 'HTTP/1.1 404 Not Found');
  }));
