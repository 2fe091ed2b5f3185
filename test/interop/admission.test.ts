/** The owner's own handler, in Python, decides about real encoders and players, and hears of each session twice. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AdmissionHook, until } from './admission-hook.ts';
import { Chromium, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

const OVENPLAYER = fileURLToPath(import.meta.resolve('ovenplayer/dist/ovenplayer.js'));
const PASSWORD = 'IAmAnAuthorizedStreamer';
const GOOD = `password=${PASSWORD}`;
/** No byte for 5 s is an encoder that is gone; then the hook is told. */
const NOTICED_MS_MAX = 8_000;

let hookPort: number;
let hook: AdmissionHook;
let server: TestServer;
let chromium: Chromium;
let pages: string;

before(async () => {
  hookPort = await freePort();
  hook = await AdmissionHook.start(hookPort);
  pages = mkdtempSync(join(tmpdir(), 'millrace-static-'));
  copyFileSync(OVENPLAYER, join(pages, 'ovenplayer.js'));
  server = await startServer();
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  await hook?.kill();
  rmSync(pages, { recursive: true, force: true });
});

function startServer(stateDir?: string): Promise<TestServer> {
  const hooked = [
    `    admission_url: http://127.0.0.1:${hookPort}/check_admission`,
    '    admission_secret: "1234"',
    '    admission_timeout_ms: 3000',
  ];
  const config = [
    'apps:',
    '  show:',
    ...hooked,
    '  cinema:',
    ...hooked,
    '    admission_publishing: []',
    '    admission_playback: [webrtc]',
    '  vault:',
    ...hooked,
    '    admission_also_needs_key: true',
    '  free:',
  ];
  return TestServer.start({
    staticDir: pages,
    config: config.join('\n'),
    ...(stateDir !== undefined && { stateDir }),
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** As OBS has it: server `rtmp://host/app`, stream key `stream?password=...`. */
function rtmp(stream: string, query: string, at = server): ClockSource {
  const url = `rtmp://127.0.0.1:${at.rtmp}/${stream}${query === '' ? '' : `?${query}`}`;
  return new ClockSource({ gopSeconds: 1, output: { rtmp: url } });
}

function whip(
  stream: string,
  query: string,
  key = '',
): Promise<{ stop(): Promise<number> } & AsyncDisposable> {
  const url = `http://127.0.0.1:${server.http}/${stream}?direction=whip&${query}`;
  return startPublisher({ url, key });
}

function isLive(stream: string): Promise<number> {
  return server.waitFor(stream, (found) => found?.live === true);
}

test("ffmpeg's RTMP: let in by the password in its key, and heard of twice", async () => {
  await using source = rtmp('show/slot-1', GOOD);
  await isLive('show/slot-1');
  assert.deepEqual(hook.heardOf('/slot-1'), ['opening']);
  await source.stop();
  await hook.waitFor('/slot-1', 2);
  await sleep(1000);
  const [opening, closing, ...more] = hook.of('/slot-1');
  assert.deepEqual(more, []);
  assert.ok(opening && closing);
  const url = `rtmp://127.0.0.1:${server.rtmp}/show/slot-1?${GOOD}`;
  const { request, client } = opening.message;
  assert.deepEqual(
    { ...request, time: '' },
    { direction: 'incoming', protocol: 'RTMP', status: 'opening', time: '', url },
  );
  assert.match(request.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
  assert.ok(Math.abs(Date.parse(request.time) - opening.at) < 2000);
  assert.equal(client.address, '127.0.0.1');
  assert.equal(client.real_ip, '127.0.0.1');
  assert.ok(client.port > 1023);
  assert.equal('user_agent' in client, false);
  assert.deepEqual(
    { ...closing.message.request, time: '' },
    { direction: 'incoming', new_url: url, protocol: 'RTMP', status: 'closing', time: '', url },
  );
  assert.deepEqual(closing.message.client, client);
  for (const { signed, path, type } of [opening, closing]) {
    assert.deepEqual([signed, path, type], [true, '/check_admission', 'application/json']);
  }
});

test("ffmpeg's RTMP: turned away without the password, and told so", async () => {
  for (const query of ['', 'password=guess']) {
    await using thief = rtmp('show/slot-2', query);
    await until(() => thief.child.exitCode !== null, 'ffmpeg goes on');
    assert.match(thief.complaints, /Publish|does not let you/, thief.complaints);
  }
  await sleep(500);
  assert.deepEqual(hook.heardOf('/slot-2'), ['opening', 'opening']);
  assert.equal((await server.stream('show/slot-2'))?.live ?? false, false);
});

test("OBS's library by WHIP: without a token, let in by the password in its URL", async () => {
  await using publisher = await whip('show/slot-3', GOOD);
  const viewer = await chromium.open(server.page('show/slot-3'));
  await viewer.waitForPicture();
  assert.equal(await publisher.stop(), 200);
  await hook.waitFor('/slot-3', 2);
  await sleep(1000);
  const [opening, closing, ...more] = hook.of('/slot-3');
  assert.deepEqual(more, []); // the viewer is not asked about in this app
  const url = `http://127.0.0.1:${server.http}/show/slot-3?direction=whip&${GOOD}`;
  assert.equal(opening?.message.request.url, url);
  assert.equal(opening?.message.request.protocol, 'WebRTC');
  assert.equal(opening?.message.request.status, 'opening');
  assert.equal(closing?.message.request.status, 'closing');
  assert.equal('new_url' in (closing?.message.request ?? {}), false);
  await viewer.page.close();
});

test("OBS's library by WHIP: 401 without the password", async () => {
  await assert.rejects(whip('show/slot-4', 'password=guess'), /WHIP answered 401/);
  await sleep(300);
  assert.deepEqual(hook.heardOf('/slot-4'), ['opening']);
});

test('where the app says so, the key is needed as well', async () => {
  await assert.rejects(whip('vault/slot-1', GOOD), /WHIP answered 401/);
  assert.deepEqual(
    hook.heardOf('vault/slot-1'),
    [],
    'who has no key does not get as far as the hook',
  );
  await assert.rejects(whip('vault/slot-1', 'password=guess', server.key), /WHIP answered 401/);
  await using publisher = await whip('vault/slot-1', GOOD, server.key);
  assert.equal(await publisher.stop(), 200);
  await using keyless = rtmp('vault/slot-2', GOOD);
  await until(() => keyless.child.exitCode !== null, 'ffmpeg goes on');
  await using _both = rtmp('vault/slot-2', `key=${server.key}&${GOOD}`);
  await isLive('vault/slot-2');
  assert.deepEqual(hook.heardOf('vault/slot-2'), ['opening']);
  await hook.waitFor('vault/slot-1', 3);
  assert.deepEqual(hook.heardOf('vault/slot-1'), ['opening', 'opening', 'closing']);
});

test('an offer that nobody can read still has its closing', async () => {
  const url = `http://127.0.0.1:${server.http}/show/slot-5?direction=whip&${GOOD}`;
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(url, { method: 'POST', headers, body: 'v=0' });
  assert.ok(response.status >= 400);
  await hook.waitFor('/slot-5', 2);
  assert.deepEqual(hook.heardOf('/slot-5'), ['opening', 'closing']);
});

test('an encoder that is killed: RTMP at once, WHIP after its time', async (t) => {
  await using source = rtmp('show/slot-6', GOOD);
  await isLive('show/slot-6');
  await source.kill();
  await hook.waitFor('/slot-6', 2, 2000);
  await using publisher = await whip('show/slot-7', GOOD);
  await isLive('show/slot-7');
  const startMs = Date.now();
  await publisher[Symbol.asyncDispose]();
  await hook.waitFor('/slot-7', 2, NOTICED_MS_MAX);
  t.diagnostic(`WHIP: the hook heard of it after ${Date.now() - startMs} ms`);
  await sleep(500);
  assert.deepEqual(hook.heardOf('/slot-6'), ['opening', 'closing']);
  assert.deepEqual(hook.heardOf('/slot-7'), ['opening', 'closing']);
});

test("an encoder's network that fails: one closing, after five seconds", async () => {
  await using source = rtmp('show/slot-8', GOOD);
  await isLive('show/slot-8');
  source.freeze();
  await sleep(3000);
  assert.deepEqual(hook.heardOf('/slot-8'), ['opening']);
  await hook.waitFor('/slot-8', 2, NOTICED_MS_MAX);
  await source.kill();
  await sleep(500);
  assert.deepEqual(hook.heardOf('/slot-8'), ['opening', 'closing']);
});

test('an encoder that comes back before it was missed: closing, then opening', async () => {
  await using lost = rtmp('show/slot-9', GOOD);
  await isLive('show/slot-9');
  lost.freeze();
  await sleep(1000);
  await using back = rtmp('show/slot-9', GOOD);
  await hook.waitFor('/slot-9', 3);
  await sleep(1000);
  assert.deepEqual(hook.heardOf('/slot-9'), ['opening', 'closing', 'opening']);
  const [first, second, third] = hook.of('/slot-9').map(({ message }) => message.client.port);
  assert.equal(first, second);
  assert.notEqual(second, third);
  await back.stop();
  await lost.kill();
  await hook.waitFor('/slot-9', 4);
  await sleep(500);
  assert.deepEqual(hook.heardOf('/slot-9'), ['opening', 'closing', 'opening', 'closing']);
});

test('an encoder that is let in and sends nothing has its closing', async () => {
  await using source = rtmp('show/slot-10', GOOD);
  // Stopped as soon as the hook has said yes: before any picture.
  await hook.waitFor('/slot-10', 1);
  await source.kill();
  await hook.waitFor('/slot-10', 2, NOTICED_MS_MAX);
  await sleep(500);
  assert.deepEqual(hook.heardOf('/slot-10'), ['opening', 'closing']);
});

function ovenPage(name: string, stream: string, query: string): string {
  writeFileSync(
    join(pages, name),
    `<div id="player_id"></div><script src="ovenplayer.js"></script><script>
const player = OvenPlayer.create('player_id', { autoStart: true, mute: true, sources: [
  { label: "Test", type: "webrtc", file: "${server.websocket(stream)}?${query}" } ] });
player.on('error', (error) => { window.refused = error; });
</script>`,
  );
  return `http://127.0.0.1:${server.http}/${name}`;
}

/** In the page: what WHEP answers to an offer, and nothing more of it. */
function whepStatus(viewer: ViewerPage, url: string): Promise<number> {
  return viewer.page.evaluate(`(async () => {
    const peer = new RTCPeerConnection();
    peer.addTransceiver('video', { direction: 'recvonly' });
    await peer.setLocalDescription();
    const response = await fetch('${url}', { method: 'POST',
      headers: { 'content-type': 'application/sdp' }, body: peer.localDescription.sdp });
    if (response.status === 201) {
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      window.peer = peer;
    }
    return response.status;
  })()`);
}

test('OvenPlayer is let in by the password in its URL, and turned away without', async () => {
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('cinema/oven') },
  });
  await isLive('cinema/oven');
  const viewer = await chromium.open(ovenPage('good.html', 'cinema/oven', GOOD));
  await viewer.waitForPicture();
  const stranger = await chromium.open(ovenPage('bad.html', 'cinema/oven', 'password=guess'));
  await stranger.page.waitForFunction('window.refused !== undefined', undefined, {
    timeout: 10_000,
  });
  assert.equal(await stranger.page.evaluate('window.refused.code'), 501);
  await viewer.page.close();
  await hook.waitFor('cinema/oven', 3);
  await stranger.page.close();
  await sleep(500);
  assert.deepEqual(hook.heardOf(`cinema/oven?${GOOD}`), ['opening', 'closing']);
  assert.deepEqual(hook.heardOf('cinema/oven?password=guess'), ['opening']);
  const [opening, closing] = hook.of(`cinema/oven?${GOOD}`);
  assert.equal(opening?.message.request.url, `ws://127.0.0.1:${server.http}/cinema/oven?${GOOD}`);
  assert.equal(opening?.message.request.direction, 'outgoing');
  assert.match(opening?.message.client.user_agent ?? '', /Chrome/);
  assert.equal(closing?.message.request.new_url, opening?.message.request.url);
});

test('our own page passes the password on, and shows a card without one', async () => {
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('cinema/own') },
  });
  await isLive('cinema/own');
  const viewer = await chromium.open(server.page('cinema/own', `?muted&stats&${GOOD}`));
  await viewer.waitForPicture();
  const stranger = await chromium.open(server.page('cinema/own'));
  await hook.waitFor('cinema/own', 2);
  const urls = hook.of('cinema/own').map(({ message }) => new URL(message.request.url));
  assert.deepEqual(
    urls.map(({ pathname, search }) => pathname + search),
    [`/cinema/own/whep?${GOOD}`, '/cinema/own/whep'],
  );
  assert.equal((await stranger.since(0)).shown, 0);
  await viewer.page.close();
  await stranger.page.close();
  await hook.waitFor(`cinema/own/whep?${GOOD}`, 2);
});

