/** What streamers are told, and what their viewers get meanwhile: real encoders with a setting that is wrong. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

const PYRAMID = 'bframes=3:b-adapt=0:b-pyramid=normal';
const PADDED = 'bframes=0:nal-hrd=cbr:filler=1:aud=1';

let server: TestServer;
let chromium: Chromium;

before(async () => {
  server = await TestServer.start({ config: 'apps: {live: , strict: {b_frames: refuse}}' });
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function x264(params: string): readonly string[] {
  return ['-preset', 'veryfast', '-x264-params', params];
}

async function findingsOf(stream: string): Promise<readonly string[]> {
  return (await server.stream(stream))?.publisher?.findings.map(({ code }) => code) ?? [];
}

for (const protocol of ['rtmp', 'whip'] as const) {
  test(`B-frames by ${protocol}: told, left out, and what stays moves evenly`, async (t) => {
    const stream = `live/b-frames-${protocol}`;
    const encoder = x264(PYRAMID);
    await using _publisher =
      protocol === 'rtmp'
        ? new ClockSource({ gopSeconds: 2, output: { rtmp: server.rtmpUrl(stream) }, encoder })
        : await startPublisher({ url: server.whip(stream), key: server.key, encoder });
    const viewer = await chromium.open(server.page(stream));
    await viewer.waitForPicture();
    await viewer.watch(2000);
    const { frames } = await viewer.watch(5000);
    const steps = frames.slice(1).map(({ shownMs }, index) => shownMs - frames[index]!.shownMs);
    const back = frames.slice(1).filter(({ drawnMs }, index) => drawnMs < frames[index]!.drawnMs);
    t.diagnostic(`${frames.length / 5} pictures a second, longest step ${Math.max(...steps)} ms`);
    assert.ok(frames.length > 25, `${frames.length} of 37 pictures in 5 s`);
    assert.equal(back.length, 0);
    assert.equal((await viewer.inbound('video'))?.pliCount ?? 0, 0, 'nothing was broken');
    assert.ok((await findingsOf(stream)).includes('b-frames'));
    assert.match(server.log, /B-frames/);
    await viewer.page.close();
  });
}

test('an app that refuses B-frames ends the publisher, and says why', async () => {
  const stream = 'strict/b-frames';
  const output = { rtmp: server.rtmpUrl(stream) };
  await using source = new ClockSource({ gopSeconds: 2, output, encoder: x264(PYRAMID) });
  await new Promise((resolve) => source.child.once('exit', resolve));
  assert.match(server.log, /refused/);
  assert.equal((await server.stream(stream))?.live ?? false, false);
});

test('padding by WHIP: told, and kept from viewers without a gap', async (t) => {
  const stream = 'live/padded';
  const url = server.whip(stream);
  const encoder = x264(PADDED);
  await using _publisher = await startPublisher({ url, key: server.key, encoder });
  const viewer = await chromium.open(server.page(stream));
  await viewer.waitForPicture();
  await server.waitFor(
    stream,
    (info) => info?.publisher?.findings.some(({ code }) => code === 'filler') ?? false,
    20_000,
  );
  const { frames } = await viewer.watch(5000);
  const info = await server.stream(stream);
  const video = await viewer.inbound('video');
  t.diagnostic(`${info?.publisher?.video?.bitrateBps} bit/s to viewers, of 900000`);
  assert.ok(frames.length > 120, `${frames.length} pictures in 5 s`);
  assert.equal(video?.packetsLost, 0);
  assert.equal(video?.pliCount ?? 0, 0);
  assert.ok((info?.publisher?.video?.bitrateBps ?? 0) < 800_000);
  await viewer.page.close();
});

test('a GOP of 4 s by RTMP is told, with its length', async () => {
  const stream = 'live/long-gop';
  await using _source = new ClockSource({
    gopSeconds: 4,
    output: { rtmp: server.rtmpUrl(stream) },
  });
  await server.waitFor(
    stream,
    (info) => info?.publisher?.findings.some(({ code }) => code === 'keyframe-interval') ?? false,
  );
  const [finding] = (await server.stream(stream))?.publisher?.findings ?? [];
  assert.match(finding?.message ?? '', /s pass between keyframes/);
  assert.equal(finding?.until, null);
});
