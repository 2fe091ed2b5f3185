/** How things end: a publisher that vanishes, a server that is stopped, and what the other side notices. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium, figuresOf } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

/** No byte, check or packet for 5 s is a publisher that is gone; a second for the timer and for asking. */
const NOTICED_MS_MAX = 6500;

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

test('an RTMP publisher that falls silent is gone after five seconds; its viewer stays and sees the next one', async (t) => {
  const name = 'live/silent';
  await using source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  const viewer = await chromium.open(server.page(name));
  await viewer.waitForPicture();
  source.freeze();
  const noticedMs = await server.waitFor(name, (stream) => stream?.live !== true);
  t.diagnostic(`noticed after ${Math.round(noticedMs)} ms`);
  assert.ok(noticedMs > 4000 && noticedMs < NOTICED_MS_MAX, `${noticedMs} ms`);
  const startMs = Date.now();
  await using _back = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  await viewer.waitForPicture();
  t.diagnostic(`back after ${Date.now() - startMs} ms`);
  assert.ok(figuresOf(await viewer.watch(2000)).latencyMs < 1000);
  await viewer.page.close();
});

test('an RTMP publisher that closes is gone at once', async () => {
  const name = 'live/closed';
  await using source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  await server.waitFor(name, (stream) => stream?.live === true);
  await source.kill();
  assert.ok((await server.waitFor(name, (stream) => stream?.live !== true)) < 500);
});

test('a WHIP publisher that is killed is gone after five seconds', async (t) => {
  const name = 'live/killed';
  await using publisher = await startPublisher({ url: server.whip(name), key: server.key });
  await server.waitFor(name, (stream) => stream?.live === true);
  await publisher.kill();
  const noticedMs = await server.waitFor(name, (stream) => stream?.live !== true);
  t.diagnostic(`noticed after ${Math.round(noticedMs)} ms`);
  assert.ok(noticedMs < NOTICED_MS_MAX, `${noticedMs} ms`);
});

test('a publisher that says goodbye is gone at once, and can come back', async () => {
  const name = 'live/goodbye';
  for (let time = 0; time < 2; time++) {
    const publisher = await startPublisher({ url: server.whip(name), key: server.key });
    await server.waitFor(name, (stream) => stream?.live === true);
    assert.equal(await publisher.stop(), 200);
    assert.ok((await server.waitFor(name, (stream) => stream?.live !== true)) < 1000);
  }
});

test('a server that is stopped says so to its publishers', async (t) => {
  const name = 'live/restart';
  await using publisher = await startPublisher({
    url: server.whip(name),
    key: server.key,
  });
  await server.waitFor(name, (stream) => stream?.live === true);
  const startMs = performance.now();
  const code = await server.stop();
  assert.equal(code, 0, server.log);
  await publisher.waitFor('closed', 2000);
  t.diagnostic(`the publisher knew after ${Math.round(performance.now() - startMs)} ms`);
});
