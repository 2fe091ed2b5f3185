/**
 * The one port alone: pages, signalling, media and encoders, by real clients. Whether media took it is read from the
 * clients: each answer lists the classic ports too.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ServerInfo } from '../../src/api/server.ts';
import { viewerOffer } from '../attacks/stranger.ts';
import { makeCertificate, onePortConfig } from './certificate.ts';
import { Chromium, figuresOf, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { millrace, millraceJson } from './command.ts';
import { FFMPEG } from './ffmpeg.ts';
import { startPublisher } from './publisher-process.ts';
import { freeTcpPort, TestServer } from './server.ts';

const OVENPLAYER = fileURLToPath(import.meta.resolve('ovenplayer/dist/ovenplayer.js'));

let directory: string;
let server: TestServer;
let chromium: Chromium;
let port: number;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-one-port-'));
  const { certificate, key } = makeCertificate(directory);
  process.env['NODE_EXTRA_CA_CERTS'] = certificate; // for the publisher's process
  port = await freeTcpPort();
  copyFileSync(OVENPLAYER, join(directory, 'ovenplayer.js'));
  const source = `{ type: 'webrtc', file: 'wss://127.0.0.1:${port}/live/oven' }`;
  writeFileSync(
    join(directory, 'oven.html'),
    `<div id="player"></div><script src="ovenplayer.js"></script>
     <script>OvenPlayer.create('player', { autoStart: true, mute: true, sources: [${source}] })</script>`,
  );
  server = await TestServer.start({
    staticDir: directory,
    config: onePortConfig(port, { certificate, key }),
  });
  chromium = await Chromium.start({ autoplay: 'allowed', anyCertificate: true });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function ingest(scheme: 'rtmp' | 'rtmps', stream: string): string {
  return server.rtmpUrl(stream).replace(/^rtmp:\/\/[^/]+/, `${scheme}://127.0.0.1:${port}`);
}

async function assertLive(t: TestContext, viewer: ViewerPage): Promise<void> {
  const firstMs = await viewer.waitForPicture();
  await viewer.watch(1000);
  const watched = await viewer.watch(4000);
  const { latencyMs } = figuresOf(watched);
  t.diagnostic(
    `picture after ${Math.round(firstMs)} ms, ${Math.round(latencyMs)} ms behind, over ${await viewer.transport()}`,
  );
  assert.ok(watched.frames.length > 60, `${watched.frames.length} frames in 4 s`);
  assert.ok(latencyMs < 1000, `${latencyMs} ms`);
  assert.equal(await viewer.remotePort(), port);
}

/** Where an answer sends media, best first: `UDP 443`. */
async function candidatesOf(server: TestServer): Promise<string[]> {
  const url = `${server.page('live/candidates')}/whep?transport=udptcp`;
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(url, { method: 'POST', headers, body: viewerOffer() });
  const answer = await response.text();
  return [...answer.matchAll(/^a=candidate:\S+ 1 (\S+) (\d+) \S+ (\d+)/gm)]
    .toSorted(([, , a], [, , b]) => Number(b) - Number(a))
    .map(([, transport, , at]) => `${transport} ${at}`);
}

/** Connections to a port of ours, a line each. */
function connectionsAt(own: number): string {
  const filter = ['state', 'established', `sport = :${own}`];
  return spawnSync('ss', ['-Htn', ...filter], { encoding: 'utf8' }).stdout;
}

test('ffmpeg by RTMPS; a browser by HTTPS, and media by TCP', async (t) => {
  await using source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: ingest('rtmps', 'live/rtmps') },
  });
  const viewer = await chromium.open(`https://127.0.0.1:${port}/live/rtmps`);
  await assertLive(t, viewer);
  assert.equal(await viewer.transport(), 'tcp');
  const publisher = (await server.stream('live/rtmps'))?.publisher;
  assert.equal(publisher?.protocol, 'rtmp');
  assert.equal(publisher?.address, '127.0.0.1');
  await source.stop();
  await server.waitFor('live/rtmps', (stream) => stream?.live !== true);
  await viewer.page.close();
});

