/** Who joins between two keyframes sees at once, and is soon as live and in sync as who watched from the start. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, figuresOf, median, type ViewerPage } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

const JOINS = 3;
const NEAR_MS = 50;
const ENCODER_SETTLES_MS = 4000;

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

type Encoder = { readonly startMs: number; readonly end: () => Promise<unknown> };

/** Both with a keyframe every two seconds from their start on. */
const encoders: Readonly<Record<string, (name: string) => Promise<Encoder>>> = {
  rtmp: async (name) => {
    const source = new ClockSource({ gopSeconds: 2, output: { rtmp: server.rtmpUrl(name) } });
    return { startMs: source.startMs, end: () => source.kill() };
  },
  whip: async (name) => {
    const url = server.whip(name);
    const publisher = await startPublisher({ url, key: server.key, gopSeconds: 2 });
    return { startMs: publisher.sendingSinceMs, end: () => publisher.kill() };
  },
};

for (const [protocol, transport] of [
  ['whip', 'tcp'],
  ['whip', 'udp'],
  ['rtmp', 'tcp'],
] as const) {
  test(`joining in the middle of a two-second GOP: ${protocol} in, ${transport} out`, async (t) => {
    const name = `live/join-${protocol}-${transport}`;
    const encoder = await encoders[protocol]!(name);
    t.after(encoder.end);
    const url = server.page(name, `?transport=${transport}`);
    // Opened ahead: the start of a page takes the picture of all others away on a small test machine.
    const joiners = await Promise.all(
      Array.from({ length: JOINS }, () => chromium.open(`${url}&autoplay=false`)),
    );
    // What the encoder sent unevenly while it started would stay in a browser's jitter buffer for a minute.
    await delay(ENCODER_SETTLES_MS);
    const veteran = await chromium.open(url);
    await veteran.waitForPicture();
    await veteran.listen();
    await veteran.watch(4000);
    const differences: Difference[] = [];
    for (const joiner of joiners) {
      // 1.2 s after a keyframe: the run that is sent first is long.
      const phaseMs = (Date.now() - encoder.startMs) % 2000;
      await veteran.page.waitForTimeout((3200 - phaseMs) % 2000);
      differences.push(await compare(t, veteran, joiner));
    }
    // One hiccup of a busy test machine makes one browser's jitter buffers larger for a minute; not most of them.
    assert.ok(median(differences.map((each) => each.firstMs)) < 1000, 'first picture');
    assertNear(
      differences.map((each) => each.latencyMs),
      'glass to glass',
    );
    assertNear(
      differences.map((each) => each.soundLateMs),
      'lip-sync',
    );
    await veteran.page.close();
  });
}

/** How much later the joiner is than who watched from the start. */
type Difference = {
  readonly firstMs: number;
  readonly latencyMs: number;
  readonly soundLateMs: number;
};

function assertNear(differencesMs: readonly number[], what: string): void {
  const middle = median(differencesMs);
  assert.ok(Math.abs(middle) < NEAR_MS, `${what}: ${Math.round(middle)} ms apart`);
}

async function compare(
  t: TestContext,
  veteran: ViewerPage,
  joiner: ViewerPage,
): Promise<Difference> {
  await joiner.page.bringToFront();
  await joiner.page.evaluate("document.querySelector('millrace-player').play()");
  const firstMs = await joiner.waitForPicture();
  await joiner.listen();
  await joiner.page.waitForTimeout(3000);
  const sinceMs = Date.now();
  await joiner.page.waitForTimeout(4000);
  const old = figuresOf(await veteran.since(sinceMs));
  const young = figuresOf(await joiner.since(sinceMs));
  await joiner.page.close();
  t.diagnostic(
    `picture after ${Math.round(firstMs)} ms; glass to glass ${Math.round(young.latencyMs)} ms (veteran ${Math.round(old.latencyMs)}), sound later by ${Math.round(young.soundLateMs)} ms (veteran ${Math.round(old.soundLateMs)})`,
  );
  return {
    firstMs,
    latencyMs: young.latencyMs - old.latencyMs,
    soundLateMs: young.soundLateMs - old.soundLateMs,
  };
}
