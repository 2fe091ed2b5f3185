/** A browser that publishes adapts to its path; it can only know it by our feedback. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium, type ViewerPage } from './chromium.ts';
import { TestServer } from './server.ts';

const WANTED_BPS = 2_500_000;
/** What the browser means to send by then; what it does send depends on how fast this machine encodes. */
const RAMP_MS_MAX = 6000;

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

/** Publishes a canvas that is hard to encode; the connection is `peer` of the page. */
function publishNoise(page: ViewerPage, url: string, key: string): Promise<void> {
  return page.page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 960, height: 540 });
    const context = canvas.getContext('2d');
    const noise = new ImageData(240, 135);
    const pixels = new Uint32Array(noise.data.buffer);
    setInterval(() => {
      for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.random() * 2 ** 32) | 0xff000000;
      context.putImageData(noise, Math.random() * 700, Math.random() * 400);
    }, 33);
    const peer = (globalThis.peer = new RTCPeerConnection());
    const [track] = canvas.captureStream(30).getVideoTracks();
    const sendEncodings = [{ maxBitrate: ${WANTED_BPS} }];
    peer.addTransceiver(track, { direction: 'sendonly', sendEncodings });
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

/** What the browser's congestion control allows, in bits a second. */
function availableBps(page: ViewerPage): Promise<number> {
  return page.page.evaluate(`(async () => {
    const stats = [...(await peer.getStats()).values()];
    const pair = stats.find(({ type, nominated }) => type === 'candidate-pair' && nominated);
    return pair?.availableOutgoingBitrate ?? 0;
  })()`);
}

for (const transport of ['udp', 'tcp'] as const) {
  test(`a browser reaches its bit rate within seconds: ${transport}`, async (t) => {
    const page = await chromium.open(server.page(`live/ramp-page-${transport}`));
    const name = `live/ramp-${transport}`;
    await publishNoise(page, server.whip(name, `?transport=${transport}`), server.key);
    const startMs = performance.now();
    const seen: number[] = [];
    while ((seen.at(-1) ?? 0) < WANTED_BPS && performance.now() - startMs < RAMP_MS_MAX) {
      await page.page.waitForTimeout(250);
      seen.push(await availableBps(page));
    }
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    t.diagnostic(`${seen.map((bps) => (bps / 1e6).toFixed(1)).join(', ')} Mbit/s in ${seconds} s`);
    assert.ok((seen.at(-1) ?? 0) >= WANTED_BPS, 'it may send what it wants');
    const publisher = (await server.stream(name))?.publisher;
    assert.ok((publisher?.rttMs ?? -1) >= 0, 'its round trip is known');
    await page.page.close();
  });
}
