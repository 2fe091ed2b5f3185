/** Viewers who come: in mid-GOP, before the publisher, many at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MediaWorld } from './media-world.ts';
import { play, scenario } from './scenario.ts';

for (const transport of ['tcp', 'udp'] as const) {
  scenario(
    `a viewer over ${transport} who joins in mid-GOP sees a picture at once, and is at live`,
    (world) => {
      world.publishDirectly();
      const first = world.view({ legs: [{ transport }] });
      world.pass(5500);
      const { eye, ...second } = world.view({ legs: [{ transport }] });
      const openedMs = world.nowMs;
      world.pass(1000);
      const picture = eye.frames[0];
      assert.ok(picture, 'a picture');
      assert.ok(picture.isKey);
      assert.ok(picture.arrivalMs - openedMs < 200, `after ${picture.arrivalMs - openedMs} ms`);
      world.pass(4000);
      assert.ok(second.session);
      const newest = eye.newest;
      assert.equal(newest?.number, first.eye.newest?.number);
      assert.ok((newest?.latencyMs ?? 1e9) < 100, `${newest?.latencyMs} ms behind`);
      assert.ok(eye.syncChecks > 20 && first.eye.syncChecks > 20);
      assert.equal(eye.videoGaps + eye.audioGaps, 0);
      // Squeezed timestamps end at live: the same frame is at the same moment of both clocks.
      const burst = eye.frames.filter(({ arrivalMs }) => arrivalMs < picture.arrivalMs + 300);
      assert.ok(burst.length > 25, `${burst.length} frames in 0.3 s`);
    },
  );
}

scenario('a viewer who comes before the publisher begins with its first keyframe', (world) => {
  const { eye } = world.view();
  world.pass(3000);
  assert.equal(eye.packets, 0);
  const publisher = world.publishByWhip();
  world.pass(6000);
  const [first] = eye.frames;
  assert.equal(first?.number, 0);
  assert.ok(eye.frames.length > 150);
  assert.equal(eye.videoGaps, 0);
  assert.ok(eye.syncChecks > 20);
  assert.ok(publisher.keyframeRequests.length <= 1);
});

scenario('a hundred viewers within a second cost at most one keyframe a second', (world) => {
  const publisher = world.publishByWhip({
    encoder: { gop: 100_000, bitrateBps: 250_000, fps: 15 },
  });
  world.pass(6000);
  for (let i = 0; i < 100; i++) {
    world.view({ legs: [{ transport: i % 2 === 0 ? 'tcp' : 'udp' }] });
    world.pass(10);
  }
  world.pass(1500);
  const { keyframeRequests } = publisher;
  for (const [index, atMs] of keyframeRequests.entries()) {
    const before = keyframeRequests[index - 1] ?? -Infinity;
    assert.ok(atMs - before > 980, `asked again after ${atMs - before} ms`);
  }
  for (const { session, eye } of world.viewers) {
    assert.ok(eye.frames.length > 15, `${session} saw ${eye.frames.length} frames`);
    assert.ok((eye.newest?.latencyMs ?? 1e9) < 150, `${session}: ${eye.newest?.latencyMs} ms`);
  }
});

test('the same seed gives the same course, packet by packet', () => {
  const course = (seed: number): unknown[] => {
    const run = (world: MediaWorld): void => {
      world.publishByWhip({ leg: { up: { loss: 0.03, jitterMs: 8, delayMs: 20 } } });
      const slow = world.view({ legs: [{ transport: 'tcp', tcp: { loss: 0.02 } }] });
      world.view({ legs: [{ transport: 'udp' }] });
      world.pass(2000);
      slow.tcp.socket.change({ rateBps: 400_000 });
      world.pass(5000);
    };
    const { viewers, events, addon } = play(seed, run);
    return [viewers.map(({ eye }) => [eye.frames, eye.heard, eye.packets]), events, addon.packets];
  };
  assert.deepEqual(course(5), course(5));
  assert.notDeepEqual(course(5), course(6));
});
