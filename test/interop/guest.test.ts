/** A guest in a real browser, against a real server: from the link to the end of the invite, and what goes wrong on the way. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, type TestContext, test } from 'node:test';
import { Chromium, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { endProcess } from './ffmpeg.ts';
import { comeIn, type Invited, Owner } from './invited.ts';
import { Screen } from './screens.ts';
import { TestServer } from './server.ts';

const STREAM = 'show/grace';
const TWO_CAMERAS = '--use-fake-device-for-media-stream=device-count=2';
/** What a guest, and with her everybody who watches, may have to wait for after a restart, the server's own start included. */
const BACK_MS_MAX = 10_000;

let server: TestServer;
let child: ChildProcess;
let owner: Owner;
/** The guest's browser, under the pages' own policy; and one of somebody who watches, with eyes and ears. */
let guests: Chromium;
let viewers: Chromium;

before(async () => {
  server = await TestServer.start();
  child = server.child;
  owner = new Owner(server);
  [guests, viewers] = await Promise.all([
    Chromium.start({ autoplay: 'allowed', keepsPolicy: true, arguments: [TWO_CAMERAS] }),
    Chromium.start({ autoplay: 'allowed' }),
  ]);
});
after(async () => {
  await Promise.all([guests?.close(), viewers?.close()]);
  if (child !== undefined) await endProcess(child);
  await server?.stop();
});

/** The page's policy lets nobody evaluate text in it; this goes in as a function of the browser's own. */
const HAS_PICTURE = `async (video) => {
  while (video.videoWidth === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}`;

/** Opens a page for one test: what it holds, another would find taken. */
async function open(t: TestContext, url: string): Promise<Screen> {
  const screen = await Screen.open(guests, url);
  t.after(() => screen.page.close());
  return screen;
}

async function come(t: TestContext, name: string, stream: string): Promise<Screen> {
  const screen = await comeIn(guests, await owner.invite(name, [stream]));
  t.after(() => screen.page.close());
  return screen;
}

/** What somebody sees and hears in a while. */
async function watched(viewer: ViewerPage, ms: number) {
  const before = await viewer.since(0);
  const energy = (await viewer.inbound('audio'))?.totalAudioEnergy ?? 0;
  await viewer.page.waitForTimeout(ms);
  return {
    frames: (await viewer.since(0)).shown - before.shown,
    sound: ((await viewer.inbound('audio'))?.totalAudioEnergy ?? 0) - energy,
  };
}

test('from the link to being live, seen and heard, and cut off', async (t) => {
  const invited = await owner.invite('Grace Hopper', [STREAM]);
  const screen = await open(t, invited.url);
  const { page } = screen;
  await page.getByRole('heading', { name: 'Hello Grace Hopper' }).waitFor();
  assert.equal(page.url(), `${owner.origin}/invite`, 'the secret is off the address');
  await screen.inspect('invite-beforehand');
  await page.reload();
  await page.getByRole('heading', { name: 'Hello Grace Hopper' }).waitFor();
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await page.getByRole('button', { name: 'Test first' }).waitFor();
  await page.locator('video').evaluate(HAS_PICTURE);
  await page.getByRole('meter', { name: 'Your sound' }).waitFor();
  await screen.inspect('invite-preview');

  await page.getByRole('button', { name: 'Test first' }).click();
  await page.getByText('Arrives').waitFor();
  await page.waitForTimeout(3000);
  assert.deepEqual(await server.streams(), [], 'nobody knows of a test');
  const test = `_test/${invited.id}`;
  const spy = await fetch(`${owner.origin}/${test}/whep`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: 'v=0',
  });
  assert.equal(spy.status, 404);
  assert.equal((await fetch(`${owner.origin}/${test}`)).status, 404);
  await screen.inspect('invite-test');

  const viewer = await viewers.open(server.page(STREAM));
  await page.getByRole('button', { name: 'Go live now' }).click();
  await page.getByRole('heading', { name: 'You are live' }).waitFor();
  await viewer.page.waitForFunction('watching.since(0).shown > 30', undefined, { timeout: 20_000 });
  const seen = await watched(viewer, 3000);
  t.diagnostic(`${(seen.frames / 3).toFixed(1)} frames a second`);
  assert.ok(seen.frames > 40, `${seen.frames} frames in 3 s`);
  assert.ok(seen.sound > 0, 'sound is heard');
  const publisher = (await server.stream(STREAM))?.publisher;
  assert.equal(publisher?.protocol, 'whip');
  assert.equal(publisher?.video?.codec, 'h264');

  await owner.tally(STREAM, 'program');
  await page.getByText('On air', { exact: true }).waitFor();
  // The title follows once the page is painted.
  await page.waitForFunction("document.title.startsWith('● ON AIR · Live')");
  await screen.inspect('invite-live');
  await assertPreviewed(STREAM);

  assert.equal(await owner.revoke(invited.id), 204);
  await page.getByRole('heading', { name: 'This invite is over' }).waitFor({ timeout: 5000 });
  await server.waitFor(STREAM, (stream) => stream?.live !== true, 3000);
  screen.forgive(/40[14]/);
  await screen.inspect('invite-over');
  await page.goto('about:blank');
  await page.goto(invited.url);
  await page.getByRole('heading', { name: 'This invite is over' }).waitFor();
  await viewer.page.close();
});