test('WHEP is let in by the password in its URL, and turned away without', async () => {
  const viewer = await chromium.open(`http://127.0.0.1:${server.http}/`);
  const url = `http://127.0.0.1:${server.http}/cinema/whep/whep`;
  assert.equal(await whepStatus(viewer, `${url}?password=guess`), 401);
  assert.equal(await whepStatus(viewer, `${url}?${GOOD}`), 201);
  await viewer.page.waitForFunction('window.peer.connectionState === "connected"');
  await viewer.page.evaluate('window.peer.close()');
  await hook.waitFor('cinema/whep', 3);
  await viewer.page.close();
  await sleep(500);
  assert.deepEqual(hook.heardOf('cinema/whep/whep?password=guess'), ['opening']);
  assert.deepEqual(hook.heardOf(`cinema/whep/whep?${GOOD}`), ['opening', 'closing']);
});

test('a slow hook delays the one who waits, and nobody else', async (t) => {
  await using watched = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('free/steady') },
  });
  const viewer = await chromium.open(server.page('free/steady'));
  await viewer.waitForPicture();
  await hook.tell('delay 2');
  const startMs = Date.now();
  await using _slow = rtmp('show/slot-11', GOOD);
  await using _free = rtmp('free/fast', `key=${server.key}`);
  await isLive('free/fast');
  const fastMs = Date.now() - startMs;
  const apiStartMs = performance.now();
  await server.streams();
  const apiMs = performance.now() - apiStartMs;
  await isLive('show/slot-11');
  const slowMs = Date.now() - startMs;
  await hook.tell('normal');
  const { frames } = await viewer.since(startMs);
  const gaps = frames.map((frame, index) => frame.shownMs - (frames[index - 1] ?? frame).shownMs);
  t.diagnostic(
    `the slow one live after ${slowMs} ms, another after ${fastMs} ms, API ${Math.round(apiMs)} ms, longest gap ${Math.round(Math.max(...gaps))} ms`,
  );
  assert.ok(slowMs >= 2000 && fastMs < 1800, `${slowMs} ms, ${fastMs} ms`);
  assert.ok(apiMs < 500);
  assert.ok(Math.max(...gaps) < 500);
  assert.equal(watched.child.exitCode, null);
  await viewer.page.close();
});

