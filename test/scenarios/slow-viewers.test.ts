/** Viewers whose path carries less than the stream, or nothing at all. */
import assert from 'node:assert/strict';
import type { MediaWorld } from './media-world.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

/** The longest time between two sounds that arrived in a span, in ms. */
function longestSilenceMs(viewer: TestViewer, fromMs: number, toMs: number): number {
  const heard = viewer.eye.heard.filter(({ arrivalMs }) => arrivalMs > fromMs && arrivalMs < toMs);
  let longest = 0;
  for (const [index, { arrivalMs }] of heard.entries()) {
    longest = Math.max(longest, arrivalMs - (heard[index - 1]?.arrivalMs ?? fromMs));
  }
  return longest;
}

/** How long the latest sound that arrived in a span was on its way. */
function latestSoundMs(viewer: TestViewer, fromMs: number, toMs: number): number {
  const heard = viewer.eye.heard.filter(({ arrivalMs }) => arrivalMs > fromMs && arrivalMs < toMs);
  return Math.max(...heard.map(({ arrivalMs, captureMs }) => arrivalMs - captureMs));
}

function assertUntouched(world: MediaWorld, viewer: TestViewer): void {
  const { eye } = viewer;
  assert.equal(eye.videoGaps + eye.audioGaps + eye.brokenFrames, 0);
  for (const [index, frame] of eye.frames.entries()) {
    const before = eye.frames[index - 1];
    if (before) assert.equal(frame.number, before.number + 1, 'every frame');
    assert.ok(frame.latencyMs < 150, `frame ${frame.number} came after ${frame.latencyMs} ms`);
  }
  assert.ok((eye.newest?.arrivalMs ?? 0) > world.nowMs - 100);
}

scenario(
  'a slow TCP viewer skips to keyframes, keeps its sound and comes back to live',
  (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 2_000_000, gop: 30 } });
    const healthy = world.view();
    const slow = world.view();
    world.pass(4000);
    slow.tcp.socket.change({ rateBps: 900_000 });
    const slowFromMs = world.nowMs;
    world.pass(20_000);
    const { eye } = slow;
    const meanwhile = eye.between(slowFromMs + 4000, world.nowMs);
    const keys = meanwhile.filter(({ isKey }) => isKey);
    assert.ok(keys.length >= 5, `${keys.length} keyframes in 16 s`);
    const worst = Math.max(...meanwhile.map(({ latencyMs }) => latencyMs));
    assert.ok(worst < 1000, `at most ${worst} ms behind`);
    const silence = longestSilenceMs(slow, slowFromMs, world.nowMs);
    assert.ok(silence < 600, `${silence} ms without sound`);
    assert.ok(latestSoundMs(slow, slowFromMs + 2000, world.nowMs) < 400, 'sound waits for little');
    assert.equal(eye.videoGaps + eye.audioGaps, 0, 'skips are no losses to the viewer');
    slow.tcp.socket.change({ rateBps: 50_000_000 });
    world.pass(4000);
    assert.equal(eye.newest?.number, healthy.eye.newest?.number);
    assert.ok((eye.newest?.latencyMs ?? 1e9) < 100, `${eye.newest?.latencyMs} ms behind live`);
    assertUntouched(world, healthy);
    assert.equal(eye.newest?.isAtPace, true);
  },
);

scenario(
  'a TCP viewer that reads nothing for a minute is let go, and costs nobody anything',
  (world) => {
    world.publishDirectly();
    const healthy = world.view();
    const stalled = world.view();
    world.pass(3000);
    stalled.tcp.socket.stall();
    const stalledMs = world.nowMs;
    world.pass(60_000);
    const end = world.endOf(stalled.session);
    assert.equal(end?.reason, 'too-slow');
    const waitedMs = (end?.atMs ?? 0) - stalledMs;
    assert.ok(waitedMs > 29_000 && waitedMs < 33_000, `after ${waitedMs} ms`);
    assertUntouched(world, healthy);
    assert.equal(world.ports.tcpLegs.size, 1);
  },
);