/** The guest's browser sends a picture of what goes out, and a link to the stream shows it where it is pasted. */
async function assertPreviewed(stream: string): Promise<void> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const poster = await fetch(server.page(`api/streams/${stream}/poster`));
    if (poster.ok) {
      assert.equal(poster.headers.get('content-type'), 'image/jpeg');
      break;
    }
    assert.ok(performance.now() < endMs, `no poster: ${poster.status}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const page = await (await fetch(server.page(stream))).text();
  assert.match(page, /<meta property="og:image" content="[^"]*\/poster\?at=\d+">/);
}

test('comes back by itself after the server restarts, and not after its session was ended', async (t) => {
  const name = 'show/restart';
  const { page } = await come(t, 'Ada', name);
  await page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor(name, (stream) => stream?.live === true);
  const session = (await server.stream(name))?.publisher?.session;
  await owner.ask('DELETE', `/sessions/${session}`);
  await page.getByText('Your picture was ended').waitFor();
  await server.waitFor(name, (stream) => stream?.live !== true);
  await page.getByRole('button', { name: 'Go live again' }).click();
  await server.waitFor(name, (stream) => {
    return stream?.live === true && stream.publisher?.session !== session;
  });
  const startMs = performance.now();
  const [program = '', ...args] = child.spawnargs;
  await endProcess(child, 'SIGTERM');
  await page.getByText('Reconnecting').waitFor();
  child = spawn(program, args, { stdio: 'ignore' });
  await page.getByText('Live', { exact: true }).waitFor({ timeout: BACK_MS_MAX });
  t.diagnostic(`live again after ${Math.round(performance.now() - startMs)} ms`);
  await server.waitFor(name, (stream) => stream?.live === true);
  await page.close();
  await server.waitFor(name, (stream) => stream?.live !== true, 8000);
});

test('a device that is gone is replaced while live, and said', async (t) => {
  const name = 'show/devices';
  const { page } = await come(t, 'Ada', name);
  await page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor(name, (stream) => stream?.live === true);
  const session = (await server.stream(name))?.publisher?.session;
  // What the browser does when the plug is pulled.
  const pull = `(() => {
    const [track] = document.querySelector('video').srcObject.getVideoTracks();
    track.stop();
    track.dispatchEvent(new Event('ended'));
  })()`;
  await page.evaluate(pull);
  await page.getByText(/ is gone: .* takes its place\./).waitFor();
  const publisher = (await server.stream(name))?.publisher;
  assert.equal(publisher?.session, session, 'in the same session');
  await page.waitForTimeout(3500);
  const audio = (await server.stream(name))?.publisher?.audio;
  assert.ok((audio?.bitrateBps ?? 0) > 0, 'the sound went on');
});

test('a second tab says so, and takes over when it is told to', async (t) => {
  const invited = await owner.invite('Ada', ['show/tabs']);
  const first = await comeIn(guests, invited);
  t.after(() => first.page.close());
  const second = await open(t, `${owner.origin}/invite`);
  await second.page.getByText('This invite is open in another tab').waitFor();
  await second.inspect('invite-second-tab');
  await second.page.getByRole('button', { name: 'Use this tab instead' }).click();
  await second.page.getByRole('button', { name: 'Turn on camera and microphone' }).waitFor();
  await first.page.getByText('This invite is open in another tab').waitFor();
});

/** Notes what is handed to the connection: Chromium's made-up screen looks like its made-up camera. */
const NOTE_SENT = `
  const { replaceTrack } = RTCRtpSender.prototype;
  globalThis.sent = [];
  RTCRtpSender.prototype.replaceTrack = function (track) {
    sent.push(track?.kind === 'audio' ? 'sound' : (track?.getSettings().displaySurface ?? 'camera'));
    return replaceTrack.call(this, track);
  };`;

test('the screen takes the camera’s place while live, and gives it back', async (t) => {
  const name = 'show/screen';
  const { page } = await open(t, 'about:blank');
  await page.addInitScript(NOTE_SENT);
  await page.goto((await owner.invite('Ada', [name])).url);
  const viewer = await viewers.open(server.page(name));
  t.after(() => viewer.page.close());
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await page.getByRole('button', { name: 'Go live' }).click();
  await viewer.page.waitForFunction('watching.since(0).shown > 10');
  const session = (await server.stream(name))?.publisher?.session;
  await page.getByRole('button', { name: 'Show your screen or a window' }).click();
  await page.getByText('Your screen', { exact: true }).waitFor();
  await page.getByText('Its sound goes along, together with your microphone.').waitFor();
  assert.ok((await watched(viewer, 2000)).frames > 10, 'the picture goes on');
  // The browser's own bar.
  await page.evaluate(`document.querySelector('video').srcObject.getVideoTracks()[0]
    .dispatchEvent(new Event('ended'))`);
  await page.getByText('your camera is the picture again').waitFor();
  assert.deepEqual(await page.evaluate('sent.filter((one) => one !== "sound")'), [
    'monitor',
    'camera',
  ]);
  assert.ok((await watched(viewer, 2000)).frames > 10, 'and on');
  assert.equal((await server.stream(name))?.publisher?.session, session, 'in the same session');
});

test('a network that lets no media through is told as that, and tried again', async (t) => {
  const screen = await come(t, 'Ada', 'show/blocked');
  const { page } = screen;
  // As a firewall that lets HTTPS through and drops the rest: the server's addresses lead nowhere.
  await page.route('**/whip*', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(/a=candidate:.*\r\n/g, '');
    await route.fulfill({ response, body });
  });
  await page.getByRole('button', { name: 'Go live' }).click();
  await page.getByText('Your network lets no picture through').waitFor({ timeout: 15_000 });
  await screen.inspect('invite-blocked');
  await page.unroute('**/whip*');
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
});

test('a browser without H.264 sends VP8, and says so', async (t) => {
  const screen = await open(t, 'about:blank');
  const { page } = screen;
  await page.addInitScript(`
    const { getCapabilities } = RTCRtpSender;
    RTCRtpSender.getCapabilities = (kind) => {
      const capabilities = getCapabilities.call(RTCRtpSender, kind);
      const codecs = capabilities.codecs.filter(({ mimeType }) => !/h264/i.test(mimeType));
      return { ...capabilities, codecs };
    };`);
  const name = 'show/vp8';
  await page.goto((await owner.invite('Ada', [name])).url);
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await page.getByText('This browser has no H.264').waitFor();
  await page.getByRole('button', { name: 'Go live' }).click();
  await server.waitFor(name, (stream) => stream?.publisher?.video?.codec === 'vp8');
});

test('who is live already is not put out unasked', async (t) => {
  const name = 'show/taken';
  await using _encoder = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  await server.waitFor(name, (stream) => stream?.live === true);
  const screen = await come(t, 'Ada', name);
  const { page } = screen;
  await page.getByText('Somebody is live here now').waitFor();
  await page.getByRole('button', { name: 'Go live' }).click();
  await page.getByRole('dialog').getByText('Their picture ends').waitFor();
  await screen.inspect('invite-taken');
  assert.equal((await server.stream(name))?.publisher?.protocol, 'rtmp');
  await page.getByRole('button', { name: 'Take over' }).click();
  await server.waitFor(name, (stream) => stream?.publisher?.protocol === 'whip');
});

test('the fields for OBS come with a key of one’s own', async (t) => {
  const screen = await open(t, (await owner.invite('Ada', ['show/obs'])).url);
  const { page } = screen;
  await page.getByRole('tab', { name: 'OBS' }).click();
  await page.getByRole('button', { name: 'Show the fields' }).click();
  await page.getByText(`${owner.origin}/show/obs/whip`).waitFor();
  const masked = await page.getByText('••••').count();
  assert.equal(masked, 1, 'the key is masked');
  await screen.inspect('invite-obs');
  const { keys } = (await (await owner.ask('GET', '/keys')).json()) as {
    keys: { name: string; target: string }[];
  };
  assert.ok(keys.some(({ name, target }) => name === 'Ada (WHIP)' && target === 'show/obs'));
});

test('another site cannot publish in the name of the guest', async (t) => {
  const name = 'show/thief';
  const { page } = await come(t, 'Ada', name);
  // Another port of the same machine is the same site to SameSite: the Origin tells.
  const other = `http://127.0.0.1:${server.http}/show/thief/whip`;
  const status = await page.evaluate(`fetch('${other}', {
    method: 'POST', headers: { 'content-type': 'application/sdp' }, body: 'v=0' })
    .then((response) => response.status)`);
  assert.equal(status, 422, 'from our own page it is the offer that is wrong');
  const cookies = await page.context().cookies();
  const cookie = cookies.find(({ name: one }) => one === 'millrace_guest');
  assert.equal(cookie?.httpOnly, true);
  assert.equal(cookie?.sameSite, 'Strict');
  const stolen = await fetch(other, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/sdp', origin: 'https://evil.example' },
      cookie: `millrace_guest=${cookie?.value}`,
    },
    body: 'v=0',
  });
  assert.equal(stolen.status, 403);
});

