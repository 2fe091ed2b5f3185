/** Do Chromium and OvenPlayer take our session descriptions? They do when they send a check to the candidate in them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, type TestContext, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startSignalling } from './signalling-server.ts';

let browser: Browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
      ...['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
});
after(() => browser.close());

async function openPage(context: TestContext): Promise<Page> {
  const page = await browser.newPage();
  context.after(() => page.close());
  return page;
}

/** What the functions below find in the page; the server's own types know no browser. */
// biome-ignore lint/suspicious/noExplicitAny: a browser's globals
type PageGlobals = any;

/** Makes `globalThis.pc` offer, to watch or to publish; pages without an origin have no camera, but canvases. */
function offerIn(page: Page, role: 'watch' | 'publish'): Promise<string> {
  return page.evaluate(async (role) => {
    const { RTCPeerConnection, AudioContext, document } = globalThis as PageGlobals;
    const pc = new RTCPeerConnection();
    Object.assign(globalThis, { pc });
    if (role === 'watch') {
      pc.addTransceiver('video', { direction: 'recvonly' });
      pc.addTransceiver('audio', { direction: 'recvonly' });
    } else {
      const stream = document.createElement('canvas').captureStream(30);
      const audio = new AudioContext().createMediaStreamDestination().stream;
      for (const track of [...audio.getTracks(), ...stream.getTracks()]) {
        pc.addTransceiver(track, { direction: 'sendonly' });
      }
    }
    await pc.setLocalDescription();
    return pc.localDescription.sdp;
  }, role);
}

type Outcome = { readonly streams: string[]; readonly directions: string[] };

/** Gives `globalThis.pc` the answer; tells what came of it. */
function answerIn(page: Page, sdp: string): Promise<Outcome> {
  return page.evaluate(async (sdp) => {
    const { pc } = globalThis as PageGlobals;
    const streams: string[] = [];
    pc.ontrack = (event: PageGlobals) => streams.push(event.streams[0].id);
    await pc.setRemoteDescription({ type: 'answer', sdp });
    const directions = pc
      .getTransceivers()
      .map((transceiver: PageGlobals) => transceiver.currentDirection);
    return { streams, directions };
  }, sdp);
}

for (const transport of ['udp', 'tcp'] as const) {
  test(`Chromium takes the answer of WHEP over ${transport}`, async (context) => {
    const { post, firstCheck, media } = await startSignalling(context);
    const page = await openPage(context);
    const offer = await offerIn(page, 'watch');
    const { answer } = await post(`/show/a/whep?transport=${transport}`, offer);
    const result = await answerIn(page, answer);
    assert.deepEqual(result.streams, ['millrace', 'millrace']);
    assert.deepEqual(result.directions, ['recvonly', 'recvonly']);
    const { localUfrag, remoteUfrag } = media.last('open-viewer').peer;
    assert.deepEqual(await firstCheck, { username: `${localUfrag}:${remoteUfrag}`, transport });
  });
}

test('Chromium takes the answer of WHIP', async (context) => {
  const { post, firstCheck, media } = await startSignalling(context);
  const page = await openPage(context);
  const { answer } = await post('/show/a/whip', await offerIn(page, 'publish'));
  const result = await answerIn(page, answer);
  assert.deepEqual(result.directions, ['sendonly', 'sendonly']);
  const { localUfrag, remoteUfrag } = media.last('open-publisher').peer;
  assert.equal((await firstCheck).username, `${localUfrag}:${remoteUfrag}`);
});

test('Chromium takes the credentials of an ICE restart', async (context) => {
  const { app, post, media } = await startSignalling(context);
  const page = await openPage(context);
  const { answer, location } = await post('/show/a/whep', await offerIn(page, 'watch'));
  await answerIn(page, answer);
  const fragment = await page.evaluate(async () => {
    const { pc } = globalThis as PageGlobals;
    pc.restartIce();
    await pc.setLocalDescription();
    const lines = pc.localDescription.sdp.match(/a=ice-(ufrag|pwd):.*\r\n/g);
    return lines.slice(0, 2).join('');
  });
  const response = await app.request(location, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
    body: fragment,
  });
  assert.equal(response.status, 200);
  const { localUfrag, localPwd } = media.last('restart-ice');
  const restarted = answer
    .replaceAll(/a=ice-ufrag:.*/g, `a=ice-ufrag:${localUfrag}`)
    .replaceAll(/a=ice-pwd:.*/g, `a=ice-pwd:${localPwd}`);
  assert.deepEqual((await answerIn(page, restarted)).directions, ['recvonly', 'recvonly']);
});

const ovenPlayer = readFileSync(createRequire(import.meta.url).resolve('ovenplayer'), 'utf8');

/** The unmodified OvenPlayer, as a page embeds it. */
async function openOvenPlayer(context: TestContext, file: string): Promise<Page> {
  const page = await openPage(context);
  await page.setContent('<div id="player"></div>');
  await page.addScriptTag({ content: ovenPlayer });
  await page.evaluate((file) => {
    const { OvenPlayer } = globalThis as PageGlobals;
    const player = OvenPlayer.create('player', { sources: [{ label: 'a', type: 'webrtc', file }] });
    Object.assign(globalThis, { player });
  }, file);
  return page;
}

for (const when of ['live', 'not live yet']) {
  test(`OvenPlayer takes our offer and we its answer: stream ${when}`, async (context) => {
    const { media, firstCheck, port } = await startSignalling(context);
    if (when === 'live') media.goLive('show/slot-1');
    const page = await openOvenPlayer(context, `ws://127.0.0.1:${port}/show/slot-1`);
    if (when !== 'live') {
      await page.waitForTimeout(500);
      assert.deepEqual(media.told, []);
      media.goLive('show/slot-1');
    }
    const { username, transport } = await firstCheck;
    const opened = media.last('open-viewer');
    assert.equal(transport, 'tcp');
    assert.equal(username, `${opened.peer.localUfrag}:${opened.peer.remoteUfrag}`);
    assert.deepEqual(
      opened.tracks.map(({ payloadTypes }) =>
        payloadTypes.map(({ codec, payloadType }) => ({ codec, payloadType })),
      ),
      [
        // All that this Chromium decodes of what we offer: no H.265.
        [
          { codec: 'h264', payloadType: 102 },
          { codec: 'av1', payloadType: 100 },
          { codec: 'vp9', payloadType: 98 },
          { codec: 'vp8', payloadType: 96 },
        ],
        [{ codec: 'opus', payloadType: 111 }],
      ],
    );
    await page.waitForTimeout(200);
    const levels = await page.evaluate(() => (globalThis as PageGlobals).player.getQualityLevels());
    assert.equal(levels.length, 1);
    assert.notEqual(
      await page.evaluate(() => (globalThis as PageGlobals).player.getState()),
      'error',
    );
  });
}
