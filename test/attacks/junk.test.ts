/**
 * Attack: junk from somebody who is let in: well-formed packets with senseless contents, and broken ones with a right
 * tag. It may cost the sender its session, and nobody else anything.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import { fuzzSeed, mulberry32, mutate } from '../fuzz/mutate.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { check, clientHello, pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

const seed = fuzzSeed();
const random = mulberry32(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const bytesOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => below(256));

const block = {
  ssrc: 1,
  fractionLost: 255,
  cumulativeLost: -1,
  highestSequenceNumber: 0xffff_ffff,
  jitter: 0xffff_ffff,
  lastSenderReport: 0xffff_ffff,
  delaySinceLastSenderReport: 0xffff_ffff,
};

/** Whole compounds that no honest peer sends, and the seeds of broken ones. */
const compounds: readonly Uint8Array[] = [
  new RtcpWriter()
    .receiverReport(
      1,
      Array.from({ length: 31 }, (_, ssrc) => ({ ...block, ssrc })),
    )
    .bytes(),
  new RtcpWriter().receiverReport(1, [block]).pictureLoss(1, 1).bytes(),
  new RtcpWriter()
    .receiverReport(1, [])
    .nack(
      1,
      1,
      Array.from({ length: 200 }, (_, index) => index * 17),
    )
    .bytes(),
  new RtcpWriter().receiverReport(1, []).goodbye([1, 2, 3, 4]).bytes(),
  // REMB: 2^63 bits a second, for 255 streams that are not there.
  Buffer.from(`8fce00050000000100000000${'52454d42ffffffff00000002'}`, 'hex'),
  // transport-cc: 65 535 packets in one run, reference time and deltas at their ends.
  Buffer.from(`8fcd000600000001000000020000ffff7fffffff${'5fff5fff5fffdfff'}00000000`, 'hex'),
  Buffer.from('80c8000600000001ffffffffffffffffffffffffffffffffffffffff', 'hex'),
];

const payloads: readonly (() => Uint8Array)[] = [
  () => new Uint8Array(),
  () => Uint8Array.of(0x7c), // FU-A without its second byte
  () => Uint8Array.of(0x7c, 0x85), // FU-A that begins and carries nothing
  () => Uint8Array.of(0x78, 0xff, 0xff, 0x65), // STAP-A that claims 64 kB
  () => Uint8Array.of(0x67, ...bytesOf(below(60))), // SPS
  () => Uint8Array.of(0x68, ...bytesOf(below(10))), // PPS
  () => Uint8Array.of(0x65, ...bytesOf(below(1000))), // IDR
  () => bytesOf(below(1200)),
];

function junkRtp(): Buffer {
  const payload = payloads[below(payloads.length)]!();
  const packet = writeRtpPacket({
    payloadType: [102, 111, 96, 0, 127][below(5)]!,
    marker: below(2) === 1,
    sequenceNumber: below(65_536),
    timestamp: below(2 ** 32),
    ssrc: [1, 2, below(2 ** 32)][below(3)]!,
    payload,
  });
  return Buffer.from(packet);
}

/** Sends `count` junk packets, each with a right tag. */
async function sendJunk(session: OwnSession, count: number): Promise<void> {
  for (let index = 0; index < count && session.closed === undefined; index++) {
    const kind = below(10);
    if (kind < 5) session.send(session.srtp.protect(junkRtp(), 12));
    else if (kind < 8) session.send(session.srtp.protectRtcp(compoundOrWorse()));
    else if (kind === 8) session.send(mutate([clientHello(), check('a', 'b')], random));
    else session.send(bytesOf(below(200)));
    if (index % 40 === 39) await pause(2);
  }
}

function compoundOrWorse(): Uint8Array {
  const broken = mutate(compounds, random);
  return below(2) === 0 || broken.length < 8 ? compounds[below(compounds.length)]! : broken;
}

for (const role of ['viewer', 'publisher'] as const) {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`ten thousand junk packets of a ${role} over ${transport} (seed ${seed})`, () =>
      stage.innocents.untouchedBy(async () => {
        const { server } = stage;
        const stream = role === 'viewer' ? 'show/innocent' : 'show/junk';
        const cost = await costOf(
          server,
          `10 000 junk packets of a ${role}, ${transport}`,
          async () => {
            for (let round = 0; round < 5; round++) {
              const session = await OwnSession.connected(server, role, stream, transport);
              await sendJunk(session, 2000);
              await session.leave();
            }
          },
        );
        assert.ok(cost.grownMiB < 96, `${cost.grownMiB} MiB more`);
        assert.doesNotMatch(server.log, /bug|internal-error|assert/i);
      }));
  }
}

test('someone who watches the junk is served, and let go in the end like anyone', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const publisher = await OwnSession.connected(server, 'publisher', 'show/junk');
    const viewer = await OwnSession.connected(server, 'viewer', 'show/junk', 'tcp');
    await sendJunk(publisher, 3000);
    assert.equal(viewer.closed, undefined);
    await publisher.leave();
    await viewer.leave();
    assert.doesNotMatch(server.log, /bug|internal-error|assert/i);
  }));