test('a camera that is not allowed is told with the way to allow it', async () => {
  const invited: Invited = await owner.invite('Ada', ['show/denied']);
  const strict = await Chromium.start({
    ...{ autoplay: 'allowed', keepsPolicy: true, fakeUi: 'deny' },
  });
  try {
    const screen = await Screen.open(strict, invited.url);
    const { page } = screen;
    await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
    await page.getByText('This page may not use camera and microphone').waitFor();
    await page.getByText('Click the symbol to the left of the address.').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Go live' }).isDisabled());
    await screen.inspect('invite-denied');
  } finally {
    await strict.close();
  }
});

test('over plain HTTP from elsewhere the page says what to do instead', async () => {
  const invited = await owner.invite('Ada', ['show/plain']);
  const plain = await Chromium.start({
    ...{ autoplay: 'allowed', keepsPolicy: true },
    arguments: ['--host-resolver-rules=MAP live.example.test 127.0.0.1'],
  });
  try {
    const url = invited.url.replace('127.0.0.1', 'live.example.test');
    const screen = await Screen.open(plain, url);
    await screen.page.getByText('The browser gives this page no camera').waitFor();
    await screen.inspect('invite-plain-http');
    await screen.page.getByRole('tab', { name: 'OBS' }).click();
    await screen.page.getByRole('button', { name: 'Show the fields' }).click();
    await screen.page
      .getByText(`http://live.example.test:${server.http}/show/plain/whip`)
      .waitFor();
  } finally {
    await plain.close();
  }
});
