import assert from 'node:assert/strict';
import { test } from 'node:test';
import { h264Units } from '../../../test/doubles/depacketize.ts';
import { readRtp } from '../../../test/vectors/codecs/read.ts';
import { NAL, nalType, sliceTypeInPayload } from '../../protocols/codecs/h264.ts';
import { parseRtpPacket, type RtpPacket } from '../../protocols/rtp/packet.ts';
import { H264Sieve } from './h264-sieve.ts';

type Sieved = {
  readonly out: RtpPacket[];
  /** Packets of each picture. */
  readonly pictures: RtpPacket[][];
  readonly fillerBytes: number;
  readonly bFrames: number;
};

function parse(packets: readonly Uint8Array[]): RtpPacket[] {
  return packets.map((bytes) => {
    const packet = parseRtpPacket(bytes);
    assert(typeof packet !== 'string');
    return packet;
  });
}

function sieve(packets: readonly RtpPacket[], dropsBFrames = true): Sieved {
  const out: RtpPacket[] = [];
  let fillerBytes = 0;
  let bFrames = 0;
  const machine = new H264Sieve({
    dropsBFrames,
    onBFrame: () => bFrames++,
    onFiller: (bytes) => {
      fillerBytes += bytes;
    },
    push: (packet) => out.push(packet),
  });
  for (const packet of packets) machine.push(packet, 0);
  const pictures = [...Map.groupBy(out, ({ timestamp }) => timestamp).values()];
  return { out, pictures, fillerBytes, bFrames };
}

function assertNoGap(packets: readonly RtpPacket[], first = packets[0]!.sequenceNumber): void {
  for (const [index, { sequenceNumber }] of packets.entries()) {
    assert.equal(sequenceNumber, (first + index) & 0xffff);
  }
}

const filler = parse(readRtp('x264-cbr-filler.rtp'));
const withBFrames = parse(readRtp('x264-cbr-b-frames.rtp'));

test('filler and delimiters go, every picture ends with a marker, and no number is missing', () => {
  const { out, pictures, fillerBytes, bFrames } = sieve(filler);
  assert.equal(bFrames, 0);
  assert.equal(pictures.length, 7);
  assertNoGap(out);
  for (const packets of pictures) {
    const markers = packets.map(({ marker }) => marker);
    assert.deepEqual(markers, [...packets.slice(1).map(() => false), true]);
    const types = h264Units(packets.map(({ payload }) => payload)).map(nalType);
    assert(!types.includes(NAL.accessUnitDelimiter));
    assert.equal(types.filter((type) => type === NAL.slice || type === NAL.idr).length, 1);
  }
  // Of the first picture that ends with filler, what has the marker stays: nothing was held back for it yet.
  const kept = out.filter(({ payload }) => nalType(payload) === NAL.filler);
  assert.deepEqual(
    kept.map(({ payload }) => payload.length),
    [2],
  );
  const bytes = filler.reduce((sum, { payload }) => sum + payload.length, 0);
  assert(fillerBytes / bytes > 0.8, `${fillerBytes} of ${bytes}`);
});

test('a stream without filler goes on packet by packet as it comes', () => {
  const plain = filler.filter(({ payload }) =>
    [NAL.slice, NAL.idr].includes(nalType(payload) as 1),
  );
  for (const packet of plain) assert.deepEqual(sieve([packet]).out, [packet]);
});

test('B-frames go whole, or stay, as wished', () => {
  const dropped = sieve(withBFrames);
  assertNoGap(dropped.out);
  assert.equal(dropped.bFrames, 4);
  assert.equal(dropped.pictures.length, 3);
  const types = dropped.out.map(({ payload }) => sliceTypeInPayload(payload));
  assert(!types.includes('B'));
  const passed = sieve(withBFrames, false);
  assert.equal(passed.pictures.length, 7);
  assert.equal(passed.bFrames, 4);
});

test('a lost packet is a gap where it costs a picture, and none where it was filler', () => {
  for (const [index, lost] of filler.entries()) {
    if (index === 0) continue; // nobody misses what came before the beginning
    const without = sieve(filler.filter((packet) => packet !== lost));
    const { payload } = lost;
    const isMiddle =
      nalType(payload) === NAL.fuA && !lost.marker && (payload[1]! & 0x9f) === NAL.filler;
    const numbers = without.out.map(({ sequenceNumber }) => sequenceNumber);
    const span = ((numbers.at(-1)! - numbers[0]!) & 0xffff) + 1;
    const gaps = span - numbers.length;
    assert(gaps === 0 || gaps === 1, `${gaps} gaps without packet ${index}`);
    if (isMiddle) assert.equal(gaps, 0, `packet ${index}`);
    if (nalType(payload) === NAL.slice) assert.equal(gaps, 1, `packet ${index}`);
  }
});

test('a marker that was lost with its filler delays a picture no longer than to the next', () => {
  const { pictures } = sieve(filler.filter(({ marker }) => !marker));
  assert.equal(pictures.length, 7);
  for (const packets of pictures.slice(0, -1)) {
    const types = packets.map(({ payload }) => nalType(payload));
    assert(types.includes(NAL.slice) || types.includes(NAL.sps));
  }
});
