/** What must hold on a bad path, however bad: pictures come back, and nobody stays behind. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type ViewerPage } from '../interop/chromium.ts';
import { ClockSource } from '../interop/clock-source.ts';
import { startPublisher } from '../interop/publisher-process.ts';
import { type Lab, labRefusal, openLab, type Side } from './network.ts';
import { seenIn, wellAfter } from './seen.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? false;
const STREAM = 'lab/clock';
const GOP_SECONDS = 2;
const SETTLE_MS = 3000;
/** A viewer is live, whatever happened before. */
const LIVE_MS = 1000;
/** TCP tries again within a second (or three, on an older kernel); then comes a keyframe, and browsers settle. */
const BACK_AFTER_CUT_MS = 8000;
/** An ordinary line, and the same when somebody else uses it too. */
const ORDINARY = { down: { rateBps: 20e6, delayMs: 15 }, up: { rateBps: 5e6, delayMs: 15 } };
const THIN = { down: { rateBps: 1.5e6 } };
/** Browsers keep a large buffer for a while after such a time. */
const BACK_AFTER_THIN_MS = 10_000;

/** A viewer on a good path, with the picture there and settled. */
class Stage implements AsyncDisposable {
  readonly lab: Lab;
  readonly server: LabServer;
  readonly #things = new AsyncDisposableStack();

  private constructor(lab: Lab, server: LabServer, things: AsyncDisposableStack) {
    this.lab = lab;
    this.server = server;
    this.#things = things;
  }

  static async open(seed: number): Promise<Stage> {
    const things = new AsyncDisposableStack();
    const lab = things.use(await openLab({ seed }));
    try {
      const server = things.use(await LabServer.start(lab));
      return new Stage(lab, server, things);
    } catch (error) {
      await things.disposeAsync();
      throw error;
    }
  }

  publishByRtmp(videoKbps: number): void {
    const output = { rtmp: this.server.rtmpUrl(STREAM) };
    const inside = this.lab.inside('server');
    this.#things.use(new ClockSource({ gopSeconds: GOP_SECONDS, videoKbps, output, inside }));
  }

  async publishByWhip(videoKbps: number): Promise<void> {
    const { server } = this;
    const target = {
      url: server.whip(STREAM),
      key: server.key,
      gopSeconds: GOP_SECONDS,
      videoKbps,
    };
    this.#things.use(await startPublisher(target, this.lab.inside('client')));
  }

  async view(transport: 'tcp' | 'udp', side: Side = 'client'): Promise<ViewerPage> {
    const inside = this.lab.inside(side);
    const secureOrigin = this.server.origin;
    const chromium = this.#things.use(
      await Chromium.start({ autoplay: 'allowed', inside, secureOrigin }),
    );
    const page = await chromium.open(this.server.page(STREAM, `?transport=${transport}`));
    await page.waitForPicture();
    await delay(SETTLE_MS);
    assert.equal(await page.transport(), transport);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync();
  }
}

for (const transport of ['tcp', 'udp'] as const) {
  test(`the picture comes back after a cut of 3 s: ${transport}`, { skip }, async (t) => {
    await using stage = await Stage.open(3);
    stage.publishByRtmp(1500);
    const page = await stage.view(transport);
    stage.lab.cut(3000);
    await delay(3000);
    await assertWellWithin(t, page, BACK_AFTER_CUT_MS);
  });

  test(`a viewer whose path was too thin is live again when it is not: ${transport}`, {
    skip,
  }, async (t) => {
    await using stage = await Stage.open(4);
    stage.publishByRtmp(2500);
    stage.lab.change(ORDINARY);
    const page = await stage.view(transport);
    stage.lab.change(THIN);
    await delay(8000);
    stage.lab.change(ORDINARY);
    await assertWellWithin(t, page, BACK_AFTER_THIN_MS);
  });

  test(`a viewer with 5 % loss goes on, and is well after it: ${transport}`, {
    skip,
  }, async (t) => {
    await using stage = await Stage.open(5);
    stage.publishByRtmp(1500);
    const page = await stage.view(transport);
    const sinceMs = Date.now();
    stage.lab.change({ down: { loss: 0.05 } });
    await delay(8000);
    stage.lab.change({ down: { loss: 0 } });
    const span = { fromMs: sinceMs, toMs: Date.now() };
    const { freezes, longestMs, framesPerSecond } = seenIn(await page.since(sinceMs), span);
    t.diagnostic(
      `${freezes} freezes, ${Math.round(longestMs)} ms at worst, ${framesPerSecond.toFixed(1)} frames a second`,
    );
    // A whole GOP and some more: a viewer who misses a keyframe sees the next one.
    assert.ok(longestMs < 2 * GOP_SECONDS * 1000, `the picture stood for ${longestMs} ms`);
    await assertWellWithin(t, page, BACK_AFTER_CUT_MS);
  });
}

test("a WHIP publisher's 2 % loss does not end the picture", { skip }, async (t) => {
  await using stage = await Stage.open(6);
  await stage.publishByWhip(1500);
  const page = await stage.view('tcp', 'server');
  const sinceMs = Date.now();
  stage.lab.change({ up: { loss: 0.02 } });
  await delay(10_000);
  const span = { fromMs: sinceMs, toMs: Date.now() };
  const { freezes, longestMs, framesPerSecond } = seenIn(await page.since(sinceMs), span);
  const { up } = await stage.lab.counts();
  t.diagnostic(
    `${up.lost} packets lost: ${freezes} freezes, ${Math.round(longestMs)} ms at worst, ${framesPerSecond.toFixed(1)} frames a second`,
  );
  assert.ok(up.lost > 10);
  assert.ok(longestMs < GOP_SECONDS * 1000, `the picture stood for ${longestMs} ms`);
});

/** From now on: soon moving without freezes and as live as can be. */
async function assertWellWithin(t: TestContext, page: ViewerPage, withinMs: number): Promise<void> {
  const fromMs = Date.now();
  await delay(withinMs + 2500);
  const watched = await page.since(fromMs);
  const toMs = Date.now();
  const well = wellAfter(watched, { fromMs, toMs }, LIVE_MS - 150);
  const { latencyMs } = seenIn(watched, { fromMs: toMs - 2000, toMs });
  t.diagnostic(
    `well after ${well === undefined ? '-' : Math.round(well)} ms; then ${Math.round(latencyMs)} ms late`,
  );
  assert.ok(well !== undefined && well < withinMs, 'the picture did not get well');
  assert.ok(latencyMs < LIVE_MS, `${latencyMs} ms late`);
}
