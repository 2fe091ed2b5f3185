/** GStreamer publishes by RTMP with both of its sinks, the own one and librtmp's; Chromium watches. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.ts';
import { endProcess } from './ffmpeg.ts';
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

/** A live test picture and tone; `location` as each sink wants it. */
function gstreamer(sink: readonly string[]) {
  const child = spawn('gst-launch-1.0', [
    ...[
      '-e',
      'videotestsrc',
      'is-live=true',
      '!',
      'video/x-raw,width=640,height=360,framerate=30/1',
    ],
    ...[
      '!',
      'x264enc',
      'tune=zerolatency',
      'speed-preset=ultrafast',
      'key-int-max=30',
      'bitrate=1000',
    ],
    ...['!', 'h264parse', '!', 'flvmux', 'name=mux', 'streamable=true', '!', ...sink],
    ...['audiotestsrc', 'is-live=true', '!', 'audio/x-raw,rate=48000,channels=2'],
    ...['!', 'voaacenc', 'bitrate=96000', '!', 'aacparse', '!', 'mux.'],
  ]);
  let log = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text: Buffer) => {
      log += text.toString();
    });
  }
  return { child, log: () => log };
}

for (const element of ['rtmp2sink', 'rtmpsink'] as const) {
  test(`GStreamer's ${element}`, async (t) => {
    const name = `live/${element}`;
    // librtmp reads options behind a blank; without one the whole text is the URL.
    const { child, log } = gstreamer([element, `location=${server.rtmpUrl(name)}`]);
    try {
      await server
        .waitFor(name, (stream) => stream?.publisher?.video?.keyframeIntervalMs != null)
        .catch((error: unknown) => {
          throw new Error(`GStreamer: ${log()}\n${server.log.slice(-500)}`, { cause: error });
        });
      const viewer = await chromium.open(server.page(name));
      await viewer.page.waitForFunction('watching.since(0).shown > 5', undefined, {
        timeout: 20_000,
      });
      const before = await viewer.since(0);
      await viewer.page.waitForTimeout(3000);
      const shown = (await viewer.since(0)).shown - before.shown;
      const audio = await viewer.inbound('audio');
      const publisher = (await server.stream(name))?.publisher;
      t.diagnostic(`${(shown / 3).toFixed(1)} frames a second; ${publisher?.userAgent}`);
      assert.ok(shown > 60, `${shown} frames in 3 s`);
      assert.ok((audio?.totalAudioEnergy ?? 0) > 0, 'sound');
      assert.deepEqual(publisher?.findings, []);
      assert.equal(publisher?.audio?.sourceCodec, 'aac');
      assert.equal(publisher?.client.kind, 'gstreamer');
      assert.ok((publisher?.audio?.levelDb ?? -127) > -60, 'its tone has a level');
      await viewer.page.close();
    } finally {
      await endProcess(child, 'SIGINT');
    }
  });
}
