/** Pictures: keyframes of whoever may publish, made into files without decoding, and the files that people upload. */
import assert from 'node:assert/strict';
import type { VideoCodec } from '../../../src/base/session.ts';
import { imageFactsOf } from '../../../src/control/pictures/image-facts.ts';
import { splitObus } from '../../../src/protocols/codecs/av1.ts';
import { rtpHeaderLength } from '../../../src/protocols/rtp/packet.ts';
import { Av1Packetizer } from '../../../src/protocols/rtp/payload/av1.ts';
import { H265Packetizer } from '../../../src/protocols/rtp/payload/h265.ts';
import { Vp8Packetizer } from '../../../src/protocols/rtp/payload/vp8.ts';
import { Vp9Packetizer } from '../../../src/protocols/rtp/payload/vp9.ts';
import { stillOf } from '../../../src/protocols/still/still.ts';
import { clips, readRtp } from '../../vectors/codecs/read.ts';
import { join, split, type Targets } from '../target.ts';

const CODECS: readonly VideoCodec[] = ['vp8', 'vp9', 'av1', 'h264', 'h265'];
/** Boxes and what the parameter sets say, beside the frame itself. */
const WRAPPING_BYTES_MAX = 4096;
const SIDE_MAX = 16384;

/** The codec, then a keyframe's payloads. */
function keyframe(codec: VideoCodec, payloads: readonly Uint8Array[]): Uint8Array {
  const last = payloads.length - 1;
  const packets = payloads.map((bytes, at) => ({ bytes, marker: at === last }));
  return Buffer.concat([Buffer.of(CODECS.indexOf(codec)), join(packets)]);
}

function av1(unit: Uint8Array): Uint8Array {
  const obus = splitObus(unit);
  assert(typeof obus !== 'string');
  return keyframe('av1', new Av1Packetizer().packetize(obus));
}

function h264(): Uint8Array {
  const packets = readRtp('ffmpeg-5.1-high.rtp');
  const end = packets.findIndex((packet) => (packet[1]! & 0x80) !== 0) + 1;
  return keyframe(
    'h264',
    packets.slice(0, end).map((packet) => packet.slice(rtpHeaderLength(packet) as number)),
  );
}

export const pictureTargets: Targets = {
  still: {
    vectors: () => [
      keyframe('vp8', new Vp8Packetizer(1).packetize(clips.vp8()[0]!)),
      keyframe('vp9', new Vp9Packetizer(1).packetize(clips.vp9()[0]!)),
      keyframe('h265', new H265Packetizer().packetize(clips.x265()[0]!, true)),
      av1(clips.aomAv1()[0]!),
      av1(clips.svtAv1()[0]!),
      h264(),
    ],
    run: (input) => {
      const codec = CODECS[(input[0] ?? 0) % CODECS.length]!;
      const payloads = [...split(input.subarray(1))].map(({ bytes }) => bytes);
      const still = stillOf(codec, payloads);
      if (still === undefined) return;
      assert.ok(still.width > 0 && still.width <= SIDE_MAX);
      assert.ok(still.height > 0 && still.height <= SIDE_MAX);
      // Sets are there twice: in the description and in the frame.
      assert.ok(still.bytes.length <= 8 * input.length + WRAPPING_BYTES_MAX);
    },
  },
  poster: {
    vectors: () => [
      Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080001000101011100ffd9', 'hex'),
      Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010806000000', 'hex'),
      Buffer.concat([
        Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1'),
        Buffer.from('18000000', 'hex'),
        clips.vp8()[0]!.subarray(0, 24),
      ]),
      Buffer.from('RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0\x2f\x0f\xc0\x03\x00aaaaaaaa', 'latin1'),
      Buffer.from('RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x0f\0\0', 'latin1'),
    ],
    run: (input) => {
      const facts = imageFactsOf(input);
      if (facts === undefined) return;
      assert.ok(facts.width > 0 && facts.width <= 4096);
      assert.ok(facts.height > 0 && facts.height <= 4096);
    },
  },
};