const nonsense = [
  ['no JSON', 'reply yes'],
  ['a text for a truth', 'reply {"allowed":"true"}'],
  ['nothing said', 'reply {}'],
  ['an error', 'status 500'],
  ['too late', 'delay 4'],
] as const;

for (const [index, [name, command]] of nonsense.entries()) {
  test(`a hook that fails lets nobody in: ${name}`, async () => {
    await hook.tell(command);
    const stream = `show/broken-${index}`;
    await assert.rejects(whip(stream, GOOD), /WHIP answered (401|503)/);
    await hook.tell('normal');
    assert.deepEqual(hook.heardOf(stream), ['opening']);
    assert.match(server.log, /admission hook failed/);
  });
}

test('a hook can send a publisher to another stream, for a time', async () => {
  await hook.tell('reply {"allowed":true,"new_url":"rtmp://h/show/slot-20","lifetime":3000}');
  await using source = rtmp('show/lobby', GOOD);
  await isLive('show/slot-20');
  const startMs = Date.now();
  await hook.tell('normal');
  await server.waitFor('show/slot-20', (stream) => stream?.live !== true);
  const livedMs = Date.now() - startMs;
  assert.ok(livedMs > 1500 && livedMs < 4000, `${livedMs} ms`);
  await hook.waitFor('/lobby', 2);
  assert.match(server.log, /expired/);
  const [, closing] = hook.of('/lobby');
  const { url, new_url: newUrl } = closing?.message.request ?? {};
  assert.equal(url, `rtmp://127.0.0.1:${server.rtmp}/show/lobby?${GOOD}`);
  assert.equal(newUrl, `rtmp://127.0.0.1:${server.rtmp}/show/slot-20?${GOOD}`);
  await source.kill();
});

