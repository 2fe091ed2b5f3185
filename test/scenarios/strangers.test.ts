/** Packets from those who have no business here change nothing. */
import assert from 'node:assert/strict';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { writeStunMessage } from '../../src/protocols/stun/message.ts';
import type { MediaWorld } from './media-world.ts';
import { scenario } from './scenario.ts';

/** A check that names a session of ours, with a password that is not its. */
function forgedCheck(world: MediaWorld, session: string): Uint8Array {
  return writeStunMessage(
    {
      class: 'request',
      transactionId: world.random.bytes(12),
      username: `ufrag-${session}:stranger`,
      priority: 1,
      role: 'controlling',
      useCandidate: true,
    },
    'notThePasswordOf22Bytes',
  );
}

function forgedRtp(world: MediaWorld, ssrc: number): Uint8Array {
  return writeRtpPacket({
    payloadType: 102,
    marker: true,
    sequenceNumber: world.random.below(65_536),
    timestamp: world.random.below(2 ** 32),
    ssrc,
    payload: world.random.bytes(200),
  });
}

scenario('forged checks, handshakes, media and junk from elsewhere change nothing', (world) => {
  const publisher = world.publishByWhip();
  const viewers = [world.view(), world.view({ legs: [{ transport: 'udp' }] })];
  world.pass(3000);
  const strangers = [world.newLeg({ transport: 'udp' }), world.newLeg({ transport: 'udp' })];
  const answers: Uint8Array[] = [];
  for (const stranger of strangers) stranger.onPacket = (bytes) => answers.push(bytes);
  const handles = { ...world.crypto.live };
  for (let round = 0; round < 300; round++) {
    const session = [publisher, ...viewers][world.random.below(3)]?.session ?? '';
    const stranger = strangers[world.random.below(2)];
    const [leg] = [stranger];
    assert.ok(leg);
    const attacks = [
      () => forgedCheck(world, session),
      () => forgedRtp(world, publisher.videoSsrc),
      () => Uint8Array.of(22, 201, ...world.random.bytes(48)), // a ClientHello of the fake handshake
      () => Uint8Array.of(128, 201, ...world.random.bytes(60)), // RTCP
      () => world.random.bytes(world.random.below(1400)),
      () => new Uint8Array(0),
    ];
    leg.send((attacks[world.random.below(attacks.length)] as () => Uint8Array)(), world.nowMs);
    leg.advance(world.nowMs + 20);
    world.pass(20);
  }
  assert.deepEqual(answers, [], 'nobody is answered');
  assert.deepEqual(world.crypto.live, handles, 'nothing is kept for them');
  assert.deepEqual([...world.ended('viewer'), ...world.ended('publisher')], []);
  for (const { eye } of viewers) {
    assert.equal(eye.videoGaps + eye.audioGaps + eye.brokenFrames, 0);
    assert.ok((eye.newest?.latencyMs ?? 1e9) < 150);
  }
});

scenario("forged packets on a publisher's own path change nothing", (world) => {
  const publisher = world.publishByWhip();
  const viewer = world.view();
  world.pass(3000);
  for (let round = 0; round < 200; round++) {
    const attacks = [
      () => forgedCheck(world, publisher.session),
      () => forgedRtp(world, publisher.videoSsrc),
      () => forgedRtp(world, world.random.below(2 ** 32)),
      () => Uint8Array.of(22, 254, 253, ...world.random.bytes(48)),
      () => Uint8Array.of(21, ...world.random.bytes(16)),
      () => world.random.bytes(world.random.below(1400)),
    ];
    const attack = attacks[world.random.below(attacks.length)] as () => Uint8Array;
    publisher.host.legs[0]?.send(attack(), world.nowMs);
    world.pass(15);
  }
  world.pass(500);
  assert.deepEqual(world.ended('publisher'), []);
  assert.equal(viewer.eye.videoGaps + viewer.eye.brokenFrames, 0);
  assert.ok((viewer.eye.newest?.latencyMs ?? 1e9) < 150);
});

scenario(
  "a stranger's TCP connection is answered with nothing, and its session-less bytes end it",
  (world) => {
    const viewer = world.view();
    world.publishDirectly();
    world.pass(2000);
    for (const bytes of [
      forgedCheck(world, viewer.session),
      Uint8Array.from(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      forgedRtp(world, 1),
    ]) {
      const leg = world.newLeg({ transport: 'tcp' });
      const answers: Uint8Array[] = [];
      leg.onPacket = (answer) => answers.push(answer);
      leg.send(bytes, world.nowMs);
      for (let i = 0; i < 3; i++) leg.advance(world.nowMs + 100);
      assert.deepEqual(answers, []);
      assert.equal(world.ports.tcpLegs.size, 1, 'closed');
    }
    world.pass(1000);
    assert.ok((viewer.eye.newest?.latencyMs ?? 1e9) < 100);
  },
);
