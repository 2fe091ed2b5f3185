import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../../test/fuzz/mutate.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import { H265_NAL, h265NalType } from './h265.ts';
import { H265Order } from './h265-order.ts';

type Picture = readonly Uint8Array[];

/** How a slice may come: alone, behind others in one packet, or as the first fragment of it (RFC 7798 §4.4). */
const FORMS: Readonly<Record<string, (slice: Uint8Array) => Uint8Array>> = {
  alone: (slice) => slice,
  aggregated: (slice) =>
    Uint8Array.of(0x60, 1, 0, 3, 0x4e, 1, 1, slice.length >> 8, slice.length & 0xff, ...slice),
  fragmented: (slice) =>
    Uint8Array.of(0x62, slice[1]!, 0x80 | h265NalType(slice), ...slice.subarray(2, 40)),
};

function bFramesIn(
  pictures: readonly Picture[],
  form: (slice: Uint8Array) => Uint8Array,
): boolean[] {
  const order = new H265Order();
  return pictures.map((units) => {
    for (const unit of units) order.learn(unit);
    const slices = units.filter((unit) => h265NalType(unit) <= H265_NAL.irapLast);
    return slices.map((slice) => order.seesBFrame(form(slice))).includes(true);
  });
}

for (const [name, form] of Object.entries(FORMS)) {
  test(`x265 with B-frames, slices ${name}: they are seen, and no others`, () => {
    const seen = bFramesIn(clips.x265WithBFrames(), form);
    assert.ok(seen.filter(Boolean).length >= seen.length / 4, `${seen}`);
    assert.ok(!seen[0] && seen.includes(false), 'P-frames and keyframes are not');
    assert.deepEqual(seen, bFramesIn(clips.x265WithBFrames(), FORMS['alone']!));
  });

  test(`x265 without, slices ${name}: none`, () => {
    assert.ok(!bFramesIn(clips.x265(), form).includes(true));
  });
}

test('survives truncation and mutation', () => {
  const inputs = clips.x265WithBFrames().flat();
  const learned = new H265Order();
  for (const unit of inputs) learned.learn(unit);
  fuzz(inputs, (input) => {
    learned.learn(input);
    learned.seesBFrame(input);
  });
});
