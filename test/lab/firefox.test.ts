/** Firefox watches, on a real address: over TCP and UDP, and through a cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ClockSource } from '../interop/clock-source.ts';
import { moveClient } from './addressing.ts';
import { Firefox, firefoxRefusal } from './firefox.ts';
import { labRefusal, openLab } from './network.ts';
import { seenIn } from './seen.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? firefoxRefusal() ?? false;
const STREAM = 'lab/clock';
const OTHER_CLIENT = '10.77.0.3';
/** The player notices a silent path after 3 s, and then asks for another. */
const BACK_MS_MAX = 15_000;
/**
 * Until the server has closed the connections by which the page was loaded. Firefox would ask by each of them, in vain, before it made
 * another: it does not see that their address is gone.
 */
const CONNECTIONS_OVER_MS = 17_000;

for (const transport of ['tcp', 'udp'] as const) {
  test(`Firefox over ${transport}, with a cut of 2 s`, { skip }, async (t) => {
    await using lab = await openLab({ seed: 8 });
    await using server = await LabServer.start(lab);
    await using _source = new ClockSource({
      gopSeconds: 2,
      output: { rtmp: server.rtmpUrl(STREAM) },
      inside: lab.inside('server'),
    });
    await using firefox = await Firefox.start(lab, 'client');
    await firefox.open(server.page(STREAM, `?transport=${transport}`));
    await firefox.waitForPicture();
    await delay(3000);
    const fromMs = Date.now();
    await delay(4000);
    const span = { fromMs, toMs: Date.now() };
    const before = seenIn(await firefox.since(fromMs), span);
    assert.equal((await server.stream(STREAM))?.viewers[0]?.transport, transport);
    lab.cut(2000);
    await delay(2000 + 8000);
    const toMs = Date.now();
    const after = seenIn(await firefox.since(fromMs), { fromMs: toMs - 2500, toMs });
    t.diagnostic(
      `${Math.round(before.latencyMs)} ms late, ${before.framesPerSecond.toFixed(1)} frames a second; after the cut ${Math.round(after.latencyMs)} ms, ${after.framesPerSecond.toFixed(1)}`,
    );
    assert.ok(before.framesPerSecond > 20 && before.latencyMs < 1000);
    assert.ok(after.framesPerSecond > 20 && after.latencyMs < 1000);
  });
}

test('Firefox whose IP address changes is asked at the new one, answers, and sees on over UDP', {
  skip,
}, async (t) => {
  await using lab = await openLab({ seed: 9 });
  await using server = await LabServer.start(lab);
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl(STREAM) },
    inside: lab.inside('server'),
  });
  await using firefox = await Firefox.start(lab, 'client');
  await firefox.open(server.page(STREAM, '?transport=udp'));
  await firefox.waitForPicture();
  await delay(CONNECTIONS_OVER_MS);
  moveClient(lab, OTHER_CLIENT);
  const movedMs = Date.now();
  await delay(1000);
  while ((await firefox.since(movedMs + 1000)).frames.length < 10) {
    assert.ok(Date.now() - movedMs < BACK_MS_MAX, 'no picture');
    await delay(200);
  }
  t.diagnostic(`picture again after ${Date.now() - movedMs} ms`);
  assert.equal((await server.stream(STREAM))?.viewers[0]?.transport, 'udp');
});

test('Firefox shows several streams at once, and the last picture of one that ended', {
  skip,
}, async () => {
  await using lab = await openLab({ seed: 10 });
  await using server = await LabServer.start(lab, 'apps: {lab: {snapshots: last}}');
  const source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl(STREAM) },
    inside: lab.inside('server'),
  });
  await using firefox = await Firefox.start(lab, 'client');
  const until = async (condition: string) => {
    const endMs = Date.now() + BACK_MS_MAX;
    while (!(await firefox.evaluate<boolean>(condition))) {
      assert.ok(Date.now() < endMs, condition);
      await delay(200);
    }
  };
  await firefox.open(server.page('lab'));
  await until("document.querySelector('.tile millrace-player')?.state === 'live'");
  await firefox.evaluate("document.querySelector('.tile-picture').click()");
  await until("document.querySelector('.tile-focused') !== null");
  await source.stop();
  while ((await server.stream(STREAM))?.live === true) await delay(100);
  await firefox.open(server.page(STREAM));
  // H.264 comes as a video of one frame.
  await until(`(() => {
    const film = document.querySelector('millrace-player')?.shadowRoot.querySelector('video.poster');
    return film != null && !film.hidden && film.videoWidth === 640;
  })()`);
});
