/** Whatever bytes come: STUN, RTP, RTCP and framing give a value or a reason, and never read past the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameReader, frame } from '../../src/protocols/ice/framing.ts';
import {
  findExtension,
  parseRtpPacket,
  readTextExtension,
} from '../../src/protocols/rtp/packet.ts';
import { parseRtcp } from '../../src/protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import {
  hasIntegrity,
  parseStunMessage,
  writeStunMessage,
} from '../../src/protocols/stun/message.ts';
import { PeerWorld, UDP_PATH } from '../scenarios/peer-world.ts';
import { fuzz, truncations } from './mutate.ts';

const block = {
  ssrc: 1,
  fractionLost: 2,
  cumulativeLost: 3,
  highestSequenceNumber: 4,
  jitter: 5,
  lastSenderReport: 6,
  delaySinceLastSenderReport: 7,
};
const figures = {
  ssrc: 1,
  ntp: { seconds: 2, fraction: 3 },
  rtpTimestamp: 4,
  packetCount: 5,
  octetCount: 6,
};

const stunVectors = [
  writeStunMessage(
    {
      class: 'request',
      transactionId: new Uint8Array(12).fill(7),
      username: 'serverUfrag:clientUfrag',
      priority: 1,
      role: 'controlling',
      useCandidate: true,
    },
    'serverPasswordOf22Bytes',
  ),
  writeStunMessage(
    {
      class: 'success',
      transactionId: new Uint8Array(12),
      mappedAddress: { ip: new Uint8Array(16).fill(1), port: 9 },
    },
    'x',
  ),
  writeStunMessage(
    { class: 'error', transactionId: new Uint8Array(12), errorCode: 420, unknownAttributes: [7] },
    'x',
  ),
];

const rtpVectors = [
  '80e012340000001000001234010203',
  'b260 0001 00000000 00000001 aaaaaaaa bbbbbbbb bede 0002 10310021 68690000 07080902',
  '9060 0001 00000000 00000001 1000 0002 00051002 68690000 09',
].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const rtcpVectors = [
  new RtcpWriter()
    .senderReport(figures, [block])
    .cname(1, 'name')
    .nack(1, 2, [1, 2, 40])
    .pictureLoss(1, 2)
    .goodbye([1])
    .bytes(),
  new RtcpWriter().receiverReport(1, [block, block]).bytes(),
  Buffer.from('8fce00050000000100000000' + '52454d420144000300000002', 'hex'),
  Buffer.from('84ce000400000001000000000000000207000000', 'hex'),
  Buffer.from('8fcd00050000000100000002001000050000000020050000', 'hex'),
];

function readStun(bytes: Uint8Array): void {
  const message = parseStunMessage(bytes);
  if (typeof message === 'object') hasIntegrity(bytes, message, 'x');
}

function readRtp(bytes: Uint8Array): void {
  const packet = parseRtpPacket(bytes);
  if (typeof packet === 'string') return;
  assert.ok(packet.payload.length <= bytes.length - 12);
  for (const id of [0, 1, 2, 5, 15, 16, 255]) {
    findExtension(bytes, id);
    readTextExtension(bytes, id);
  }
}

function readRtcp(bytes: Uint8Array): void {
  const packets = parseRtcp(bytes);
  if (typeof packets === 'string') return;
  for (const packet of packets) {
    for (const value of Object.values(packet)) assert.ok(value !== undefined);
    // Packets that did not arrive have no time of arrival.
    const plain = packet.type === 'transport-feedback' ? { ...packet, arrivalsMs: [] } : packet;
    assert.ok(!JSON.stringify(plain).includes('null'), 'a number read past the end');
  }
}

function readFrames(bytes: Uint8Array): void {
  const reader = new FrameReader();
  const half = bytes.length >> 1;
  let total = 0;
  for (const chunk of [bytes.subarray(0, half), bytes.subarray(half)]) {
    reader.receive(chunk);
    for (let packet = reader.poll(); packet !== undefined; packet = reader.poll()) {
      if (typeof packet === 'string') return;
      total += 2 + packet.length;
    }
  }
  assert.ok(total <= bytes.length);
}

const targets = [
  { name: 'STUN', vectors: stunVectors, read: readStun },
  { name: 'RTP', vectors: rtpVectors, read: readRtp },
  { name: 'RTCP', vectors: rtcpVectors, read: readRtcp },
  { name: 'RFC 4571 frames', vectors: stunVectors.map(frame), read: readFrames },
];

for (const { name, vectors, read } of targets) {
  test(`${name} survives every truncation of every vector`, () => {
    for (const vector of vectors) {
      read(new Uint8Array(vector));
      for (const truncated of truncations(vector)) read(truncated);
    }
  });

  test(`${name} survives mutation`, () => fuzz(vectors, read));
}

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