scenario(
  'a TCP viewer that stalls for ten seconds goes on with a whole picture at live',
  (world) => {
    world.publishDirectly();
    const viewer = world.view();
    world.pass(3000);
    viewer.tcp.socket.stall();
    world.pass(10_000);
    viewer.tcp.socket.resume();
    const resumedMs = world.nowMs;
    world.pass(5000);
    const { eye } = viewer;
    assert.ok((eye.newest?.latencyMs ?? 1e9) < 100);
    assert.equal(eye.newest?.isAtPace, true);
    const late = eye
      .between(resumedMs + 1500, world.nowMs)
      .filter(({ latencyMs }) => latencyMs > 200);
    assert.equal(late.length, 0, 'soon at live again');
    assert.deepEqual(world.ended('viewer'), []);
  },
);

scenario(
  'stalls of every length end in a picture at live, with the stream numbered as one',
  (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 1_500_000, gop: 90 } });
    const viewer = world.view({ legs: [{ transport: 'tcp', tcp: { loss: 0.01 } }] });
    world.pass(1000);
    for (let round = 0; round < 12; round++) {
      viewer.tcp.socket.stall();
      world.pass(world.random.below(4000));
      viewer.tcp.socket.resume();
      viewer.tcp.socket.change({ rateBps: 1_000_000 + world.random.below(4_000_000) });
      world.pass(world.random.below(3000));
    }
    viewer.tcp.socket.change({ rateBps: 50_000_000 });
    world.pass(5000);
    assert.equal(viewer.eye.videoGaps + viewer.eye.audioGaps, 0);
    assert.ok((viewer.eye.newest?.latencyMs ?? 1e9) < 150);
  },
);

/** Of 600 in 20 s; where a keyframe alone takes most of a second there is time for few others. */
const FRAMES_MIN = { 1000000: 60, 1500000: 250, 2000000: 450, 3000000: 590 };

for (const [rate, framesMin] of Object.entries(FRAMES_MIN)) {
  const rateBps = Number(rate);
  scenario(
    `a TCP viewer with ${rateBps / 1e6} Mbit/s for a stream of 2.3 stays near live`,
    (world) => {
      world.publishDirectly({ encoder: { bitrateBps: 2_200_000, gop: 60 } });
      const viewer = world.view();
      world.pass(5000);
      viewer.tcp.socket.change({ rateBps });
      world.pass(3000);
      const fromMs = world.nowMs;
      world.pass(20_000);
      const seen = viewer.eye.between(fromMs, world.nowMs);
      const worst = Math.max(...seen.map(({ latencyMs }) => latencyMs));
      assert.ok(worst < 1000, `at most ${worst} ms behind`);
      const sound = latestSoundMs(viewer, fromMs, world.nowMs);
      assert.ok(sound < 300, `sound up to ${sound} ms late`);
      assert.ok(seen.length > framesMin, `${seen.length} frames in 20 s`);
      assert.equal(viewer.eye.videoGaps + viewer.eye.audioGaps, 0);
    },
  );
}

for (const delayMs of [0, 25, 100]) {
  scenario(`a TCP path of ${2 * delayMs} ms and room enough has nothing held back`, (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 2_200_000, gop: 60 } });
    const viewer = world.view({
      legs: [{ transport: 'tcp', tcp: { delayMs, rateBps: 20_000_000 } }],
    });
    world.pass(3000);
    const fromMs = world.nowMs;
    const looks = viewer.tcp.socket.samples;
    world.pass(20_000);
    for (const { latencyMs, isKey } of viewer.eye.between(fromMs, world.nowMs)) {
      assert.ok(latencyMs < delayMs + (isKey ? 120 : 60), `${latencyMs} ms`);
    }
    assert.equal(world.stats()[0]?.viewers[0]?.drops?.['viewer-too-slow'] ?? 0, 0);
    const perSecond = (viewer.tcp.socket.samples - looks) / 20;
    assert.ok(perSecond < 12, `the kernel is asked ${perSecond} times a second`);
  });
}