test('a hook that was away hears what it missed, before anything new', async () => {
  await using source = rtmp('show/slot-12', GOOD);
  await isLive('show/slot-12');
  await hook.kill();
  await source.stop();
  await assert.rejects(whip('show/slot-12', GOOD), /WHIP answered (401|503)/);
  const { calls } = hook;
  hook = await AdmissionHook.start(hookPort);
  await using _again = await whip('show/slot-12', GOOD);
  await hook.waitFor('/slot-12', 2);
  assert.deepEqual(hook.heardOf('/slot-12'), ['closing', 'opening']);
  hook.calls.unshift(...calls);
});

test('a server that stops tells of everybody before it goes', async () => {
  const other = await startServer();
  await using _source = rtmp('show/slot-13', GOOD, other);
  await other.waitFor('show/slot-13', (stream) => stream?.live === true);
  await other.stop();
  await hook.waitFor('/slot-13', 2, 1000);
  assert.deepEqual(hook.heardOf('/slot-13'), ['opening', 'closing']);
});

test('a server that is killed: the next one tells of whom it had, without their secrets', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  const killed = await startServer(stateDir);
  await using source = rtmp('show/slot-14', GOOD, killed);
  await killed.waitFor('show/slot-14', (stream) => stream?.live === true);
  killed.child.kill('SIGKILL');
  await source.kill();
  const next = await startServer(stateDir);
  await hook.waitFor('/slot-14', 2);
  await using _back = rtmp('show/slot-14', GOOD, next);
  await hook.waitFor('/slot-14', 3);
  await next.stop();
  await killed.stop();
  rmSync(stateDir, { recursive: true, force: true });
  assert.deepEqual(hook.heardOf('/slot-14'), ['opening', 'closing', 'opening', 'closing']);
  const [, closing] = hook.of('/slot-14');
  assert.match(closing?.message.request.url ?? '', /\/show\/slot-14$/);
});

test('every request was signed, and no secret is in the log', () => {
  assert.ok(hook.calls.length > 30);
  assert.ok(hook.calls.every(({ signed }) => signed));
  for (const secret of [PASSWORD, '"1234"', 'password='])
    assert.ok(!server.log.includes(secret), secret);
});
