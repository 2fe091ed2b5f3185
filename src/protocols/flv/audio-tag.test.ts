import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { parseAudioTag } from './audio-tag.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const AAC_FRAME = { type: 'frame', codec: 'aac', trackId: 0 } as const;

const vectors: readonly { name: string; bytes: string; want: unknown }[] = [
  {
    name: 'sequence header',
    bytes: 'af 00 1210',
    want: {
      type: 'sequence-header',
      codec: 'aac',
      trackId: 0,
      bytes: hex('1210'),
      config: {
        objectType: 2,
        sampleRate: 44100,
        outputSampleRate: 44100,
        channels: 2,
        sbr: false,
        ps: false,
        frameSamples: 1024,
      },
    },
  },
  { name: 'frame', bytes: 'af 01 2110', want: { ...AAC_FRAME, data: hex('2110') } },
  { name: 'MP3', bytes: '2f fffb', want: { type: 'unsupported', codec: 'MP3' } },
  {
    name: 'Enhanced RTMP: Opus sequence start',
    bytes: '90 4f707573 4f70757348656164 01 02 3801 80bb0000 0000 00',
    want: {
      ...{ type: 'sequence-header', codec: 'opus', trackId: 0 },
      head: { channels: 2, mappingFamily: 0 },
    },
  },
  {
    name: 'Enhanced RTMP: Opus',
    bytes: '91 4f707573 fcaabb',
    want: { type: 'frame', codec: 'opus', trackId: 0, data: hex('fcaabb') },
  },
  {
    name: 'Enhanced RTMP: AAC',
    bytes: '91 6d703461 2110',
    want: { ...AAC_FRAME, data: hex('2110') },
  },
  { name: 'Enhanced RTMP: speakers', bytes: '94 6d703461 01 02', want: { type: 'nothing' } },
  { name: 'Enhanced RTMP: end of sequence', bytes: '92 4f707573', want: { type: 'nothing' } },
  {
    name: 'Enhanced RTMP: one track of several, a modifier ahead',
    bytes: '97 02 0186a0 05 01 4f707573 02 fcaabb',
    want: { type: 'frame', codec: 'opus', trackId: 2, data: hex('fcaabb') },
  },
  {
    name: 'Enhanced RTMP: an identification header that is none',
    bytes: '90 4f707573 4f70757348656165 01 02 3801 80bb0000 0000 00',
    want: 'opus-head-bad',
  },
  {
    name: 'Enhanced RTMP: FLAC',
    bytes: '90 664c6143',
    want: { type: 'unsupported', codec: 'FLAC' },
  },
  {
    name: 'Enhanced RTMP: AC-3',
    bytes: '91 61632d33 0b77',
    want: { type: 'unsupported', codec: 'AC-3' },
  },
  {
    name: 'a format nobody knows',
    bytes: 'cf 00',
    want: { type: 'unsupported', codec: 'audio format 12' },
  },
  { name: 'a packet type that does not exist', bytes: 'af 05', want: 'audio-tag-unknown-type' },
  { name: 'sequence header without a configuration', bytes: 'af 00', want: 'aac-config-truncated' },
  { name: 'cut short', bytes: 'af', want: 'audio-tag-truncated' },
  { name: 'empty', bytes: '', want: 'audio-tag-truncated' },
];

for (const { name, bytes, want } of vectors) {
  test(name, () => assert.deepEqual(parseAudioTag(hex(bytes)), want));
}

test('survives truncation and mutation', () => {
  const inputs = vectors.map(({ bytes }) => hex(bytes));
  for (const input of inputs) for (const part of truncations(input)) parseAudioTag(part);
  fuzz(inputs, (input) => parseAudioTag(input));
});