test('ffmpeg by RTMP; the unmodified OvenPlayer by wss', async (t) => {
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: ingest('rtmp', 'live/oven') },
  });
  await server.waitFor('live/oven', (stream) => stream?.live === true);
  const viewer = await chromium.open(`https://127.0.0.1:${port}/oven.html`);
  await assertLive(t, viewer);
  await viewer.page.close();
});

for (const transport of ['udp', 'tcp'] as const) {
  test(`OBS's library by WHIP over HTTPS, media both ways by ${transport}`, async (t) => {
    const name = `live/whip-${transport}`;
    const url = `https://127.0.0.1:${port}/${name}/whip?transport=${transport}`;
    await using publisher = await startPublisher({
      ...{ url, key: server.key },
      iceTcp: transport === 'tcp',
    });
    if (transport === 'udp') assert.equal(publisher.remotePort, port);
    else assert.equal(connectionsAt(server.iceTcp), ''); // the library does not tell
    const viewer = await chromium.open(`https://127.0.0.1:${port}/${name}?transport=${transport}`);
    await assertLive(t, viewer);
    assert.equal(await viewer.transport(), transport);
    assert.equal((await server.stream(name))?.publisher?.transport, transport);
    assert.equal(await publisher.stop(), 200);
    await viewer.page.close();
  });
}

test('an encoder with a wrong key is told so through TLS', async () => {
  const target = ingest('rtmps', 'live/denied').replace(/key=.*/, 'key=wrong');
  const { stderr } = spawnSync(
    FFMPEG,
    [
      ...['-hide_banner', '-nostdin', '-f', 'lavfi', '-i', 'testsrc=size=160x90', '-t', '1'],
      ...['-c:v', 'libx264', '-f', 'flv', target],
    ],
    { encoding: 'utf8', timeout: 15_000 },
  );
  assert.match(stderr, /NetStream\.Publish\.Denied|stream key/i);
});

test('answers name the one port first, the classic ones after it', async () => {
  assert.deepEqual(await candidatesOf(server), [
    ...[`UDP ${port}`, `UDP ${server.iceUdp}`],
    ...[`TCP ${port}`, `TCP ${server.iceTcp}`],
  ]);
});

test('the status tells it, and HTTPS, as they are open', async () => {
  const status = ['status', '--state-dir', server.stateDir];
  const { ports } = await millraceJson<ServerInfo>(status);
  assert.deepEqual([ports.http, ports.https, ports.onePort], [server.http, port, port]);
  assert.match((await millrace(status)).out, new RegExp(`${port} TCP \\(all through one\\)`));
});

test('without a certificate: pages in the clear, an encoder, and media', async (t) => {
  const own = await freeTcpPort();
  await using plain = await TestServer.start({
    config: `one_port: {mode: always, address: 127.0.0.1, port: ${own}}`,
  });
  const rtmp = plain.rtmpUrl('live/plain').replace(`:${plain.rtmp}/`, `:${own}/`);
  await using _source = new ClockSource({ gopSeconds: 1, output: { rtmp } });
  const viewer = await chromium.open(`http://127.0.0.1:${own}/live/plain`);
  t.diagnostic(`picture after ${Math.round(await viewer.waitForPicture())} ms`);
  assert.equal(await viewer.remotePort(), own);
  await viewer.page.close();
});

test('a port that others have is said, and the rest goes on without it', async () => {
  const [tcp, udp] = [createServer(), createSocket('udp4')];
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port: taken } = tcp.address() as AddressInfo;
  udp.bind(taken, '127.0.0.1');
  await once(udp, 'listening');
  try {
    await using other = await TestServer.start({
      config: `one_port: {mode: always, address: 127.0.0.1, port: ${taken}}`,
    });
    assert.deepEqual(await candidatesOf(other), [`UDP ${other.iceUdp}`, `TCP ${other.iceTcp}`]);
    const status = ['status', '--state-dir', other.stateDir];
    assert.equal((await millraceJson<ServerInfo>(status)).ports.onePort, null);
    assert.match(other.log, /port \d+ \(one_port\.port\) cannot be opened \(EADDRINUSE\)/);
    assert.match(other.log, /The one port over UDP cannot use port \d+/);
  } finally {
    tcp.close();
    udp.close();
  }
});
