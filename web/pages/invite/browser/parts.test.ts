/** The small pure parts of a guest's browser: what it can do, how well, how loud, and which tab is the one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abilitiesOf, type Browser, permissionWords, screenWords } from './abilities.ts';
import { choose, devicesOf } from './devices.ts';
import { lostFault, refusedFault } from './faults.ts';
import { levelOf, Needle, peakDb } from './level.ts';
import { type Locks, OneTab } from './one-tab.ts';
import { advised, bitrateOf, INITIAL, microphoneConstraints, sendingOf } from './quality.ts';

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const IPAD =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

function browser(change: Partial<Browser>): Browser {
  return {
    isSecureContext: true,
    userAgent: WINDOWS,
    touchPoints: 0,
    mediaDevices: { getUserMedia: 1, getDisplayMedia: 1 },
    videoCodecs: [{ mimeType: 'video/VP8' }, { mimeType: 'video/H264' }],
    hasWebRtc: true,
    ...change,
  };
}

test('what a browser can do is known before it is tried', () => {
  const chrome = abilitiesOf(browser({}));
  assert.equal(chrome.hasH264, true);
  assert.match(screenWords(chrome) ?? '', /whole screen/);
  const firefox = abilitiesOf(browser({ userAgent: FIREFOX }));
  assert.equal(firefox.family, 'firefox');
  assert.match(screenWords(firefox) ?? '', /without its sound/);
  const tablet = abilitiesOf(
    browser({ userAgent: IPAD, touchPoints: 5, mediaDevices: { getUserMedia: 1 } }),
  );
  assert.deepEqual([tablet.platform, tablet.hasScreen], ['ios', false]);
  assert.equal(screenWords(tablet), undefined);
  const plain = abilitiesOf(browser({ isSecureContext: false, mediaDevices: undefined }));
  assert.deepEqual([plain.isSecure, plain.hasCamera], [false, false]);
  assert.equal(abilitiesOf(browser({ videoCodecs: [] })).hasH264, false);
  assert.equal(abilitiesOf(browser({ videoCodecs: undefined })).hasH264, undefined);
});

test('how to allow the camera is said for each browser', () => {
  const words = [WINDOWS, FIREFOX, IPAD].map((userAgent) =>
    permissionWords(abilitiesOf(browser({ userAgent }))).join(' '),
  );
  assert.equal(new Set(words).size, 3);
});

test('devices have names, and none twice', () => {
  const info = (kind: string, deviceId: string, label = '') => ({ kind, deviceId, label }) as never;
  const devices = devicesOf([
    ...[info('videoinput', 'a'), info('videoinput', 'b', '<b>Cam</b>')],
    ...[info('audioinput', 'default', 'Default - Mic'), info('audioinput', 'communications')],
    ...[info('audiooutput', 'speaker'), info('videoinput', '')],
  ]);
  assert.deepEqual(devices.camera, [
    { id: 'a', label: 'Camera 1' },
    { id: 'b', label: '<b>Cam</b>' },
  ]);
  assert.equal(devices.microphone.length, 1);
  assert.equal(choose(devices.camera, 'b')?.id, 'b');
  assert.equal(choose(devices.camera, 'gone')?.id, 'a');
  assert.equal(choose([], 'a'), undefined);
});

test('quality: what the line was found to carry', () => {
  const fast = { ...INITIAL, rate: '60', sound: 'music' } as const;
  const plain = { ...fast, rate: '30', bitrate: 'auto' };
  assert.deepEqual(advised(fast, { height: 540, videoBps: 1_500_000 }), {
    ...plain,
    height: '540',
  });
  const best = advised(fast, { height: 1080, videoBps: 6_000_000 });
  assert.deepEqual(best, { ...plain, height: '1080', bitrate: '6000000' });
});

test('quality: what fits, or what was chosen', () => {
  assert.equal(bitrateOf(INITIAL), 2_500_000);
  assert.equal(bitrateOf({ ...INITIAL, rate: '60' }), 3_750_000);
  assert.equal(bitrateOf({ ...INITIAL, bitrate: '1000000' }), 1_000_000);
  assert.equal(sendingOf(INITIAL, false).video.simulcast, true);
  assert.equal(sendingOf({ ...INITIAL, height: '360' }, false).video.simulcast, false);
  const screen = sendingOf(INITIAL, true).video;
  assert.deepEqual([screen.simulcast, screen.degradation], [false, 'maintain-resolution']);
  const music = { ...INITIAL, sound: 'music' } as const;
  assert.deepEqual(sendingOf(music, false).audio, { maxBitrateBps: 160_000, stereo: true });
  assert.equal(microphoneConstraints(music, undefined).noiseSuppression, false);
});

test('loudness in words, and a needle that falls slowly', () => {
  assert.equal(peakDb(new Float32Array(4)), Number.NEGATIVE_INFINITY);
  assert.equal(Math.round(peakDb(Float32Array.of(0.1, -0.5))), -6);
  const words = [-90, -40, -12, -1].map((db) => levelOf(db).loudness);
  assert.deepEqual(words, ['silent', 'quiet', 'good', 'too-loud']);
  const needle = new Needle();
  assert.equal(needle.push(-6, 0), -6);
  assert.equal(needle.push(-90, 500), -18);
  assert.equal(needle.push(-10, 600), -10);
  assert.equal(needle.push(Number.NEGATIVE_INFINITY, 60_000), -60);
});

test('each fault has its words, and the server’s own where they say more', () => {
  assert.match(lostFault('no-path').text, /neither UDP nor TCP/);
  const closed = refusedFault({ phase: 'refused', reason: 'closed', detail: 'Open Mon 18:00.' });
  assert.match(closed.text, /The server says: Open Mon 18:00\./);
  const taken = refusedFault({ phase: 'refused', reason: 'taken', detail: 'x' });
  assert.doesNotMatch(taken.text, /server says/);
});

/** Locks of one browser, for several tabs. */
class FakeLocks implements Locks {
  #lost: (() => void) | undefined;

  async request(
    _: string,
    { steal }: { ifAvailable?: boolean; steal?: boolean },
    callback: (lock: object | null) => Promise<void> | undefined,
  ): Promise<void> {
    if (this.#lost !== undefined && !steal) return void callback(null);
    this.#lost?.();
    const stolen = new Promise<void>((_, reject) => {
      this.#lost = () => reject(new Error('stolen'));
    });
    await Promise.race([callback({}), stolen]).then(() => {
      this.#lost = undefined;
    });
  }
}

test('the second tab says so, and may take over', async () => {
  const locks = new FakeLocks();
  const ours: Record<string, boolean> = {};
  const tab = (name: string) =>
    new OneTab(locks, (value) => Object.assign(ours, { [name]: value }));
  const [first, second] = [tab('first'), tab('second')];
  first.claim();
  second.claim();
  assert.deepEqual(ours, { first: true, second: false });
  second.takeOver();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(ours, { first: false, second: true });
  second.release();
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.claim();
  assert.equal(ours.first, true);
  new OneTab(undefined, (value) => Object.assign(ours, { third: value })).claim();
  assert.deepEqual(ours, { first: true, second: true, third: true });
});
