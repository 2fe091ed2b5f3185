/** Our player on the real server: it starts by itself, survives what happens to servers and networks, and leaves no trace. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Chromium, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { endProcess, FFMPEG } from './ffmpeg.ts';
import { TestServer } from './server.ts';

const STREAM = 'live/player';
const STATE_MS_MAX = 15_000;
/** What a viewer may have to wait for after a server's restart, its own start included. */
const BACK_MS_MAX = 5_000;

let server: TestServer;
/** The server's process at present: the first, or the one that was started in its place. */
let child: ChildProcess;
let chromium: Chromium;

before(async () => {
  server = await TestServer.start({ arguments: ['--demo'] });
  child = server.child;
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  if (child !== undefined) await endProcess(child);
  await server?.stop();
});

test('starts by itself when the stream does, and says so', async (t) => {
  const viewer = await chromium.open(server.page(STREAM));
  await waitForState(viewer, 'waiting');
  {
    await using _source = new ClockSource({
      gopSeconds: 1,
      output: { rtmp: server.rtmpUrl(STREAM) },
    });
    t.diagnostic(
      `picture ${Math.round(await viewer.waitForPicture())} ms after its publisher's start`,
    );
    await waitForState(viewer, 'live');
    assert.deepEqual(await viewer.page.evaluate(`${PLAYER}.stats.transport`), 'tcp');
    assert.equal(await viewer.page.title(), `● ${STREAM} · Millrace`);
  }
  await waitForState(viewer, 'waiting');
  {
    await using _again = new ClockSource({
      gopSeconds: 1,
      output: { rtmp: server.rtmpUrl(STREAM) },
    });
    await waitForState(viewer, 'live');
    await viewer.waitForPicture();
  }
  assert.equal((await server.stream(STREAM))?.viewers.length, 1);
  await viewer.page.close();
});

test('left stays left: stereo reaches the loudspeakers', async () => {
  const name = 'live/stereo';
  const source = spawn(FFMPEG, [
    ...['-loglevel', 'error', '-nostdin', '-re', '-f', 'lavfi', '-i', 'testsrc=s=320x180:r=15'],
    ...['-re', '-f', 'lavfi', '-i', 'aevalsrc=0.5*sin(880*PI*t)|0:s=48000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '15'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '128k', '-f', 'flv', server.rtmpUrl(name)],
  ]);
  try {
    const viewer = await chromium.open(server.page(name));
    await waitForState(viewer, 'live');
    const [left = 0, right = 0] = await viewer.page.evaluate<number[]>(LOUDNESS);
    assert.ok(left > 0.1, `left ${left}`);
    assert.ok(right < left / 20, `left ${left}, right ${right}`);
    await viewer.page.close();
  } finally {
    await endProcess(source);
  }
});

test('an ICE restart keeps the session and the picture', async () => {
  const viewer = await chromium.open(server.page('demo/clock'));
  await waitForState(viewer, 'live');
  const before = await viewersOf('demo/clock');
  const answer = viewer.page.waitForResponse((response) => response.request().method() === 'PATCH');
  // What a browser says after a change of networks.
  await viewer.page.evaluate(`window.dispatchEvent(new Event('online'))`);
  assert.equal((await answer).status(), 200);
  await waitForState(viewer, 'live');
  await viewer.page.waitForTimeout(3000);
  assert.equal(await viewer.page.evaluate(`${PLAYER}.state`), 'live');
  assert.deepEqual(await viewersOf('demo/clock'), before);
  await viewer.page.close();
});

test('leaves nothing behind', async () => {
  const viewer = await chromium.open(server.page('demo/clock'));
  await waitForState(viewer, 'live');
  assert.equal((await viewersOf('demo/clock')).length, 1);
  await viewer.page.goto('about:blank');
  await server.waitFor('demo/clock', (stream) => stream?.viewers.length === 0, 2000);
  await viewer.page.close();
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`is back within five seconds of a restart by ${signal}`, async (t) => {
    const viewer = await chromium.open(server.page('demo/clock'));
    await waitForState(viewer, 'live');
    const endedMs = performance.now();
    await restart(signal);
    // Until it notices, the player still says `live`.
    await waitForState(viewer, 'reconnecting');
    await waitForState(viewer, 'live');
    const backMs = performance.now() - endedMs;
    t.diagnostic(`picture again after ${Math.round(backMs)} ms`);
    assert.ok(backMs < BACK_MS_MAX, `${backMs} ms`);
    await viewer.page.close();
  });
}

/** Root mean square of both channels of what the player plays, over a little while. */
const LOUDNESS = `(async () => {
  const context = new AudioContext();
  const stream = document.querySelector('millrace-player').shadowRoot.querySelector('video').srcObject;
  const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
  context.createMediaStreamSource(stream).connect(splitter);
  const ears = [0, 1].map((channel) => {
    const ear = new AnalyserNode(context, { fftSize: 8192 });
    splitter.connect(ear, channel);
    return ear;
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return ears.map((ear) => {
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  });
})()`;

const PLAYER = `document.querySelector('millrace-player')`;

/** Ends the server and starts another one just like it: same ports, same state. */
async function restart(signal: NodeJS.Signals): Promise<void> {
  const [program = '', ...args] = child.spawnargs;
  await endProcess(child, signal);
  child = spawn(program, args, { stdio: 'ignore' });
}

async function viewersOf(name: string): Promise<readonly string[]> {
  return (await server.stream(name))?.viewers.map(({ session }) => session) ?? [];
}

async function waitForState(viewer: ViewerPage, state: string): Promise<void> {
  const untilMs = performance.now() + STATE_MS_MAX;
  const now = () => viewer.page.evaluate(`${PLAYER}?.state`);
  while ((await now()) !== state && performance.now() < untilMs)
    await viewer.page.waitForTimeout(20);
  assert.equal(await now(), state, viewer.console.join('\n'));
}
