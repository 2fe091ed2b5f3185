/** Viewers over UDP whose address changes, and one who lies about it. */
import assert from 'node:assert/strict';
import { writeStunMessage } from '../../src/protocols/stun/message.ts';
import { UdpLeg } from './legs.ts';
import type { MediaWorld } from './media-world.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

/** Between checks of the test client, as libwebrtc has it. */
const CHECK_MS = 2500;
/** One way and back on the line of {@link MediaWorld}, and what lies between. */
const ROUND_TRIP_MS = 35;

function legOf(viewer: TestViewer): UdpLeg {
  const leg = viewer.host.legs[0];
  assert.ok(leg instanceof UdpLeg);
  return leg;
}

/** How long no picture came, from the moment of moving to the first one after it. */
function moveTo(world: MediaWorld, viewer: TestViewer, remote: string): number {
  const movedMs = world.nowMs;
  legOf(viewer).rebind(remote);
  world.pass(CHECK_MS + 1000);
  const first = viewer.eye.between(movedMs + ROUND_TRIP_MS, world.nowMs)[0];
  assert.ok(first, 'a picture from the new address');
  return first.arrivalMs - movedMs;
}

scenario('a viewer whose NAT gives it another port sees on with its next check', (world) => {
  world.publishDirectly();
  const viewer = world.view({ legs: [{ transport: 'udp' }] });
  world.pass(5000);
  const { remote } = legOf(viewer).path;
  const host = remote.slice(0, remote.lastIndexOf(':'));
  const silenceMs = moveTo(world, viewer, `${host}:999`);
  assert.ok(silenceMs < CHECK_MS + 2 * ROUND_TRIP_MS, `${silenceMs} ms`);
  assert.equal(viewer.host.client.checksAnswered, 0, 'it is who it was');
  assert.deepEqual(world.ended('viewer'), []);
});

scenario(
  'a viewer that goes from Wi-Fi to mobile sees on a round trip after its check',
  (world) => {
    world.publishDirectly();
    const viewer = world.view({ legs: [{ transport: 'udp' }] });
    world.pass(5000);
    const silenceMs = moveTo(world, viewer, '198.51.100.9:4444');
    assert.ok(silenceMs < CHECK_MS + 3 * ROUND_TRIP_MS, `${silenceMs} ms`);
    assert.equal(viewer.host.client.checksAnswered, 1);
    assert.deepEqual(world.ended('viewer'), []);
  },
);

scenario('it does so on a line that loses a fifth of all packets', (world) => {
  world.publishDirectly();
  const weather = { loss: 0.2 };
  const viewer = world.view({ legs: [{ transport: 'udp', up: weather, down: weather }] });
  world.pass(8000);
  legOf(viewer).rebind('198.51.100.9:4444');
  world.pass(3 * CHECK_MS);
  assert.ok(viewer.host.client.checksAnswered >= 1);
  const { packets } = viewer.eye;
  world.pass(1000);
  assert.ok(viewer.eye.packets - packets > 100, 'media comes');
});

scenario('checks from an address that does not answer move no media', (world) => {
  world.publishDirectly();
  const viewer = world.view({ legs: [{ transport: 'udp' }] });
  world.pass(5000);
  const victim = world.newLeg({ transport: 'udp' });
  let sent = 0;
  let received = 0;
  victim.onPacket = (bytes) => {
    received += bytes.length;
  };
  const fromMs = world.nowMs;
  world.addPart(victim);
  for (let round = 0; round < 60; round++) {
    const check = writeStunMessage(
      {
        class: 'request',
        transactionId: world.random.bytes(12),
        username: `ufrag-${viewer.session}:${viewer.session}`,
        priority: 2 ** 31 - 1,
        role: 'controlling',
        useCandidate: true,
      },
      `passwordOf22Bytes-${viewer.session}`,
    );
    sent += check.length;
    victim.send(check, world.nowMs);
    world.pass(500);
  }
  assert.ok(received > 0 && received <= 3 * sent, `${received} bytes for ${sent}`);
  const seen = viewer.eye.between(fromMs, world.nowMs);
  assert.ok(seen.length > 0.98 * 30 * 30, `${seen.length} frames in 30 s: the owner sees on`);
});
