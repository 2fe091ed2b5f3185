import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthFacts } from '../../../src/api/health.ts';
import { FakeWhipWorld } from '../whip-fake.ts';
import { LINE_BPS_MAX, type LineProgress, LineTest, type LineTestResult } from './line-test.ts';

const ENDPOINT = 'https://live.example.net/_test/abc/whip';

function world(
  options: {
    readonly available?: (upMs: number) => number;
    /** What the encoder makes. */
    readonly videoBps?: number;
    readonly upAfterMs?: number;
    readonly incomingBps?: number;
    readonly loss?: number;
  } = {},
) {
  const fake = new FakeWhipWorld({ random: 0.5, webrtc: true });
  fake.upAfterMs = options.upAfterMs ?? 100;
  const pictures = { made: 0, stopped: 0 };
  const progress: LineProgress[] = [];
  const facts = { video: { incomingBps: options.incomingBps ?? 0 }, loss: options.loss ?? 0 };
  const line = new LineTest(
    { endpoint: ENDPOINT, facts: async () => facts as HealthFacts },
    {
      ...fake.whip,
      createPeer: () => {
        const peer = fake.whip.createPeer();
        fake.sender.available = options.available;
        fake.sender.videoBps = options.videoBps ?? 2_000_000;
        fake.sender.fractionLost = options.loss ?? 0;
        return peer;
      },
      wait: (ms) => new Promise((resolve) => void fake.whip.setTimer(resolve, ms)),
      createPicture: () => {
        pictures.made += 1;
        return { track: {} as MediaStreamTrack, stop: () => void pictures.stopped++ };
      },
    },
  );
  let result: LineTestResult | undefined;
  const running = line
    .run((one) => progress.push(one))
    .then((one) => {
      result = one;
    });
  const finish = async (limitMs = 20_000) => {
    const startMs = fake.whip.nowMs();
    while (result === undefined && fake.whip.nowMs() - startMs < limitMs) await fake.advance(50);
    await running;
    return { result: result!, tookMs: fake.whip.nowMs() - startMs };
  };
  return { fake, line, finish, pictures, progress };
}

function lineIn(result: LineTestResult) {
  assert.equal(result.kind, 'measured');
  return result.kind === 'measured' ? result.line : undefined!;
}

test('what congestion control settles on is what the line carries', async () => {
  const { finish, fake, pictures, progress } = world({
    available: (upMs) => Math.min(4_000_000, 300_000 + upMs * 1500),
    videoBps: 3_700_000,
  });
  const { result, tookMs } = await finish();
  assert.deepEqual(lineIn(result), { upBps: 4_000_000, isMore: false, loss: 0, rttMs: 20 });
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
  assert.equal(progress.at(-1)?.share, 1);
  assert.equal(fake.requests[0]?.url, `${ENDPOINT}?transport=udptcp`);
  assert.equal(fake.requests.at(-1)?.method, 'DELETE', 'the session is over');
  assert.deepEqual(pictures, { made: 1, stopped: 1 });
});

test('a line that swings is given all the time there is, and its middle counts', async () => {
  const { finish } = world({
    available: (upMs) => 3_000_000 + 1_000_000 * Math.sin(upMs / 700),
    loss: 0.05,
  });
  const { result, tookMs } = await finish();
  const { upBps, loss } = lineIn(result);
  assert.ok(upBps > 2e6 && upBps < 4e6, `${upBps}`);
  assert.equal(loss, 0.05);
  assert.ok(tookMs < 15_000, `${tookMs} ms`);
});

test('more than the test sends is more, and no number', async () => {
  const { finish } = world({ available: () => 90_000_000 });
  const { upBps, isMore } = lineIn((await finish()).result);
  assert.equal(upBps, LINE_BPS_MAX);
  assert.equal(isMore, true);
});

test('a device that cannot fill the line is not held against the line', async () => {
  const { finish } = world({ available: () => 5_000_000, videoBps: 1_000_000 });
  const { upBps, isMore } = lineIn((await finish()).result);
  assert.equal(upBps, 5_000_000);
  assert.equal(isMore, true);
});

test('a browser that does not tell: what was sent, and what arrived', async () => {
  const { finish } = world({ incomingBps: 2_400_000 });
  const { upBps } = lineIn((await finish()).result);
  assert.equal(upBps, 2_400_000);
});

test('no way by UDP: TCP is tried; no way at all is told', async () => {
  const { finish, fake } = world({ upAfterMs: 60_000 });
  const { result, tookMs } = await finish();
  assert.equal(result.kind, 'failed');
  assert.match(result.kind === 'failed' ? result.message : '', /blocks live video/);
  const posts = fake.requests.filter(({ method }) => method === 'POST').map(({ url }) => url);
  assert.deepEqual(posts, [`${ENDPOINT}?transport=udptcp`, `${ENDPOINT}?transport=tcp`]);
  assert.ok(tookMs < 6000, `${tookMs} ms`);
});

test('a refusal is told in the server’s words', async () => {
  const { finish, fake, pictures } = world();
  const detail = 'This invite is no longer good. Ask whoever sent it to you for a new one.';
  const body = JSON.stringify({ type: 'urn:millrace:problem:invite-over', detail });
  fake.answers.POST = { status: 401, body };
  const { result } = await finish();
  assert.deepEqual(result, { kind: 'failed', message: detail });
  assert.equal(pictures.stopped, 1);
});

test('stopped in the middle: the session and the picture end', async () => {
  const { finish, fake, line, pictures } = world({ available: () => 2_000_000 });
  await fake.advance(2000);
  line.stop();
  const { result } = await finish();
  assert.deepEqual(result, { kind: 'stopped' });
  assert.equal(fake.sender.closed, true);
  assert.equal(pictures.stopped, 1);
});
