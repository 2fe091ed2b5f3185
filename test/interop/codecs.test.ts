/** Every codec beside H.264, in by WHIP and by Enhanced RTMP, out to Chromium; and one that Chromium cannot show. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { h265Units } from '../doubles/depacketize.ts';
import { Chromium, type ViewerPage } from './chromium.ts';
import { EnhancedPublisher, encodeClip, encodeVideo } from './enhanced-publisher.ts';
import { ffmpegOutput } from './ffmpeg.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

const WATCH_MS = 3000;

let server: TestServer;
let chromium: Chromium;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** The picture moves, the sound is there, and the server knows what it carries. */
async function assertPlays(
  t: TestContext,
  viewer: ViewerPage,
  name: string,
  wanted: { readonly codec: string; readonly framesMin: number },
): Promise<void> {
  const shownBy = async (frames: number) =>
    viewer.page.waitForFunction(`watching.since(0).shown > ${frames}`, undefined, {
      timeout: 20_000,
    });
  const startMs = performance.now();
  await shownBy(5);
  const firstMs = performance.now() - startMs;
  const before = await viewer.since(0);
  await viewer.page.waitForTimeout(WATCH_MS);
  const shown = (await viewer.since(0)).shown - before.shown;
  const [video, audio] = [await viewer.inbound('video'), await viewer.inbound('audio')];
  t.diagnostic(
    `picture after ${Math.round(firstMs)} ms, ${(shown / (WATCH_MS / 1000)).toFixed(1)} frames a second, ${video?.freezeCount} freezes`,
  );
  assert.ok(shown >= wanted.framesMin, `${shown} frames in ${WATCH_MS} ms`);
  assert.equal(video?.framesDropped, 0);
  assert.ok((audio?.totalAudioEnergy ?? 0) > 0, 'sound');
  const live = (await server.stream(name))?.publisher?.video;
  assert.equal(live?.codec, wanted.codec);
  assert.equal(`${live?.width}x${live?.height}`, '640x360');
}

/** In the page: the browser's camera and microphone by WHIP, in one codec alone. */
async function publishCamera(viewer: ViewerPage, url: string, mimeType: string): Promise<void> {
  await viewer.page.evaluate(`(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    const peer = new RTCPeerConnection();
    for (const track of media.getTracks()) {
      const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      const { codecs } = RTCRtpSender.getCapabilities(track.kind);
      transceiver.setCodecPreferences(
        codecs.filter(({ mimeType }) => mimeType === '${mimeType}' || mimeType === 'audio/opus'),
      );
      // The codec is what is tried here, not how it adapts to a slow machine.
      const parameters = transceiver.sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      await transceiver.sender.setParameters(parameters);
    }
    await peer.setLocalDescription();
    const response = await fetch('${url}', {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer ${server.key}' },
      body: peer.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(await response.text());
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  })()`);
}

/** What the server makes of a keyframe without decoding it. */
const SNAPSHOTS = {
  vp8: ['image/webp', 640, 360],
  vp9: ['video/mp4', 640, 360],
  av1: ['image/avif', 640, 360],
} as const;

/** In the page: how large the picture is that the browser decodes from it. */
function snapshotOf(viewer: ViewerPage, name: string): Promise<readonly unknown[]> {
  return viewer.page.evaluate(`(async () => {
    const response = await fetch('/api/streams/${name}/snapshot');
    const blob = await response.blob();
    if (!blob.type.startsWith('video/')) {
      const { width, height } = await createImageBitmap(blob);
      return [blob.type, width, height];
    }
    const film = document.createElement('video');
    film.src = URL.createObjectURL(blob);
    await new Promise((resolve, reject) => {
      film.onloadeddata = resolve;
      film.onerror = () => reject(new Error(film.error.message));
    });
    return [blob.type, film.videoWidth, film.videoHeight];
  })()`);
}

