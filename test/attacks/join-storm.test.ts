/** Attack: a crowd that comes at once, to have the publisher send nothing but keyframes and the server do handshakes only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenario } from '../scenarios/scenario.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

test('a hundred viewers within a second are all served, and cost what they cost', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sessions: Promise<OwnSession>[] = [];
    const cost = await costOf(server, '100 joins in a second', async () => {
      for (let index = 0; index < 100; index++) {
        const transport = index % 2 === 0 ? 'tcp' : 'udp';
        sessions.push(OwnSession.connected(server, 'viewer', 'show/innocent', transport));
        await pause(10);
      }
      await Promise.all(sessions);
      await pause(2000);
    });
    for (const session of await Promise.all(sessions)) {
      assert.ok(session.packets > 100, `${session.packets} packets`);
      await session.leave();
    }
    assert.ok(cost.cpuShare < 1.5, `${cost.cpuShare} of a core`);
  }));

scenario(
  'viewers who ask for keyframes without end get one a second, and the sender is asked no more',
  (world) => {
    const publisher = world.publishByWhip({
      encoder: { gop: 100_000, bitrateBps: 250_000, fps: 15 },
    });
    const viewers = Array.from({ length: 20 }, (_, index) =>
      world.view({ legs: [{ transport: index % 2 === 0 ? 'tcp' : 'udp' }] }),
    );
    world.pass(4000);
    const from = publisher.keyframeRequests.length;
    const startMs = world.nowMs;
    for (let round = 0; round < 200; round++) {
      for (const viewer of viewers) viewer.askForKeyframe(world.nowMs);
      world.pass(50);
    }
    const asked = publisher.keyframeRequests.slice(from);
    const seconds = (world.nowMs - startMs) / 1000;
    assert.ok(
      asked.length <= seconds + 1,
      `${asked.length} requests in ${seconds} s for 4000 wishes`,
    );
    for (const { eye } of viewers) assert.equal(eye.videoGaps + eye.brokenFrames, 0);
  },
);
