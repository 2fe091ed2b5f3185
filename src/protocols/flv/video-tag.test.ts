import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { parseVideoTag } from './video-tag.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const SEQUENCE_HEADER = `17 00 000000 01 42c01f ff e1 0017
  6742c01fda014016ec0440000003004000000f03c60ca8 01 0004 68ce3c80`;

const AVC_FRAME = { type: 'frame', codec: 'h264', trackId: 0 } as const;
const frameOf = (codec: string) =>
  ({ type: 'frame', codec, trackId: 0, isKeyframe: true, compositionMs: 0 }) as const;

const vectors: readonly { name: string; bytes: string; want: unknown }[] = [
  {
    name: 'keyframe',
    bytes: '17 01 000000 00000002 6588',
    want: { ...AVC_FRAME, isKeyframe: true, compositionMs: 0, data: hex('00000002 6588') },
  },
  {
    name: 'P-frame that is shown 66 ms later',
    bytes: '27 01 000042 00000002 4198',
    want: { ...AVC_FRAME, isKeyframe: false, compositionMs: 66, data: hex('00000002 4198') },
  },
  {
    name: 'composition time below zero',
    bytes: '27 01 ffffdf',
    want: { ...AVC_FRAME, isKeyframe: false, compositionMs: -33, data: hex('') },
  },
  { name: 'end of sequence', bytes: '17 02 000000', want: { type: 'nothing' } },
  { name: 'seek command', bytes: '57 00', want: { type: 'nothing' } },
  {
    name: 'H.265 as encoders did it before',
    bytes: '1c 00 000000 01',
    want: { type: 'sequence-header', codec: 'h265', trackId: 0, data: hex('01') },
  },
  {
    name: 'Enhanced RTMP: HEVC sequence start',
    bytes: '90 68766331 01',
    want: { type: 'sequence-header', codec: 'h265', trackId: 0, data: hex('01') },
  },
  {
    name: 'Enhanced RTMP: HEVC keyframe with composition time',
    bytes: '91 68766331 000042 aabb',
    want: {
      ...{ type: 'frame', codec: 'h265', trackId: 0, isKeyframe: true, compositionMs: 66 },
      data: hex('aabb'),
    },
  },
  {
    name: 'Enhanced RTMP: H.264 without composition time',
    bytes: 'a3 61766331 aabb',
    want: { ...AVC_FRAME, isKeyframe: false, compositionMs: 0, data: hex('aabb') },
  },
  {
    name: 'Enhanced RTMP: AV1 has no composition time',
    bytes: '91 61763031 1200',
    want: { ...frameOf('av1'), data: hex('1200') },
  },
  {
    name: 'Enhanced RTMP: VP9',
    bytes: '91 76703039 82',
    want: { ...frameOf('vp9'), data: hex('82') },
  },
  {
    name: 'Enhanced RTMP: VP8',
    bytes: '91 76703038 82',
    want: { ...frameOf('vp8'), data: hex('82') },
  },
  { name: 'Enhanced RTMP: end of sequence', bytes: '92 61763031', want: { type: 'nothing' } },
  { name: 'Enhanced RTMP: metadata', bytes: '94 68766331 0200', want: { type: 'nothing' } },
  {
    name: 'Enhanced RTMP: MPEG-2 TS descriptor',
    bytes: '95 61763031 80',
    want: { type: 'nothing' },
  },
  { name: 'Enhanced RTMP: seek command', bytes: 'd1 00', want: { type: 'nothing' } },
  {
    name: 'Enhanced RTMP: a modifier of 3 bytes ahead',
    bytes: '97 02 0186a0 01 61763031 1200',
    want: { ...frameOf('av1'), data: hex('1200') },
  },
  {
    name: 'Enhanced RTMP: two modifiers, one of them long',
    bytes: `97 ff 00ff ${'00'.repeat(256)} 07 00 aa 01 61763031 1200`,
    want: { ...frameOf('av1'), data: hex('1200') },
  },
  {
    name: 'Enhanced RTMP: one track of several',
    bytes: '96 01 61763031 03 1200',
    want: { ...frameOf('av1'), trackId: 3, data: hex('1200') },
  },
  {
    name: 'Enhanced RTMP: many tracks in one tag, the default one last',
    bytes: '96 11 61763031 02 000001 aa 00 000002 1200',
    want: { ...frameOf('av1'), data: hex('1200') },
  },
  {
    name: 'Enhanced RTMP: many tracks of many codecs',
    bytes: '96 21 61763031 01 000002 1200 76703039 02 000001 82',
    want: { ...frameOf('av1'), trackId: 1, data: hex('1200') },
  },
  { name: 'Enhanced RTMP: tracks within tracks', bytes: '96 16', want: 'enhanced-bad-multitrack' },
  {
    name: 'Enhanced RTMP: a track longer than its tag',
    bytes: '96 11 61763031 02 000003 aa',
    want: 'enhanced-truncated',
  },
  {
    name: 'Enhanced RTMP: H.266',
    bytes: '90 76766331',
    want: { type: 'unsupported', codec: 'H.266' },
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
  assert.equal(tag.codec, 'h264');
  assert.deepEqual(tag.data, hex(SEQUENCE_HEADER).subarray(5));
});

test('survives truncation and mutation', () => {
  const inputs = [SEQUENCE_HEADER, ...vectors.map(({ bytes }) => bytes)].map(hex);
  for (const input of inputs) for (const part of truncations(input)) parseVideoTag(part);
  fuzz(inputs, (input) => parseVideoTag(input));
});
