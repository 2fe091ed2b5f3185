/** The payload formats beside H.264: real encoders' output there and back again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { av1Obus, h265Units, vp8Frame, vp9Frame } from '../../../../test/doubles/depacketize.ts';
import { mulberry32 } from '../../../../test/fuzz/mutate.ts';
import { clips } from '../../../../test/vectors/codecs/read.ts';
import { av1StartsKeyframe, OBU, type Obu, splitObus } from '../../codecs/av1.ts';
import { H265_NAL, h265NalType, h265StartsKeyframe } from '../../codecs/h265.ts';
import { vp8StartsKeyframe } from '../../codecs/vp8.ts';
import { vp9StartsKeyframe } from '../../codecs/vp9.ts';
import { Av1Packetizer } from './av1.ts';
import { H265Packetizer } from './h265.ts';
import { PAYLOAD_BYTES_MAX } from './scratch.ts';
import { Vp8Packetizer } from './vp8.ts';
import { Vp9Packetizer } from './vp9.ts';

const isSet = (unit: Uint8Array) => h265NalType(unit) >= 32 && h265NalType(unit) <= 34;
const isDelimiter = (unit: Uint8Array) => h265NalType(unit) === H265_NAL.accessUnitDelimiter;
const join = ({ header, payload }: Obu) => new Uint8Array(Buffer.concat([header, payload]));

function split(unit: Uint8Array): Obu[] {
  const obus = splitObus(unit);
  assert(typeof obus !== 'string');
  return obus;
}

/** Only a frame's first packet begins it, and only a keyframe's begins a run; none is too long. */
function assertPackets(
  payloads: readonly Uint8Array[],
  startsKeyframe: (payload: Uint8Array) => boolean,
  isKeyframe: boolean,
): void {
  assert.equal(payloads.findIndex(startsKeyframe), isKeyframe ? 0 : -1);
  assert(payloads.every((payload) => payload.length <= PAYLOAD_BYTES_MAX));
}

test('H.265 there and back', () => {
  for (const pictures of [clips.x265(), clips.x265WithBFrames()]) {
    const packetizer = new H265Packetizer();
    for (const [index, units] of pictures.entries()) {
      const isKeyframe = units.some(isSet);
      const payloads = packetizer.packetize(units, isKeyframe);
      assertPackets(payloads, h265StartsKeyframe, isKeyframe);
      const sent = units.filter((unit) => !isDelimiter(unit));
      assert.deepEqual(h265Units(payloads), sent, `picture ${index}`);
    }
  }
});

test('H.265: the sequence header goes ahead of each keyframe', () => {
  const [key = []] = clips.x265();
  const sets = key.filter(isSet);
  const slices = key.filter((unit) => h265NalType(unit) < 32);
  const packetizer = new H265Packetizer();
  packetizer.setParameterSets(sets);
  for (let round = 0; round < 2; round++) {
    const payloads = packetizer.packetize(slices, true);
    assert.equal(h265NalType(payloads[0]!), H265_NAL.aggregation);
    assert.deepEqual(h265Units(payloads), [...sets, ...slices]);
  }
});

test('H.265: layer and temporal id of an aggregation are the lowest in it', () => {
  const units = ['0203d0', '0205d0', '0202d0'].map(
    (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
  );
  const [payload] = new H265Packetizer().packetize(units, false);
  assert.deepEqual([...payload!.subarray(0, 2)], [0x60, 0x02]);
});

test('VP8 there and back', () => {
  const packetizer = new Vp8Packetizer(0x7ffa);
  const frames = clips.vp8();
  for (const [index, frame] of frames.entries()) {
    const payloads = packetizer.packetize(frame);
    assertPackets(payloads, vp8StartsKeyframe, index % 10 === 0);
    const pictureId = (0x7ffa + index) & 0x7fff;
    for (const payload of payloads)
      assert.equal(((payload[2]! & 0x7f) << 8) | payload[3]!, pictureId);
    assert.deepEqual(vp8Frame(payloads), frame);
  }
  assert.deepEqual(packetizer.packetize(new Uint8Array(0)), []);
});

test('VP9 there and back, superframes too', () => {
  for (const frames of [clips.vp9(), clips.vp9AltRef()]) {
    const packetizer = new Vp9Packetizer(1);
    for (const [index, frame] of frames.entries()) {
      const payloads = packetizer.packetize(frame);
      assertPackets(payloads, vp9StartsKeyframe, index % 10 === 0);
      assert.deepEqual(vp9Frame(payloads), frame);
    }
  }
});

test('VP9: a keyframe tells its size once', () => {
  const payloads = new Vp9Packetizer(1).packetize(clips.vp9()[0]!);
  assert.deepEqual([...payloads[0]!.subarray(3, 8)], [0x10, 0, 162, 0, 90]);
  assert(payloads.slice(1).every((payload) => (payload[0]! & 0x02) === 0));
});

test('AV1 there and back', () => {
  for (const units of [clips.aomAv1(), clips.svtAv1()]) {
    const packetizer = new Av1Packetizer();
    for (const [index, unit] of units.entries()) {
      const obus = split(unit);
      const payloads = packetizer.packetize(obus);
      assertPackets(payloads, av1StartsKeyframe, index % 10 === 0);
      const sent = obus.filter(({ type }) => type !== OBU.temporalDelimiter).map(join);
      assert.deepEqual(av1Obus(payloads), sent);
    }
  }
});

test('AV1: the sequence header goes ahead of each keyframe, once', () => {
  const obus = split(clips.aomAv1()[0]!);
  const header = obus.filter(({ type }) => type === OBU.sequenceHeader);
  const frame = obus.filter(({ type }) => type === OBU.frame);
  const packetizer = new Av1Packetizer();
  packetizer.setSequenceHeader(header);
  for (const given of [frame, obus, frame]) {
    assert.deepEqual(av1Obus(packetizer.packetize(given)), [...header, ...frame].map(join));
  }
});

test('AV1: whatever the OBUs, they arrive in order and whole, in packets within the limit', () => {
  const random = mulberry32(2);
  const packetizer = new Av1Packetizer();
  for (let round = 0; round < 500; round++) {
    const obus = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => ({
      type: OBU.frame,
      header: random() < 0.5 ? Uint8Array.of(0x30) : Uint8Array.of(0x34, 0x08),
      payload: new Uint8Array(Math.floor(random() ** 3 * 5000)).fill(0x20 + index),
    }));
    const payloads = packetizer.packetize(obus);
    assert(payloads.every((payload) => payload.length <= PAYLOAD_BYTES_MAX));
    assert.deepEqual(av1Obus(payloads), obus.map(join));
  }
});

test('frames larger than ever before', () => {
  const large = new Uint8Array(3_000_000).fill(0x31);
  assert.deepEqual(vp8Frame(new Vp8Packetizer(1).packetize(large)), large);
  assert.deepEqual(vp9Frame(new Vp9Packetizer(1).packetize(large)), large);
  const obu = { type: OBU.frame, header: Uint8Array.of(0x30), payload: large };
  assert.deepEqual(av1Obus(new Av1Packetizer().packetize([obu])), [join(obu)]);
  const unit = large.with(0, 0x02);
  assert.deepEqual(h265Units(new H265Packetizer().packetize([unit], false)), [unit]);
});
