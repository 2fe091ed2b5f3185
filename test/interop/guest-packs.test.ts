/** Guest packs with real programs: OBS streams with one, other programs unpack them, and a complete one costs no memory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { MadeInvite } from '../../src/api/guests.ts';
import type { Health } from '../../src/api/health.ts';
import type { NewPack } from '../../src/api/packs.ts';
import { DatachannelPublisher } from './datachannel-publisher.ts';
import { FFMPEG } from './ffmpeg.ts';
import { Obs } from './obs.ts';
import { TestServer } from './server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PICTURE = { width: 640, height: 360, fps: 30, kbps: 900 };
const PROFILES = 'config/obs-studio/basic/profiles';
const SCREENSHOTS = 'test-results/obs';
/** Long enough for figures over seconds, and for a dialog to come. */
const WATCHED_MS = 8000;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function ownerOf(server: TestServer) {
  const { token } = JSON.parse(readFileSync(join(server.stateDir, 'server.json'), 'utf8'));
  return { authorization: `Bearer ${token}` };
}

/** Invites somebody and opens the link as his browser would. */
async function invite(server: TestServer, name: string, slots: readonly string[]) {
  const api = `http://127.0.0.1:${server.http}/api`;
  const send = (path: string, headers: Record<string, string>, body: object) =>
    fetch(api + path, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify(body),
    });
  const made = (await (
    await send('/invites', ownerOf(server), { name, slots })
  ).json()) as MadeInvite;
  const own = { origin: `http://127.0.0.1:${server.http}` };
  const opened = await send('/guest/open', own, { secret: made.url.split('#')[1] });
  const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';');
  const headers = { ...own, cookie };
  return {
    headers,
    health: async () => {
      const response = await fetch(`${api}/guest/health?slot=${slots[0]}`, { headers });
      return (await response.json()) as Health;
    },
    pack: (asked: NewPack) => send('/guest/pack', headers, asked),
  };
}

/** Unpacks it with a program that is not ours; gives the folder. */
async function unpacked(response: Response, folder: string): Promise<string> {
  assert.equal(response.status, 200, response.ok ? '' : await response.clone().text());
  const zip = join(folder, 'pack.zip');
  writeFileSync(zip, Buffer.from(await response.arrayBuffer()));
  proveZip(zip);
  execFileSync('unzip', ['-q', '-o', zip, '-d', join(folder, 'OBS')]);
  return join(folder, 'OBS');
}

/** As two programs see it, each of which reads every byte. */
function proveZip(zip: string): void {
  execFileSync('unzip', ['-tq', zip], { stdio: 'pipe' });
  execFileSync('python3', ['-m', 'zipfile', '-t', zip], { stdio: 'pipe' });
}

/** What a guest does by hand: here the camera is a film, as there is none. */
function chooseCamera(obs: string, film: string): void {
  const path = join(obs, 'config/obs-studio/basic/scenes/Live.json');
  const scenes = JSON.parse(readFileSync(path, 'utf8'));
  const camera = scenes.sources.find(({ name }: { name: string }) => name === 'Your camera');
  camera.id = 'ffmpeg_source';
  camera.settings = { local_file: film, is_local_file: true, looping: true };
  writeFileSync(path, JSON.stringify(scenes));
}

function makeFilm(folder: string): string {
  const film = join(folder, 'film.mkv');
  const { width, height } = PICTURE;
  const picture = `testsrc2=size=${width}x${height}:rate=30,noise=alls=25:allf=t`;
  const sound = 'aevalsrc=0.3*sin(880*t)|0.3*sin(1320*t):sample_rate=48000';
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound, '-t', '6'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-c:a', 'aac'];
  execFileSync(FFMPEG, ['-v', 'error', ...inputs, ...codecs, film]);
  return film;
}

test('OBS streams with a pack as it is, and asks nothing', async (t) => {
  await using server = await TestServer.start();
  const folder = folderFor(t);
  const name = 'Zoë "Z" \\ <b>& #1 😀';
  const { pack, health } = await invite(server, name, ['show/left', 'show/right']);
  const obsFolder = await unpacked(await pack({ protocol: 'rtmp', picture: PICTURE }), folder);
  chooseCamera(obsFolder, makeFilm(folder));
  await using obs = await Obs.start(
    join(obsFolder, 'config'),
    ...['--startstreaming', '--minimize-to-tray', '--disable-missing-files-check'],
  );
  try {
    await server.waitFor('show/left', (stream) => stream?.publisher != null, 40_000);
    await delay(WATCHED_MS);
  } finally {
    obs.screenshot(join(SCREENSHOTS, 'rtmp-pack.png'));
  }
  const windows = obs.windows();
  assert.equal(windows.length, 1, windows.join('\n'));
  assert.match(windows[0] ?? '', /^OBS /);
  const { facts, verdict } = await health();
  assert.equal(facts?.protocol, 'rtmp');
  assert.match(facts.userAgent ?? '', /libobs/);
  const { video, audio, findings } = facts;
  assert.equal(video?.codec, 'h264');
  assert.equal(video.profile, 'High');
  assert.deepEqual([video.width, video.height], [PICTURE.width, PICTURE.height]);
  assert.equal(video.bFrames, 'none');
  // Thirty pictures make one; a machine that cannot keep up leaves pictures out.
  assert.ok(between(video.keyframeIntervalMs, 950, 2000), String(video.keyframeIntervalMs));
  assert.ok(
    between(video.incomingBps, PICTURE.kbps * 600, PICTURE.kbps * 1400),
    String(video.incomingBps),
  );
  assert.ok(
    between(video.declaredBps, PICTURE.kbps * 950, PICTURE.kbps * 1050),
    String(video.declaredBps),
  );
  assert.equal(audio?.sourceCodec, 'aac');
  assert.equal(audio.channels, 2);
  const problems = findings.filter(({ severity }) => severity === 'problem');
  assert.deepEqual(problems, [], JSON.stringify(verdict));
  for (const code of ['keyframes', 'b-frames', 'sound', 'stereo']) {
    assert.equal(verdict.checks.find((one) => one.code === code)?.state, 'good', code);
  }
});