for (const codec of ['vp8', 'vp9', 'av1'] as const) {
  test(`${codec}: Chromium to Chromium by WHIP`, async (t) => {
    const name = `live/whip-${codec}`;
    const camera = await chromium.open(server.page('live/camera-operator'));
    const viewer = await chromium.open(server.page(name));
    await publishCamera(camera, server.whip(name), `video/${codec.toUpperCase()}`);
    await assertPlays(t, viewer, name, { codec, framesMin: 30 });
    assert.deepEqual(await snapshotOf(viewer, name), SNAPSHOTS[codec]);
    await camera.page.close();
    await viewer.page.close();
  });

  test(`${codec} and Opus by Enhanced RTMP to Chromium`, async (t) => {
    const name = `live/rtmp-${codec}`;
    using _publisher = await EnhancedPublisher.start(server.rtmpUrl(name), await encodeClip(codec));
    await server.waitFor(name, (stream) => stream?.publisher?.video?.keyframeIntervalMs != null);
    const viewer = await chromium.open(server.page(name));
    await assertPlays(t, viewer, name, { codec, framesMin: 60 });
    const audio = (await server.stream(name))?.publisher?.audio;
    assert.equal(audio?.sourceCodec, 'opus');
    assert.deepEqual((await server.stream(name))?.publisher?.findings, []);
    await viewer.page.close();
  });
}

test('a viewer stays through a change of codec, on the same session', async () => {
  const name = 'live/changing';
  const first = await EnhancedPublisher.start(server.rtmpUrl(name), await encodeClip('vp8'));
  const viewer = await chromium.open(server.page(name));
  await viewer.page.waitForFunction('watching.since(0).shown > 20', undefined, { timeout: 20_000 });
  const session = (await server.stream(name))?.viewers[0]?.session;
  using _second = await EnhancedPublisher.start(server.rtmpUrl(name), await encodeClip('vp9'));
  await server.waitFor(name, (stream) => stream?.publisher?.video?.codec === 'vp9');
  const before = (await viewer.since(0)).shown;
  await viewer.page.waitForFunction(`watching.since(0).shown > ${before + 40}`, undefined, {
    timeout: 20_000,
  });
  assert.equal((await server.stream(name))?.viewers[0]?.session, session);
  first.stop();
  await viewer.page.close();
});

test('H.265: a browser that cannot show it says so, also to those who waited', async () => {
  const name = 'live/hevc';
  const waiting = await chromium.open(server.page(name));
  await waiting.page.waitForFunction(`${STATE} === 'waiting'`, undefined, { timeout: 15_000 });
  using _publisher = await EnhancedPublisher.start(server.rtmpUrl(name), await encodeClip('h265'));
  const late = await chromium.open(server.page(name));
  for (const viewer of [waiting, late]) {
    await viewer.page.waitForFunction(`${STATE} === 'error'`, undefined, { timeout: 15_000 });
    const [title, text] = await viewer.page.evaluate<string[]>(CARD);
    assert.equal(title, 'Cannot be played here');
    assert.match(text ?? '', /^This stream is H\.265 \(HEVC\), which this player cannot show\./);
    await viewer.page.close();
  }
});

test('H.265: what a viewer gets is what the encoder made, picture for picture', async (t) => {
  const name = 'live/hevc-raw';
  using _publisher = await EnhancedPublisher.start(server.rtmpUrl(name), await encodeClip('h265'));
  await server.waitFor(name, (stream) => stream?.publisher?.video?.codec === 'h265');
  const viewer = await RawViewer.watch(server.page(name, '/whep'), 'H265');
  await viewer.waitForFrames(60, 15_000);
  await viewer.close();
  const pictures = viewer.frames.slice(0, 60).map(h265Units);
  const start = Buffer.of(0, 0, 0, 1);
  const stream = Buffer.concat(pictures.flat().flatMap((unit) => [start, Buffer.from(unit)]));
  const made = await pictureHashes(await encodeVideo('h265'));
  const got = await pictureHashes(stream);
  t.diagnostic(`${got.length} pictures decoded`);
  assert.equal(got.length, 60);
  // It begins at one of the three keyframes, and goes round.
  const offset = made.indexOf(got[0]!);
  assert.equal(offset % 25, 0);
  assert.deepEqual(
    got,
    got.map((_, index) => made[(offset + index) % made.length]),
  );
});

const STATE = `document.querySelector('millrace-player')?.state`;
const CARD = `(() => {
  const card = document.querySelector('millrace-player').shadowRoot.querySelector('.card');
  return ['.title', '.text'].map((part) => card.querySelector(part).textContent);
})()`;

/** Decodes a byte stream; one hash for each picture. */
async function pictureHashes(stream: Buffer): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-hevc-'));
  try {
    const path = join(directory, 'stream.hevc');
    writeFileSync(path, stream);
    const lines = await ffmpegOutput(['-f', 'hevc', '-i', path, '-f', 'framemd5']);
    return [...lines.toString().matchAll(/, ([0-9a-f]{32})$/gm)].map(([, hash = '']) => hash);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
