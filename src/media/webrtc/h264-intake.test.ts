import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRtp } from '../../../test/vectors/codecs/read.ts';
import type { FormatListener, TrackInput } from '../../engine/publishing.ts';
import { findSps, NAL, nalType, startsKeyframe } from '../../protocols/codecs/h264.ts';
import { parseRtpPacket, type RtpPacket } from '../../protocols/rtp/packet.ts';
import { H264Intake } from './h264-intake.ts';

const SPS = Buffer.from('6742c01fda014016ec0440000003004000000f03c60ca8', 'hex');
const PPS = Buffer.from('68ce3c80', 'hex');
const IDR = Uint8Array.of(0x65, 0x88, 1, 2, 3);
const SLICE = Uint8Array.of(0x41, 0x98, 1, 2, 3);

/** What comes out of an intake, as NAL types, and how often it asked for a keyframe. */
function intake(parameterSets?: string) {
  const pushed: RtpPacket[] = [];
  const sizes: (readonly [width: number, height: number])[] = [];
  const input: TrackInput = { push: (packet) => pushed.push(packet), setClock: () => {} };
  const publisher: FormatListener = {
    setVideoSize: (width, height) => sizes.push([width, height]),
    setCoding: () => {},
  };
  const world = { pushed, wanted: 0, types: () => pushed.map(({ payload }) => nalType(payload)) };
  const machine = new H264Intake(publisher, input, parameterSets, () => world.wanted++, {
    dropsBFrames: true,
    onBFrame: () => {},
    onFiller: () => {},
  });
  let sequenceNumber = 65_534;
  const send = (timestamp: number, ...payloads: readonly Uint8Array[]): void => {
    for (const payload of payloads) {
      const packet = {
        payloadType: 96,
        marker: false,
        sequenceNumber,
        timestamp,
        ssrc: 1,
        payload,
      };
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      machine.push(packet, 0);
    }
  };
  return { ...world, world, send, sizes, machine };
}

test('puts the sets ahead of keyframes that come without them, and the numbers after them on', () => {
  const { send, types, pushed } = intake();
  send(0, SPS, PPS, IDR);
  send(3000, SLICE);
  send(6000, IDR);
  send(9000, SLICE);
  assert.deepEqual(types().slice(-4), [NAL.slice, NAL.stapA, NAL.idr, NAL.slice]);
  const numbers = pushed.map((packet) => packet.sequenceNumber);
  for (const [i, number] of numbers.entries()) {
    assert.equal(number, (numbers[0]! + i) & 0xffff, 'without a hole');
  }
});

test('lets nothing through before the sets, and asks for a keyframe', () => {
  const { send, types, world } = intake();
  send(0, IDR);
  send(3000, SLICE);
  assert.deepEqual(types(), []);
  assert.equal(world.wanted, 2);
  send(6000, SPS, PPS, IDR);
  assert.equal(world.wanted, 2);
  assert.deepEqual(types(), [NAL.pps, NAL.stapA, NAL.idr]);
});

test('sets from the offer are as good', () => {
  const { send, types, world } = intake(`${SPS.toString('base64')},${PPS.toString('base64')}`);
  send(0, IDR);
  assert.deepEqual(types(), [NAL.stapA, NAL.idr]);
  assert.equal(world.wanted, 0);
});

const HIGH = 100;
const recorded = [
  { vector: 'ffmpeg-5.1-high.rtp', keyframes: 2, pictures: 12 },
  { vector: 'x264-cbr-filler.rtp', keyframes: 1, pictures: 7 },
] as const;

for (const { vector, keyframes, pictures } of recorded) {
  test(`High under an offer of Constrained Baseline goes on whole: ${vector}`, () => {
    const { machine, pushed, sizes, world } = intake();
    for (const bytes of readRtp(vector)) {
      const packet = parseRtpPacket(bytes);
      assert.ok(typeof packet === 'object');
      machine.push(packet, 0);
    }
    assert.equal(world.wanted, 0, 'the sets came ahead of the first keyframe');
    const profiles = pushed.flatMap(({ payload }) => findSps(payload)?.[1] ?? []);
    assert.ok(profiles.length >= keyframes && profiles.every((profile) => profile === HIGH));
    assert.deepEqual(sizes[0], [320, 180]);
    assert.equal(new Set(pushed.map(({ timestamp }) => timestamp)).size, pictures);
    assert.equal(pushed.filter(({ marker }) => marker).length, pictures);
    const starts = pushed.filter(({ payload }) => startsKeyframe(payload));
    assert.equal(new Set(starts.map(({ timestamp }) => timestamp)).size, keyframes);
  });
}
