/** Publishers who take over, vanish, return, lose packets and change their address. */
import assert from 'node:assert/strict';
import { ticksDelta } from '../../src/base/circle.ts';
import { UdpLeg } from './legs.ts';
import type { MediaWorld, PublishOptions } from './media-world.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

/** The viewer's clock went on as the wall's did, whatever happened to the publisher. */
function assertOneClock(viewer: TestViewer): void {
  const { frames } = viewer.eye;
  const first = frames[60];
  const last = frames.at(-1);
  assert.ok(first && last);
  const ticks = ticksDelta(first.timestamp, last.timestamp) / 90;
  const wall = last.arrivalMs - first.arrivalMs;
  assert.ok(Math.abs(ticks - wall) < 150, `${ticks} ms of timestamps in ${wall} ms`);
}

function assertLive(world: MediaWorld, viewer: TestViewer, encoder: number): void {
  const newest = viewer.eye.newest;
  assert.equal(newest?.encoder, encoder);
  assert.ok((newest?.arrivalMs ?? 0) > world.nowMs - 200, 'pictures come');
  assert.ok((newest?.latencyMs ?? 1e9) < 300, `${newest?.latencyMs} ms behind`);
}

scenario(
  'the newest publisher takes over at once; viewers go on without a new session',
  (world) => {
    const viewers = [world.view(), world.view({ legs: [{ transport: 'udp' }] })];
    const first = world.publishByWhip();
    world.pass(5000);
    const second = world.publishByWhip({ encoder: { fps: 25 } });
    world.pass(6000);
    assert.deepEqual(world.endOf(first.session)?.reason, 'replaced');
    assert.ok(first.host.isClosed, 'the former one was told');
    const third = world.publishDirectly();
    world.pass(6000);
    assert.deepEqual(world.endOf(second.session)?.reason, 'replaced');
    assert.deepEqual(world.ended('viewer'), []);
    for (const viewer of viewers) {
      assertLive(world, viewer, third.camera.encoder.options.id);
      assertOneClock(viewer);
      assert.equal(viewer.eye.videoGaps + viewer.eye.audioGaps, 0);
      assert.ok(viewer.eye.syncChecks > 100);
    }
  },
);

scenario(
  'a publisher that vanished is noticed after 5 s, and its return resumes on the same sessions',
  (world) => {
    const viewers = [world.view(), world.view({ legs: [{ transport: 'udp' }] })];
    const first = world.publishByWhip();
    world.pass(5000);
    first.vanish();
    const vanishedMs = world.nowMs;
    world.pass(12_000);
    const end = world.endOf(first.session);
    assert.equal(end?.reason, 'timed-out');
    const noticedMs = (end?.atMs ?? 0) - vanishedMs;
    assert.ok(noticedMs > 4900 && noticedMs < 5200, `after ${noticedMs} ms`);
    const again = world.publishByWhip({ encoder: { fps: 24, gop: 48 } });
    const returnedMs = world.nowMs;
    world.pass(6000);
    for (const viewer of viewers) {
      const back = viewer.eye.frames.find(({ arrivalMs }) => arrivalMs > returnedMs);
      assert.ok((back?.arrivalMs ?? 1e9) - returnedMs < 400, 'a picture right after the return');
      assertLive(world, viewer, again.camera.encoder.options.id);
      assertOneClock(viewer);
      assert.equal(viewer.eye.videoGaps + viewer.eye.audioGaps, 0);
    }
  },
);

scenario('an encoder that begins anew inside its session stays in time and numbering', (world) => {
  const viewer = world.view();
  const publisher = world.publishByWhip();
  world.pass(5000);
  publisher.changeFlows();
  const changedMs = world.nowMs;
  viewer.eye.syncFromMs = changedMs + 4500; // a second of silence, then the reports as after any start
  world.pass(8000);
  const back = viewer.eye.frames.find(({ arrivalMs }) => arrivalMs > changedMs + 100);
  assert.ok((back?.arrivalMs ?? 1e9) - changedMs < 3500, `${back?.arrivalMs}, ${changedMs}`);
  assertLive(world, viewer, publisher.camera.encoder.options.id);
  assertOneClock(viewer);
});

const lossy = (nack: boolean): PublishOptions => ({
  nack,
  leg: { up: { loss: 0.02, delayMs: 20 }, down: { delayMs: 20 } },
});

scenario('what a publisher lost on the way is sent again, and viewers see no gap', (world) => {
  const viewer = world.view();
  const publisher = world.publishByWhip(lossy(true));
  world.pass(20_000);
  assert.ok(publisher.nacked > 10, `${publisher.nacked} asked for`);
  const { eye } = viewer;
  // A packet that is lost three times in a row is a gap all the same.
  assert.ok(eye.videoGaps <= publisher.nacked / 10, `${eye.videoGaps} gaps`);
  const sent = (eye.newest?.number ?? 0) + 1;
  assert.ok(eye.frames.length > sent - 30, `${eye.frames.length} frames of ${sent}`);
  assertLive(world, viewer, publisher.camera.encoder.options.id);
});

scenario('without retransmission a loss is a gap, and a keyframe mends it', (world) => {
  const viewer = world.view();
  const publisher = world.publishByWhip(lossy(false));
  world.pass(20_000);
  const { eye } = viewer;
  assert.equal(publisher.nacked, 0);
  assert.ok(eye.videoGaps > 10, `${eye.videoGaps} gaps`);
  assert.ok(publisher.keyframeRequests.length > 3);
  assert.ok(eye.frames.length > 100, `${eye.frames.length} frames`);
});

scenario('packets that overtake each other or come twice change nothing for viewers', (world) => {
  const viewers = [world.view(), world.view({ legs: [{ transport: 'udp' }] })];
  const up = { delayMs: 20, jitterMs: 6, duplicate: 0.05, reorder: 0.05, reorderMs: 15 };
  world.publishByWhip({ leg: { up } });
  world.pass(15_000);
  for (const { eye } of viewers) {
    assert.equal(eye.videoGaps, 0);
    assert.ok(eye.frames.length > 430, `${eye.frames.length} frames`);
  }
});

scenario(
  "an outage of three seconds on the publisher's line is seen as a loss by every viewer",
  (world) => {
    const viewer = world.view();
    const publisher = world.publishByWhip({ encoder: { bitrateBps: 4_000_000, gop: 300 } });
    world.pass(5000);
    const leg = publisher.host.legs[0];
    assert.ok(leg instanceof UdpLeg);
    leg.up.cut();
    world.pass(3000);
    leg.up.mend();
    world.pass(5000);
    assert.deepEqual(world.ended('publisher'), []);
    assertLive(world, viewer, publisher.camera.encoder.options.id);
    assert.ok(publisher.keyframeRequests.length >= 1, 'a keyframe was asked for');
  },
);

scenario(
  'a publisher whose NAT gives it another port is heard again with its next check',
  (world) => {
    const viewer = world.view();
    const publisher = world.publishByWhip();
    world.pass(5000);
    const leg = publisher.host.legs[0];
    assert.ok(leg instanceof UdpLeg);
    leg.rebind('198.51.100.9:4444');
    world.pass(8000);
    assert.deepEqual(world.ended('publisher'), []);
    assertLive(world, viewer, publisher.camera.encoder.options.id);
    assert.ok(world.ports.strangers > 0, "what came before the check was a stranger's");
  },
);
