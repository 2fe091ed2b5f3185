/** Media on its way: layers, numbers that wrap, sound or pictures alone, and what the API tells of it all. */
import assert from 'node:assert/strict';
import type { MediaWorld } from './media-world.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

function assertLive(world: MediaWorld, { eye }: TestViewer): void {
  assert.ok((eye.newest?.arrivalMs ?? 0) > world.nowMs - 100, 'pictures come');
  assert.ok((eye.newest?.latencyMs ?? 1e9) < 150, `${eye.newest?.latencyMs} ms behind`);
  assert.equal(eye.videoGaps + eye.audioGaps, 0);
}

scenario('of two flows on one m-line one is shown, in time with its own reports', (world) => {
  const viewer = world.view();
  const publisher = world.publishByWhip();
  publisher.addTwin();
  world.pass(10_000);
  assertLive(world, viewer);
  assert.ok(viewer.eye.syncChecks > 100);
  assert.equal(world.plane.engine.streams.size, 1);
});

scenario('sequence numbers that wrap take the rollover counter with them', (world) => {
  world.publishDirectly({ encoder: { bitrateBps: 9_000_000, fps: 60 } });
  const viewer = world.view({ legs: [{ transport: world.seed % 2 === 0 ? 'udp' : 'tcp' }] });
  world.pass(1000);
  const before = world.addon.packets;
  while (world.addon.packets - before < 70_000) world.pass(5000);
  assertLive(world, viewer);
  assert.equal(viewer.host.client.rejects.length, 0);
});

scenario(
  'a publisher over TCP is as good, and is missed 3 s after its connection closed',
  (world) => {
    const viewer = world.view();
    const publisher = world.publishByWhip({ leg: { transport: 'tcp' } });
    world.pass(5000);
    assertLive(world, viewer);
    assert.ok(viewer.eye.syncChecks > 0);
    const [leg] = world.ports.tcpLegs.values();
    assert.ok(leg);
    for (const one of publisher.host.legs) if ('socket' in one) (one as typeof leg).close();
    world.pass(4000);
    assert.equal(world.endOf(publisher.session)?.reason, 'left');
  },
);

scenario('an encoder that sends its parameter sets once serves those who join later', (world) => {
  world.publishByWhip({ encoder: { setsEveryKeyframe: false } });
  world.pass(9000);
  const viewer = world.view();
  world.pass(3000);
  assertLive(world, viewer);
  assert.ok(viewer.eye.frames[0]?.isKey);
});

scenario('pictures without sound are shown', (world) => {
  const viewer = world.view();
  const publisher = world.publishByWhip();
  publisher.camera.hasAudio = false;
  world.pass(6000);
  assertLive(world, viewer);
  assert.equal(viewer.eye.heard.length, 0);
});

for (const protocol of ['whip', 'rtmp'] as const) {
  scenario(
    `a viewer that keeps asking over ${protocol} gets a keyframe a second, and others notice nothing`,
    (world) => {
      const encoder = { gop: 600 };
      const publisher =
        protocol === 'whip' ? world.publishByWhip({ encoder }) : world.publishDirectly({ encoder });
      const other = world.view();
      const nervous = world.view();
      world.pass(3000);
      const before = publisher.keyframeRequests.length;
      for (let i = 0; i < 200; i++) {
        nervous.askForKeyframe(world.nowMs);
        world.pass(25);
      }
      const requests = publisher.keyframeRequests.length - before;
      assert.ok(requests >= 4 && requests <= 6, `${requests} keyframes asked for in 5 s`);
      world.pass(3000);
      assertLive(world, other);
      assertLive(world, nervous);
    },
  );
}

scenario('the API tells who publishes, who watches and how', (world) => {
  world.publishByWhip({ encoder: { bitrateBps: 1_500_000 } });
  const viewer = world.view();
  world.pass(8000);
  const [stream] = world.stats();
  assert.equal(stream?.name, 'show/one');
  assert.equal(stream.live, true);
  const { video } = stream.publisher ?? {};
  assert.equal(video?.width, 1280);
  assert.ok(Math.abs((video?.fps ?? 0) - 30) < 1, `${video?.fps} fps`);
  assert.ok(Math.abs((video?.bitrateBps ?? 0) / 1_500_000 - 1) < 0.35, `${video?.bitrateBps}`);
  assert.ok(Math.abs((video?.keyframeIntervalMs ?? 0) - 2000) < 1);
  const [info] = stream.viewers;
  assert.equal(info?.session, viewer.session);
  assert.ok(Math.abs((info.rttMs ?? 0) - 30) < 3, `${info.rttMs} ms round trip`);
});
