/** Chromium publishes three layers; Chromium watches over a path that narrows and widens. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type ViewerPage } from '../interop/chromium.ts';
import { type Lab, labRefusal, openLab } from './network.ts';
import { FREEZE_MS, seenIn } from './seen.ts';
import { LabServer } from './server.ts';
import { publishLayers, widthOf } from './simulcast-page.ts';

const skip = labRefusal() ?? false;
const STREAM = 'lab/layers';
const ORDINARY = { down: { rateBps: 20e6, delayMs: 15 }, up: { rateBps: 5e6, delayMs: 15 } };
/** Sound, headers, and some room for the middle layer. */
const OVERHEAD_BPS = 150e3;
const LOOK_MS = 100;
/** Chromium begins with the smallest layer and adds the others as its estimate grows. */
const ALL_LAYERS_MS_MAX = 20_000;
const DOWN_MS_MAX = 8000;
const UP_MS_MAX = 45_000;
const SETTLED_MS = 6000;
/** What is over 200 ms is told; a busy machine stands still by itself now and then, and some of them all the time. */
const SEAM_MS_MAX = 300;

class Stage implements AsyncDisposable {
  readonly lab: Lab;
  readonly server: LabServer;
  readonly page: ViewerPage;
  readonly publisher: ViewerPage;
  readonly #things: AsyncDisposableStack;

  private constructor(
    things: AsyncDisposableStack,
    lab: Lab,
    server: LabServer,
    pages: { readonly publisher: ViewerPage; readonly page: ViewerPage },
  ) {
    this.#things = things;
    this.lab = lab;
    this.server = server;
    this.page = pages.page;
    this.publisher = pages.publisher;
  }

  /** A viewer who sees the best layer. */
  static async open(transport: 'udp' | 'tcp', codec: string): Promise<Stage> {
    const things = new AsyncDisposableStack();
    try {
      const lab = things.use(await openLab({ seed: 7, ...ORDINARY }));
      const server = things.use(await LabServer.start(lab));
      const open = async (side: 'server' | 'client', url: string): Promise<ViewerPage> => {
        const inside = lab.inside(side);
        const options = { autoplay: 'allowed', inside, secureOrigin: server.origin } as const;
        return things.use(await Chromium.start(options)).open(url);
      };
      const publisher = await open('server', server.page('lab/empty'));
      await publishLayers(publisher, server.whip(STREAM, '?transport=udp'), server.key, codec);
      const page = await open('client', server.page(STREAM, `?transport=${transport}`));
      await page.waitForPicture();
      assert.equal(await page.transport(), transport);
      const stage = new Stage(things, lab, server, { publisher, page });
      await stage.waitForLayer('f', ALL_LAYERS_MS_MAX);
      return stage;
    } catch (error) {
      await things.disposeAsync();
      throw error;
    }
  }

  /** Waits until the picture has a layer's size. @returns how long that took */
  async waitForLayer(rid: string, timeoutMs: number): Promise<number> {
    const sinceMs = Date.now();
    let width: number | undefined;
    while (width !== widthOf(rid)) {
      if (Date.now() - sinceMs > timeoutMs) {
        const stream = JSON.stringify(await this.server.stream(STREAM));
        assert.fail(`${width} pixels wide instead of ${widthOf(rid)}: ${stream}`);
      }
      await delay(LOOK_MS);
      width = (await this.page.inbound('video'))?.frameWidth;
    }
    return Date.now() - sinceMs;
  }

  /** The middle layer and the sound fit, the best layer does not; a busy machine makes less of both than it should. */
  async betweenLayers(): Promise<number> {
    const layers = (await this.server.stream(STREAM))?.publisher?.layers ?? [];
    const bpsOf = (wanted: string): number =>
      layers.find(({ rid }) => rid === wanted)?.bitrateBps ?? 0;
    return (bpsOf('h') + bpsOf('f')) / 2 + OVERHEAD_BPS;
  }

  /** The longest time without a new picture. */
  async longestFreeze(t: TestContext, what: string, sinceMs: number): Promise<number> {
    const span = { fromMs: sinceMs, toMs: Date.now() - LOOK_MS };
    const watched = await this.page.since(sinceMs - 1000);
    const seen = seenIn(watched, span);
    const { freezes, longestMs, framesPerSecond, latencyMs } = seen;
    t.diagnostic(
      `${what}: ${freezes} freezes, ${Math.round(longestMs)} ms at worst, ${framesPerSecond.toFixed(1)} frames a second, ${Math.round(latencyMs)} ms late`,
    );
    return longestMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync();
  }
}

for (const [transport, codec] of [
  ['udp', 'VP8'],
  ['udp', 'H264'],
  ['tcp', 'VP8'],
] as const) {
  test(`a smaller picture on a thin path, the best one when it widens: ${transport}, ${codec}`, {
    skip,
  }, async (t) => {
    await using stage = await Stage.open(transport, codec);
    await delay(SETTLED_MS);
    const beforeMs = await stage.longestFreeze(t, 'before', Date.now() - SETTLED_MS);
    const narrowMs = Date.now();
    stage.lab.change({ down: { rateBps: await stage.betweenLayers() } });
    const downMs = await stage.waitForLayer('h', DOWN_MS_MAX);
    await delay(2000);
    await stage.longestFreeze(t, `down after ${downMs} ms`, narrowMs);
    const thinMs = Date.now();
    await delay(SETTLED_MS);
    await stage.longestFreeze(t, 'on the thin path', thinMs);
    const wideMs = Date.now();
    stage.lab.change(ORDINARY);
    const upMs = await stage.waitForLayer('f', UP_MS_MAX);
    await delay(2000);
    const longestMs = await stage.longestFreeze(t, `up after ${upMs} ms`, wideMs);
    const hasPower = beforeMs < FREEZE_MS;
    assert.ok(
      longestMs < SEAM_MS_MAX || !hasPower,
      `the picture stood for ${longestMs} ms on the way up`,
    );
    const { freezeCount, pliCount } = (await stage.page.inbound('video')) ?? {};
    t.diagnostic(
      `${freezeCount} freezes as the browser counts them, ${pliCount} keyframes asked for`,
    );
  });
}
