/** The doctor with real encoders, each with faults that are known, as a producer and a guest see it in a real browser. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Health } from '../../src/api/health.ts';
import { Chromium } from './chromium.ts';
import { endProcess, FFMPEG } from './ffmpeg.ts';
import { comeIn, Owner } from './invited.ts';
import { startPublisher } from './publisher-process.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';
const OBS = 'Mozilla/5.0 (OBS-Studio/32.2.2; Windows x86_64; en-US)';
/** The card asks for a still as soon as the stream is there, and its first keyframe may be under way. */
const NO_STILL_YET = /404/;
/** Until all that is wrong is found: silence takes ten seconds, a busy machine longer. */
const FOUND_MS_MAX = 30_000;

/** As people write it who copy a line from somewhere: B-frames, a keyframe each five seconds, no sound in the sound. */
const FAULTY = {
  sound: 'anullsrc=r=44100:cl=mono',
  words: ['-preset', 'veryfast', '-bf', '2', '-g', '150', '-ac', '1'],
};
const GOOD = {
  sound: 'sine=frequency=440:r=48000',
  words: ['-preset', 'veryfast', '-tune', 'zerolatency', '-g', '30', '-ac', '2', '-b:a', '160k'],
};

let server: TestServer;
let chromium: Chromium;
let screen: Screen;

