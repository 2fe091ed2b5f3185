import assert from 'node:assert/strict';
import { test } from 'node:test';
import { h264Units } from '../../../../test/doubles/depacketize.ts';
import { mulberry32 } from '../../../../test/fuzz/mutate.ts';
import { NAL, nalType, startsKeyframe } from '../../codecs/h264.ts';
import { H264Packetizer } from './h264.ts';
import { PAYLOAD_BYTES_MAX } from './scratch.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const SPS = hex('6742c01fda014016ec0440000003004000000f03c60ca8');
const OTHER_SPS = hex('6742c028da01e0089f970110000003001000000303c8f1832a');
const PPS = hex('68ce3c80');
const SEI = hex('0605 0102 80');
const AUD = hex('0910');
const FILLER = hex('0cffffff80');

/** A slice NAL unit of `length` bytes. */
function slice(header: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) =>
    index === 0 ? header : (index * 7 + 0x80) & 0xff,
  );
}
const idr = (length: number) => slice(0x65, length);
const pSlice = (length: number) => slice(0x41, length);

function configured(): H264Packetizer {
  const packetizer = new H264Packetizer();
  packetizer.setParameterSets([SPS], [PPS]);
  return packetizer;
}

test('small units of a frame share a packet; one alone goes as it is', () => {
  const packetizer = configured();
  const unit = pSlice(100);
  const [single, ...none] = packetizer.packetize([unit], false);
  assert.deepEqual(none, []);
  assert.equal(single, unit, 'not even copied');
  const [stap, ...more] = packetizer.packetize([SEI, unit], false);
  assert.deepEqual(more, []);
  assert.equal(stap![0], 0x40 | NAL.stapA, 'NRI is the highest, F is 0');
  assert.deepEqual(h264Units([stap!]), [SEI, unit]);
});

test('a keyframe begins with SPS and PPS in one packet', () => {
  const payloads = configured().packetize([SEI, idr(5000)], true);
  assert(startsKeyframe(payloads[0]!));
  assert.equal(nalType(payloads[0]!), NAL.stapA);
  assert.deepEqual(h264Units(payloads), [SPS, PPS, SEI, idr(5000)]);
});

test('parameter sets that the encoder sends in-band are not sent twice', () => {
  const payloads = configured().packetize([AUD, SPS, PPS, idr(50)], true);
  assert.deepEqual(h264Units(payloads), [SPS, PPS, idr(50)]);
});

test('in-band sets replace those of the sequence header from then on', () => {
  const packetizer = configured();
  assert.deepEqual(h264Units(packetizer.packetize([OTHER_SPS, idr(50)], true)), [
    OTHER_SPS,
    PPS,
    idr(50),
  ]);
  assert.deepEqual(h264Units(packetizer.packetize([idr(60)], true)), [OTHER_SPS, PPS, idr(60)]);
  packetizer.setParameterSets([SPS], [PPS]);
  assert.deepEqual(h264Units(packetizer.packetize([idr(70)], true)), [SPS, PPS, idr(70)]);
});

test('delimiters and filler stay at home', () => {
  const packetizer = configured();
  assert.deepEqual(h264Units(packetizer.packetize([AUD, pSlice(10), FILLER], false)), [pSlice(10)]);
  assert.deepEqual(packetizer.packetize([AUD, FILLER], false), []);
  assert.deepEqual(packetizer.packetize([AUD, FILLER], true), []);
  assert.deepEqual(packetizer.packetize([], true), []);
});

test('fragments are of one size, and as few as possible', () => {
  for (let length = PAYLOAD_BYTES_MAX + 1; length < 12_000; length += 61) {
    const payloads = configured().packetize([pSlice(length)], false);
    const sizes = payloads.map((payload) => payload.length);
    const last = sizes.pop()!;
    assert.equal(payloads.length, Math.ceil((length - 1) / (PAYLOAD_BYTES_MAX - 2)));
    assert(sizes.every((size) => size === sizes[0] && size <= PAYLOAD_BYTES_MAX));
    assert(last <= sizes[0]! && sizes[0]! - last < payloads.length);
  }
});

test('whatever the units, they arrive in order and whole, in packets within the limit', () => {
  const random = mulberry32(1);
  const packetizer = configured();
  for (let round = 0; round < 500; round++) {
    const units = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      pSlice(1 + Math.floor(random() ** 3 * 4000)),
    );
    const payloads = packetizer.packetize(units, false);
    assert(payloads.every((payload) => payload.length <= PAYLOAD_BYTES_MAX));
    assert.deepEqual(h264Units(payloads), units);
  }
});

test('a frame larger than ever before', () => {
  const unit = idr(3_000_000);
  assert.deepEqual(h264Units(configured().packetize([unit], true)).at(-1), unit);
});
