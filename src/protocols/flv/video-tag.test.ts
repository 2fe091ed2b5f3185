import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { parseVideoTag } from './video-tag.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const SEQUENCE_HEADER = `17 00 000000 01 42c01f ff e1 0017
  6742c01fda014016ec0440000003004000000f03c60ca8 01 0004 68ce3c80`;

const vectors: readonly { name: string; bytes: string; want: unknown }[] = [
  {
    name: 'keyframe',
    bytes: '17 01 000000 00000002 6588',
    want: { type: 'frame', isKeyframe: true, compositionMs: 0, data: hex('00000002 6588') },
  },
  {
    name: 'P-frame that is shown 66 ms later',
    bytes: '27 01 000042 00000002 4198',
    want: { type: 'frame', isKeyframe: false, compositionMs: 66, data: hex('00000002 4198') },
  },
  {
    name: 'composition time below zero',
    bytes: '27 01 ffffdf',
    want: { type: 'frame', isKeyframe: false, compositionMs: -33, data: hex('') },
  },
  { name: 'end of sequence', bytes: '17 02 000000', want: { type: 'nothing' } },
  { name: 'seek command', bytes: '57 00', want: { type: 'nothing' } },
  {
    name: 'H.265 as encoders did it before',
    bytes: '1c 00 000000',
    want: { type: 'unsupported', codec: 'H.265' },
  },
  {
    name: 'Enhanced RTMP: HEVC',
    bytes: '90 68766331 00',
    want: { type: 'unsupported', codec: 'H.265' },
  },
  {
    name: 'Enhanced RTMP: AV1',
    bytes: '91 61763031 00',
    want: { type: 'unsupported', codec: 'AV1' },
  },
  {
    name: 'Enhanced RTMP: unheard of',
    bytes: '90 61001b5d',
    want: { type: 'unsupported', codec: 'video codec "a??]"' },
  },
  { name: 'Sorenson', bytes: '22 00', want: { type: 'unsupported', codec: 'Sorenson H.263' } },
  {
    name: 'a packet type that does not exist',
    bytes: '17 07 000000',
    want: 'video-tag-unknown-type',
  },
  { name: 'cut short', bytes: '17 01 00', want: 'video-tag-truncated' },
  { name: 'empty', bytes: '', want: 'video-tag-truncated' },
];

for (const { name, bytes, want } of vectors) {
  test(name, () => assert.deepEqual(parseVideoTag(hex(bytes)), want));
}

test('sequence header', () => {
  const tag = parseVideoTag(hex(SEQUENCE_HEADER));
  assert(typeof tag !== 'string' && tag.type === 'sequence-header');
  assert.equal(tag.configuration.lengthSize, 4);
});

test('survives truncation and mutation', () => {
  const inputs = [SEQUENCE_HEADER, ...vectors.map(({ bytes }) => bytes)].map(hex);
  for (const input of inputs) for (const part of truncations(input)) parseVideoTag(part);
  fuzz(inputs, (input) => parseVideoTag(input));
});