before(async () => {
  server = await TestServer.start();
  chromium = await Chromium.start({ autoplay: 'allowed', keepsPolicy: true });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

function ffmpeg(stream: string, { sound, words }: typeof GOOD): ChildProcess & AsyncDisposable {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'];
  const codecs = ['-c:v', 'libx264', '-b:v', '1500k', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  const child = spawn(FFMPEG, [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-re', ...picture],
    ...['-f', 'lavfi', '-i', sound, ...codecs, ...words, '-f', 'flv', server.rtmpUrl(stream)],
  ]);
  return Object.assign(child, { [Symbol.asyncDispose]: () => endProcess(child) });
}

/** `code: state` of all that is not good. */
async function amiss(stream: string): Promise<readonly string[]> {
  return (await health(stream)).verdict.checks
    .filter(({ state }) => state !== 'good')
    .map(({ code, state }) => `${code}: ${state}`);
}

async function health(stream: string): Promise<Health> {
  const response = await fetch(`http://127.0.0.1:${server.http}/api/streams/${stream}/health`);
  return (await response.json()) as Health;
}

async function until(condition: () => Promise<boolean>, what: () => Promise<unknown>) {
  const untilMs = performance.now() + FOUND_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error(JSON.stringify(await what()));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Opens the list of one stream on the dashboard. */
async function open(stream: string): Promise<Locator> {
  const card = screen.page.getByRole('region', { name: stream });
  await card.getByText('Health').click();
  await card.locator('[data-check]').first().waitFor();
  return card;
}

async function item(card: Locator, code: string): Promise<string> {
  return (await card.locator(`[data-check="${code}"]`).textContent()) ?? '';
}

test('the owner signs in', async () => {
  screen = await Screen.open(chromium, `http://127.0.0.1:${server.http}/dashboard#live`);
  const { page } = screen;
  await page.waitForURL('**/login?next=*');
  await page.goto(`${page.url()}#claim=${server.claimCode}`);
  await page.fill('#name', 'Ada');
  await page.fill('#password', PASSWORD);
  await page.click('#go');
  await page.waitForURL('**/dashboard#live');
});

test('ffmpeg with B-frames, 5 s between keyframes and a silent mono track: each is told with its option', async () => {
  const stream = 'live/faulty';
  await using _encoder = ffmpeg(stream, FAULTY);
  const wanted = [
    'keyframes: problem',
    'b-frames: problem',
    'sound: warning',
    'audio-level: problem',
    'stereo: warning',
  ];
  await until(
    async () => {
      const seen = await amiss(stream);
      const hasTwoKeyframes = (await health(stream)).facts?.video?.keyframeIntervalMs != null;
      return hasTwoKeyframes && wanted.every((line) => seen.includes(line));
    },
    () => health(stream),
  );
  const card = await open(stream);
  assert.match(await item(card, 'b-frames'), /browsers cannot play live[\s\S]*-bf 0/);
  assert.match(await item(card, 'keyframes'), /Keyframe every 5 s[\s\S]*-g 30/);
  assert.match(await item(card, 'audio-level'), /silent[\s\S]*-i names/);
  assert.match(await item(card, 'stereo'), /Mono[\s\S]*-ac 2/);
  assert.match(await item(card, 'sound'), /44\.1 kHz[\s\S]*-ar 48000/);
  assert.match(await item(card, 'connection'), /FFmpeg \d+ by RTMP, over TCP/);
  assert.equal(await card.getByRole('status').textContent(), '3 things to mend.');
  screen.forgive(NO_STILL_YET);
  await screen.inspect('doctor-faulty');
});

test('a good stream has a tick and a value for everything that can be known', async () => {
  const stream = 'live/good';
  await using _encoder = ffmpeg(stream, GOOD);
  // The clock takes three minutes.
  await until(
    async () => (await amiss(stream)).join() === 'clock: unknown',
    () => health(stream),
  );
  const card = await open(stream);
  await card.getByText('Picture and sound are good.').first().waitFor();
  assert.match(await item(card, 'keyframes'), /Keyframe every 1 s/);
  assert.match(await item(card, 'audio-level'), /Level −2\d dB/);
  assert.match(await item(card, 'video-bitrate'), /1\.\d Mbit\/s of 1\.5 Mbit\/s/);
  screen.forgive(NO_STILL_YET);
  await screen.inspect('doctor-good');
});

test('OBS by WHIP with a long keyframe interval and B-frames is told which boxes', async () => {
  const stream = 'live/obs';
  await using _publisher = await startPublisher({
    ...{ url: server.whip(stream), key: server.key, userAgent: OBS, gopSeconds: 4 },
    encoder: ['-preset', 'veryfast', '-x264-params', 'bframes=3:b-adapt=0'],
  });
  await until(
    async () => {
      const seen = await amiss(stream);
      return seen.includes('keyframes: problem') && seen.includes('b-frames: problem');
    },
    () => health(stream),
  );
  const card = await open(stream);
  assert.match(
    await item(card, 'b-frames'),
    /"Tune" to zerolatency[\s\S]*"Custom Encoder Settings"/,
  );
  assert.match(await item(card, 'keyframes'), /"Keyframe Interval" to 1 s/);
  assert.match(await item(card, 'connection'), /OBS 32\.2\.2 by WHIP, over UDP/);
  assert.match(await item(card, 'audio-level'), /does not tell/);
});

test('a browser tells how loud it is, and needs no keyframe interval', async () => {
  const stream = 'live/browser';
  const page = await chromium.newPage();
  await page.goto(server.page(stream));
  await page.evaluate(publishCamera(server.whip(stream), server.key));
  await until(
    async () => (await health(stream)).facts?.audio?.levelDb !== null,
    () => health(stream),
  );
  await until(
    async () => (await health(stream)).verdict.state !== 'measuring',
    () => health(stream),
  );
  const { facts, verdict } = await health(stream);
  assert.equal(facts?.client.kind, 'browser');
  assert.ok((facts.audio?.loudestDb ?? 0) < 0, `${facts.audio?.loudestDb} dB`);
  const found = new Map(verdict.checks.map((check) => [check.code, check]));
  assert.equal(found.get('keyframes')?.sentence, 'A keyframe whenever one is needed');
  assert.equal(found.get('b-frames')?.state, 'good');
  await page.close();
});

test('a guest who tests sees what arrives; the line is measured in words, and its advice taken', async (t) => {
  const invited = await new Owner(server).invite('Grace', ['live/grace']);
  const guest = await comeIn(chromium, invited);
  const { page } = guest;
  t.after(() => page.close());
  await page.getByRole('button', { name: 'Test first' }).click();
  const card = page.getByRole('region', { name: 'What arrives at the server' });
  await card
    .locator('[data-check="connection"]')
    .getByText(/by WHIP/)
    .waitFor();
  await card
    .locator('[data-check="audio-level"]')
    .getByText(/Level −|quiet|loud/)
    .waitFor();
  await card
    .locator('[data-check="video-bitrate"]')
    .getByText(/bit\/s/)
    .first()
    .waitFor();
  await guest.inspect('doctor-guest-test');
  assert.equal(await page.getByRole('button', { name: 'Test your line' }).isDisabled(), true);
  await page.getByRole('button', { name: 'End the test' }).click();
  const startMs = performance.now();
  await page.getByRole('button', { name: 'Test your line' }).click();
  await page.getByRole('meter', { name: 'Testing your line' }).waitFor();
  await page.getByText(/^Your line carries/).waitFor({ timeout: 30_000 });
  const tookMs = performance.now() - startMs;
  t.diagnostic(
    `${await page.getByText(/^Your line carries/).textContent()} ${Math.round(tookMs)} ms`,
  );
  await guest.inspect('doctor-guest-line');
  await page.getByRole('button', { name: /^Use \d+p at/ }).click();
  assert.equal(await page.getByLabel('Frames per second').inputValue(), '30');
  const test = `_test/${invited.id}`;
  await server.waitFor(test, (stream) => stream === undefined);
});

test('a guest with OBS sees which boxes to change while he tests', async (t) => {
  const invited = await new Owner(server).invite('Ada', ['live/ada']);
  const guest = await Screen.open(chromium, invited.url);
  const { page } = guest;
  t.after(() => page.close());
  await page.getByRole('tab', { name: 'OBS' }).click();
  const card = page.getByRole('region', { name: 'What arrives at the server' });
  await card.getByText('Nothing comes in yet.').waitFor();
  await page.getByLabel('For', { exact: true }).selectOption('test');
  const slot = `_test/${invited.id}`;
  const { key } = (await page.evaluate(mintKey(slot))) as { readonly key: string };
  await using _publisher = await startPublisher({
    ...{ url: server.whip(slot), key, userAgent: OBS, gopSeconds: 4 },
    encoder: ['-preset', 'veryfast', '-x264-params', 'bframes=3:b-adapt=0'],
  });
  const problem = (code: string) => card.locator(`.ui-doctor-problem[data-check="${code}"]`);
  await problem('keyframes').getByText('"Keyframe Interval" to 1 s').waitFor({ timeout: 20_000 });
  await problem('b-frames').getByText('"Tune" to zerolatency').waitFor();
  assert.match(await item(card, 'connection'), /OBS 32\.2\.2 by WHIP/);
  await guest.inspect('doctor-guest-obs');
});

function mintKey(slot: string): string {
  return `fetch('/api/guest/keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"slot": "${slot}", "protocol": "whip"}',
  }).then((response) => response.json())`;
}

/** What a page that publishes does, in its shortest form; its connection is nobody's, and ends with the page. */
function publishCamera(url: string, key: string): string {
  return `(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    const peer = (globalThis.peer = new RTCPeerConnection());
    for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly' });
    await peer.setLocalDescription();
    const response = await fetch('${url}', {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer ${key}' },
      body: peer.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(await response.text());
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  })()`;
}
