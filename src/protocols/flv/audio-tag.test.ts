import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { parseAudioTag } from './audio-tag.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const vectors: readonly { name: string; bytes: string; want: unknown }[] = [
  {
    name: 'sequence header',
    bytes: 'af 00 1210',
    want: {
      type: 'sequence-header',
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
  { name: 'frame', bytes: 'af 01 2110', want: { type: 'frame', data: hex('2110') } },
  { name: 'MP3', bytes: '2f fffb', want: { type: 'unsupported', codec: 'MP3' } },
  {
    name: 'Enhanced RTMP: Opus',
    bytes: '90 4f707573',
    want: { type: 'unsupported', codec: 'Opus' },
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