function between(value: number | null | undefined, least: number, most: number): boolean {
  return value !== null && value !== undefined && value >= least && value <= most;
}

test("the WHIP profile's server and token let its guest publish", async (t) => {
  await using server = await TestServer.start();
  const { pack } = await invite(server, 'Grace', ['show/left']);
  const folder = await unpacked(await pack({ protocol: 'whip', kind: 'profile' }), folderFor(t));
  const service = JSON.parse(readFileSync(join(folder, '1-show-left/service.json'), 'utf8'));
  assert.equal(service.type, 'whip_custom');
  const { server: url, bearer_token: key } = service.settings;
  const publisher = await DatachannelPublisher.start({ url, key });
  await server.waitFor('show/left', (stream) => stream?.publisher?.protocol === 'whip');
  assert.equal(await publisher.stop(), 200);
});

/** A ZIP such as OBS's, of random bytes: as large as the real one, and with thousands of files. */
const MAKE_OBS = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('bin/64bit/obs64.exe', os.urandom(5_000_000))
    for i in range(3000): z.writestr('data/obs-studio/locale/%d.ini' % i, 'Hello="%d"' % i)
    for i in range(20): z.writestr('bin/64bit/part-%d.dll' % i, os.urandom(8_000_000))
    z.writestr('obs-plugins/64bit/libcef.dll', os.urandom(60_000_000))
`;

test('a complete pack: uploaded once, whole for each guest, and no memory for slow ones', async (t) => {
  await using server = await TestServer.start();
  const folder = folderFor(t);
  const zip = join(folder, 'obs.zip');
  execFileSync('python3', ['-c', MAKE_OBS, zip]);
  const owner = ownerOf(server);
  const api = `http://127.0.0.1:${server.http}/api`;
  const uploaded = execFileSync('curl', [
    ...[
      '-sS',
      '-H',
      `Authorization: ${owner.authorization}`,
      '-H',
      'Content-Type: application/zip',
    ],
    // For longer than a request may usually take.
    ...['--limit-rate', '9M', '-T', zip, `${api}/obs-zip`],
  ]);
  assert.match(uploaded.toString(), /"browserBytes":6\d{7}/);
  const slow = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      const { headers } = await invite(server, `guest ${index}`, [`show/${index}`]);
      return slowReader(server, headers);
    }),
  );
  await delay(1000);
  const before = residentBytes(server);
  await delay(3000);
  const grown = residentBytes(server) - before;
  assert.ok(grown < 40e6, `${Math.round(grown / 1e6)} MB for slow readers`);
  const { pack } = await invite(server, 'Grace', ['show/grace']);
  const response = await pack({ protocol: 'whip', kind: 'complete' });
  const length = Number(response.headers.get('content-length'));
  assert.ok(between(length, 160e6, 180e6), String(length));
  const complete = join(folder, 'complete.zip');
  await response.body?.pipeTo(toFile(complete));
  proveZip(complete);
  const names = execFileSync('unzip', ['-Z1', complete], {
    encoding: 'utf8',
    maxBuffer: 1e7,
  }).split('\n');
  assert.ok(names.includes('bin/64bit/obs64.exe') && names.includes('portable_mode.txt'));
  assert.ok(names.some((name) => name.startsWith(`${PROFILES}/1-show-grace/`)));
  assert.ok(!names.some((name) => name.includes('libcef')));
  for (const socket of slow) socket.destroy();
});

function toFile(path: string): WritableStream<Uint8Array> {
  const file = createWriteStream(path);
  return new WritableStream({
    write: (chunk) => new Promise((resolve) => file.write(chunk, () => resolve())),
    close: () => new Promise((resolve) => file.end(resolve)),
  });
}

/** Asks for a complete pack and takes next to nothing of it. */
async function slowReader(server: TestServer, headers: Record<string, string>) {
  const socket = connect(server.http, '127.0.0.1').pause();
  const body = JSON.stringify({ protocol: 'whip', kind: 'complete' });
  const host = `127.0.0.1:${server.http}`;
  const all = { Host: host, ...headers, ...JSON_TYPE, 'Content-Length': String(body.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.write(`POST /api/guest/pack HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

function residentBytes(server: TestServer): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
