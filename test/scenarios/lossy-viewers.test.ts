/** Viewers over UDP on lines that lose, delay and narrow, with what all browsers have: NACK, RTX and transport-cc. */
import assert from 'node:assert/strict';
import type { MediaWorld } from './media-world.ts';
import type { LinkOptions } from './network.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

const FRAMES_PER_SECOND = 30;
/** The receiver's own: how long a gap holds back what came after it. */
const REPAIR_MS_MAX = 120;

/** Joined while the line was good; then it is as told. */
function view(world: MediaWorld, down: Partial<LinkOptions>): TestViewer {
  world.arenasKept = 1;
  const viewer = world.view({ legs: [{ transport: 'udp' }], feedback: true });
  world.pass(3000);
  viewer.udp.down.change(down);
  return viewer;
}

for (const loss of [0.01, 0.05, 0.1]) {
  scenario(`a viewer over UDP with ${100 * loss} % loss sees nearly every frame`, (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 2_000_000, gop: 60 } });
    const viewer = view(world, { loss });
    world.pass(5000);
    const fromMs = world.nowMs;
    world.pass(30_000);
    const { eye } = viewer;
    const seen = eye.between(fromMs, world.nowMs);
    assert.ok(viewer.nacked > 0 && viewer.repeated > 0);
    // What is asked for is lost again with the same chance, and there is time for three tries.
    const share = seen.length / (30 * FRAMES_PER_SECOND);
    assert.ok(share > 1 - 2 * loss, `${Math.round(100 * share)} % of the frames`);
    const late = seen.filter(({ latencyMs }) => latencyMs > 2 * REPAIR_MS_MAX);
    assert.ok(late.length < loss * seen.length, `${late.length} frames were late`);
    assert.ok(viewer.plis < 30 * 50 * loss, `${viewer.plis} keyframes asked for`);
  });
}

scenario('packets that overtake each other are asked for in vain, and cost no picture', (world) => {
  world.publishDirectly({ encoder: { bitrateBps: 2_000_000, gop: 60 } });
  const viewer = view(world, { reorder: 0.05, reorderMs: 15, jitterMs: 5, duplicate: 0.02 });
  world.pass(25_000);
  assert.equal(viewer.eye.videoGaps, 0);
  assert.equal(viewer.plis, 0);
});

scenario(
  'a line cut to less than the stream, and back: near live all the time, whole soon after',
  (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 2_000_000, gop: 30 } });
    const viewer = view(world, { queueBytesMax: 48 * 1024 });
    world.pass(5000);
    viewer.udp.down.change({ rateBps: 1_200_000 });
    world.pass(4000);
    const fromMs = world.nowMs;
    world.pass(15_000);
    const seen = viewer.eye.between(fromMs, world.nowMs);
    const worst = Math.max(...seen.map(({ latencyMs }) => latencyMs));
    assert.ok(seen.length > 100, `${seen.length} frames in 15 s`);
    assert.ok(worst < 1600, `at most ${worst} ms behind`);
    viewer.udp.down.change({ rateBps: Number.POSITIVE_INFINITY });
    world.pass(10_000);
    const whole = viewer.eye.between(world.nowMs - 3000, world.nowMs);
    assert.ok(whole.length > 3 * FRAMES_PER_SECOND - 3, `${whole.length} frames in 3 s`);
    assert.ok((viewer.eye.newest?.latencyMs ?? 1e9) < 100);
  },
);
