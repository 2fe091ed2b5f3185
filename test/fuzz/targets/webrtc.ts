/** What comes over UDP and ICE-TCP. */
import assert from 'node:assert/strict';
import { parseStreamName } from '../../../src/base/names.ts';
import { networkOf, plainAddress } from '../../../src/base/remote-address.ts';
import { FrameReader, frame } from '../../../src/protocols/ice/framing.ts';
import {
  findExtension,
  parseRtpPacket,
  readTextExtension,
} from '../../../src/protocols/rtp/packet.ts';
import { parseRtcp } from '../../../src/protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../../src/protocols/rtp/rtcp-writer.ts';
import { readTransportFeedback } from '../../../src/protocols/rtp/transport-feedback.ts';
import { parseTransportAddress } from '../../../src/protocols/stun/address.ts';
import {
  hasIntegrity,
  parseStunMessage,
  writeStunMessage,
} from '../../../src/protocols/stun/message.ts';
import { type Targets, texts } from '../target.ts';

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

export const stunVectors = [
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

export const rtpVectors = [
  '80e012340000001000001234010203',
  'b260 0001 00000000 00000001 aaaaaaaa bbbbbbbb bede 0002 10310021 68690000 07080902',
  '9060 0001 00000000 00000001 1000 0002 00051002 68690000 09',
].map(fromHex);

/** Two runs and a vector of symbols, small and large deltas (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). */
const FEEDBACK = fromHex(
  '8fcd0006 00000001 00000002 0010 0008 000001 05 2003 d540 04 08 0c ff80 0410',
);

export const rtcpVectors = [
  new RtcpWriter()
    .senderReport(figures, [block])
    .cname(1, 'name')
    .nack(1, 2, [1, 2, 40])
    .pictureLoss(1, 2)
    .goodbye([1])
    .bytes(),
  new RtcpWriter().receiverReport(1, [block, block]).bytes(),
  fromHex('8fce00050000000100000000 52454d420144000300000002'),
  fromHex('84ce000400000001000000000000000207000000'),
  FEEDBACK,
];

export const webrtcTargets: Targets = {
  stun: {
    vectors: () => stunVectors,
    run: (input) => {
      const message = parseStunMessage(input);
      if (typeof message === 'object') hasIntegrity(input, message, 'x');
    },
  },
  rtp: {
    vectors: () => rtpVectors,
    run: (input) => {
      const packet = parseRtpPacket(input);
      if (typeof packet === 'string') return;
      assert.ok(packet.payload.length <= input.length - 12);
      for (const id of [0, 1, 2, 5, 15, 16, 255]) {
        findExtension(input, id);
        readTextExtension(input, id);
      }
    },
  },
  rtcp: {
    vectors: () => rtcpVectors,
    run: (input) => {
      const packets = parseRtcp(input);
      if (typeof packets === 'string') return;
      for (const packet of packets) {
        for (const value of Object.values(packet)) assert.ok(value !== undefined);
        // Packets that did not arrive have no time of arrival.
        const plain = packet.type === 'transport-feedback' ? { ...packet, arrivalsMs: [] } : packet;
        assert.ok(!JSON.stringify(plain).includes('null'), 'a number read past the end');
      }
    },
  },
  'transport-feedback': {
    vectors: () => [FEEDBACK],
    run: (input) => void readTransportFeedback(input),
  },
  'rfc4571-frames': {
    vectors: () => stunVectors.map(frame),
    run: readFrames,
  },
  addresses: {
    vectors: texts('192.0.2.1:3478', '[2001:db8::1]:9', '::ffff:192.0.2.1', 'show/slot-1'),
    run: (input) => {
      const text = Buffer.from(input).toString();
      parseTransportAddress(text);
      networkOf(plainAddress(text));
      const name = parseStreamName(text);
      if (name !== undefined) assert.match(name, /^[\w.-]{1,64}\/[\w.-]{1,64}$/);
    },
  },
};

function readFrames(input: Uint8Array): void {
  const reader = new FrameReader();
  const half = input.length >> 1;
  let total = 0;
  for (const chunk of [input.subarray(0, half), input.subarray(half)]) {
    reader.receive(chunk);
    for (let packet = reader.poll(); packet !== undefined; packet = reader.poll()) {
      if (typeof packet === 'string') return;
      total += 2 + packet.length;
    }
  }
  assert.ok(total <= input.length);
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
