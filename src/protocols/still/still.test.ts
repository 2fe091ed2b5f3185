/** Real encoders' keyframes as files: what is in them is what was sent, and no cut or broken one gives anything else than nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mulberry32, mutate } from '../../../test/fuzz/mutate.ts';
import { clips, readRtp } from '../../../test/vectors/codecs/read.ts';
import type { VideoCodec } from '../../base/session.ts';
import { splitObus } from '../codecs/av1.ts';
import { parseRtpPacket } from '../rtp/packet.ts';
import { Av1Packetizer } from '../rtp/payload/av1.ts';
import { H265Packetizer } from '../rtp/payload/h265.ts';
import { Vp8Packetizer } from '../rtp/payload/vp8.ts';
import { Vp9Packetizer } from '../rtp/payload/vp9.ts';
import { stillOf } from './still.ts';

type Sample = {
  readonly name: string;
  readonly codec: VideoCodec;
  readonly payloads: () => readonly Uint8Array[];
  readonly type: string;
  readonly size: readonly [width: number, height: number];
};

function obus(unit: Uint8Array) {
  const split = splitObus(unit);
  assert(typeof split !== 'string');
  return split;
}

/** Up to the first marker: one access unit. */
function firstFrame(packets: readonly Uint8Array[]): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  for (const bytes of packets) {
    const packet = parseRtpPacket(bytes);
    assert(typeof packet !== 'string');
    payloads.push(packet.payload);
    if (packet.marker) break;
  }
  return payloads;
}

const samples: readonly Sample[] = [
  {
    name: 'libvpx VP8',
    codec: 'vp8',
    payloads: () => new Vp8Packetizer(1).packetize(clips.vp8()[0]!),
    type: 'image/webp',
    size: [162, 90],
  },
  {
    name: 'libvpx VP9',
    codec: 'vp9',
    payloads: () => new Vp9Packetizer(1).packetize(clips.vp9()[0]!),
    type: 'video/mp4',
    size: [162, 90],
  },
  {
    name: 'libaom AV1',
    codec: 'av1',
    payloads: () => new Av1Packetizer().packetize(obus(clips.aomAv1()[0]!)),
    type: 'image/avif',
    size: [162, 90],
  },
  {
    name: 'SVT-AV1',
    codec: 'av1',
    payloads: () => new Av1Packetizer().packetize(obus(clips.svtAv1()[0]!)),
    type: 'image/avif',
    size: [162, 90],
  },
  {
    name: 'x265',
    codec: 'h265',
    payloads: () => new H265Packetizer().packetize(clips.x265()[0]!, true),
    type: 'video/mp4',
    size: [162, 90],
  },
  {
    name: 'x264, High',
    codec: 'h264',
    payloads: () => firstFrame(readRtp('ffmpeg-5.1-high.rtp')),
    type: 'video/mp4',
    size: [320, 180],
  },
];

for (const { name, codec, payloads, type, size } of samples) {
  test(`${name}: a keyframe becomes ${type}`, () => {
    const still = stillOf(codec, payloads());
    assert(still !== undefined);
    assert.equal(still.type, type);
    assert.deepEqual([still.width, still.height], size);
    if (type === 'image/webp') assertRiff(still.bytes);
    else assertBoxes(still.bytes);
  });

  test(`${name}: what is cut or broken is no picture, or one that is whole`, () => {
    const random = mulberry32(7);
    const sent = payloads();
    for (let count = 0; count < sent.length; count++) stillOf(codec, sent.slice(0, count));
    for (let round = 0; round < 3000; round++) {
      const broken = sent.map((payload) => new Uint8Array(mutate([payload], random)));
      const still = stillOf(codec, broken);
      if (still === undefined) continue;
      if (type === 'image/webp') assertRiff(still.bytes);
      else assertBoxes(still.bytes);
    }
  });
}

test('a picture that begins in the middle, or lacks its parameter sets, is none', () => {
  const [, ...rest] = firstFrame(readRtp('ffmpeg-5.1-high.rtp'));
  assert.equal(stillOf('h264', rest), undefined);
  const slices = clips.x265()[0]!.filter((unit) => unit[0]! >> 1 < 32);
  assert.equal(stillOf('h265', new H265Packetizer().packetize(slices, false)), undefined);
  assert.equal(stillOf('vp8', new Vp8Packetizer(1).packetize(clips.vp8()[1]!)), undefined);
  const between = new Av1Packetizer().packetize(obus(clips.aomAv1()[1]!));
  assert.equal(stillOf('av1', between), undefined);
});

/** RFC 9649 §2.3: sizes count what follows. */
function assertRiff(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.equal(view.getUint32(4, true), bytes.length - 8);
  const chunk = view.getUint32(16, true);
  assert.equal(20 + chunk + (chunk % 2), bytes.length);
}

/** Boxes follow each other without a gap, and the sample is where the file says that it is. */
function assertBoxes(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const types: string[] = [];
  let at = 0;
  let dataAt = 0;
  while (at < bytes.length) {
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    types.push(type);
    if (type === 'mdat') dataAt = at + 8;
    const size = view.getUint32(at);
    assert.ok(size >= 8);
    at += size;
  }
  assert.equal(at, bytes.length);
  assert.ok(types.join() === 'ftyp,moov,mdat' || types.join() === 'ftyp,meta,mdat', types.join());
  const text = Buffer.from(bytes).toString('latin1');
  const [table, skipped] = types.includes('moov') ? ['stco', 12] : ['iloc', 18];
  assert.equal(view.getUint32(text.indexOf(table) + skipped), dataAt);
}
