/** A connection under mutated packets, and what must hold of STUN beyond surviving. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStunMessage } from '../../src/protocols/stun/message.ts';
import { PeerWorld, UDP_PATH } from '../scenarios/peer-world.ts';
import { fuzz, truncations } from './mutate.ts';
import { rtcpVectors, rtpVectors, stunVectors } from './targets/webrtc.ts';

test('no shortened STUN message is taken for a whole one', () => {
  for (const vector of stunVectors) {
    for (const truncated of truncations(vector)) {
      assert.equal(typeof parseStunMessage(truncated), 'string');
    }
  }
});

test('a connected Peer survives mutation and stays connected', () => {
  const world = new PeerWorld({});
  world.run(200);
  assert.ok(world.client.isConnected);
  fuzz([...stunVectors, ...rtpVectors, ...rtcpVectors], (bytes) => {
    world.peer.receive(bytes, UDP_PATH, world.nowMs);
    while (world.peer.poll() !== undefined);
  });
  assert.ok(!world.peer.isClosed);
  assert.equal(world.peer.path, UDP_PATH);
});
