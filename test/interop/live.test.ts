/** The main job on real input: ffmpeg, OBS's library and a browser publish; a browser watches through our page. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { Chromium, figuresOf, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

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

/** Waits for the picture, then watches and listens for a while; says what it saw. */
async function assertLive(t: TestContext, viewer: ViewerPage): Promise<void> {
  const firstMs = await viewer.waitForPicture();
  await viewer.listen();
  await viewer.watch(1500); // until the browser's jitter buffers have settled
  const watched = await viewer.watch(6000);
  const { latencyMs, soundLateMs } = figuresOf(watched);
  const audio = await viewer.inbound('audio');
  t.diagnostic(
    `picture after ${Math.round(firstMs)} ms; glass to glass ${Math.round(latencyMs)} ms; sound ${Math.round(soundLateMs)} ms after the picture; over ${await viewer.transport()}`,
  );
  assert.ok(watched.frames.length > 150, `${watched.frames.length} frames in 6 s`);
  assert.ok(latencyMs < 1000, `${latencyMs} ms`);
  assert.ok(watched.beeps.length >= 5, `${watched.beeps.length} beeps in 6 s`);
  // Chromium delays the picture until it fits the sound, in steps of 16 ms every few seconds; it is still at it.
  assert.ok(Math.abs(soundLateMs) < 150, `sound ${soundLateMs} ms late`);
  assert.ok((audio?.packetsReceived ?? 0) > 300, `${audio?.packetsReceived} audio packets`);
}

test('ffmpeg by RTMP', async (t) => {
  await using source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('live/rtmp') },
  });
  const viewer = await chromium.open(server.page('live/rtmp'));
  await assertLive(t, viewer);
  assert.equal(await viewer.transport(), 'tcp');
  const stream = await server.stream('live/rtmp');
  assert.equal(stream?.publisher?.protocol, 'rtmp');
  assert.equal(stream?.publisher?.video?.width, 640);
  assert.equal(stream?.publisher?.audio?.sourceCodec, 'aac');
  assert.deepEqual(stream?.publisher?.findings, []);
  assert.equal(stream?.viewers.length, 1);
  await source.stop();
  await viewer.page.close();
});

for (const iceTcp of [false, true]) {
  test(`OBS's library by WHIP over ${iceTcp ? 'TCP' : 'UDP'}`, async (t) => {
    const name = iceTcp ? 'live/whip-tcp' : 'live/whip-udp';
    const url = server.whip(name, iceTcp ? '?transport=tcp' : '');
    await using publisher = await startPublisher({ url, key: server.key, iceTcp });
    const viewer = await chromium.open(server.page(name));
    await assertLive(t, viewer);
    const live = (await server.stream(name))?.publisher;
    assert.equal(live?.protocol, 'whip');
    assert.equal(live?.transport, iceTcp ? 'tcp' : 'udp');
    assert.equal(await publisher.stop(), 200);
    await viewer.page.close();
  });
}

test('a viewer who asks for UDP gets it', async (t) => {
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('live/udp') },
  });
  const viewer = await chromium.open(server.page('live/udp', '?transport=udp'));
  await assertLive(t, viewer);
  assert.equal(await viewer.transport(), 'udp');
  await viewer.page.close();
});

/** In the page: the browser's camera and microphone by WHIP, as small as it can be. */
async function publishCamera(viewer: ViewerPage, url: string, key: string): Promise<void> {
  await viewer.page.evaluate(`(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    const peer = new RTCPeerConnection();
    for (const track of media.getTracks()) {
      const { sender } = peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      const { codecs } = RTCRtpSender.getCapabilities(track.kind);
      const wanted = codecs.filter(({ mimeType }) => mimeType === 'video/H264' || mimeType === 'audio/opus');
      peer.getTransceivers().find((each) => each.sender === sender).setCodecPreferences(wanted);
    }
    await peer.setLocalDescription();
    const response = await fetch('${url}', {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer ${key}' },
      body: peer.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(await response.text());
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  })()`);
}

test('a browser with its camera by WHIP', async (t) => {
  const camera = await chromium.open(server.page('live/camera-operator'));
  const viewer = await chromium.open(server.page('live/camera'));
  await publishCamera(camera, server.whip('live/camera'), server.key);
  await viewer.page.waitForFunction('watching.since(0).shown > 30', undefined, { timeout: 20_000 });
  const before = await viewer.since(0);
  await viewer.page.waitForTimeout(3000);
  const shown = (await viewer.since(0)).shown - before.shown;
  const audio = await viewer.inbound('audio');
  t.diagnostic(
    `${(shown / 3).toFixed(1)} frames a second, audio energy ${audio?.totalAudioEnergy}`,
  );
  assert.ok(shown > 45, `${shown} frames in 3 s`);
  assert.ok((audio?.totalAudioEnergy ?? 0) > 0);
  await camera.page.close();
  await viewer.page.close();
});

test('the newest publisher with the right key takes over at once', async (t) => {
  const name = 'live/takeover';
  await using first = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  const viewer = await chromium.open(server.page(name));
  await viewer.waitForPicture();
  const session = (await server.stream(name))?.publisher?.session;
  const startMs = Date.now();
  await using second = await startPublisher({
    url: server.whip(name),
    key: server.key,
  });
  await server.waitFor(name, (stream) => {
    const publisher = stream?.publisher;
    return publisher?.protocol === 'whip' && publisher.session !== session;
  });
  await viewer.page.waitForTimeout(4000);
  const { frames } = await viewer.since(startMs);
  const gaps = frames.map((frame, index) => frame.shownMs - (frames[index - 1] ?? frame).shownMs);
  const { latencyMs } = figuresOf(await viewer.watch(2000));
  t.diagnostic(
    `the picture stood for ${Math.round(Math.max(...gaps))} ms; glass to glass now ${Math.round(latencyMs)} ms`,
  );
  assert.notEqual(
    first.child.exitCode ?? first.child.signalCode,
    null,
    'the replaced ffmpeg was let go',
  );
  assert.ok(Math.max(...gaps) < 2500);
  assert.ok(latencyMs < 1000);
  assert.equal(await second.stop(), 200);
  await viewer.page.close();
});

test('a wrong key changes nothing', async () => {
  const name = 'live/guarded';
  await using _source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  await server.waitFor(name, (stream) => stream?.live === true);
  const session = (await server.stream(name))?.publisher?.session;
  await assert.rejects(
    startPublisher({ url: server.whip(name), key: 'wrong' }),
    /WHIP answered 401/,
  );
  const wrong = server.rtmpUrl(name).replace(server.key, 'wrong');
  await using thief = new ClockSource({ gopSeconds: 1, output: { rtmp: wrong } });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.notEqual(thief.child.exitCode, null, 'ffmpeg was sent away');
  assert.equal((await server.stream(name))?.publisher?.session, session);
});
