import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { type AacConfig, parseAudioSpecificConfig, writeAdtsHeader } from './aac.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const lc: AacConfig = {
  objectType: 2,
  sampleRate: 44100,
  outputSampleRate: 44100,
  channels: 2,
  sbr: false,
  ps: false,
  frameSamples: 1024,
};

const vectors: readonly { name: string; bytes: string; want: AacConfig }[] = [
  { name: 'AAC-LC, 44.1 kHz stereo', bytes: '1210', want: lc },
  {
    name: 'AAC-LC, 48 kHz mono',
    bytes: '1188',
    want: { ...lc, sampleRate: 48000, outputSampleRate: 48000, channels: 1 },
  },
  { name: 'as ffmpeg writes it, saying that there is no SBR', bytes: '1210 56e500', want: lc },
  {
    name: '7.1: eight channels',
    bytes: '11b8',
    want: { ...lc, sampleRate: 48000, outputSampleRate: 48000, channels: 8 },
  },
  { name: 'an explicit rate', bytes: '1780 5622 10', want: lc },
  { name: 'frames of 960 samples', bytes: '1214', want: { ...lc, frameSamples: 960 } },
  {
    name: 'HE-AAC, told ahead',
    bytes: '2b 92 08 00',
    want: { ...lc, sampleRate: 22050, outputSampleRate: 44100, sbr: true },
  },
  {
    name: 'HE-AAC v2, told ahead',
    bytes: 'eb 8a 08 00',
    want: { ...lc, sampleRate: 22050, outputSampleRate: 44100, channels: 1, sbr: true, ps: true },
  },
  {
    name: 'HE-AAC, told behind, for old decoders',
    bytes: '1390 56e5a0',
    want: { ...lc, sampleRate: 22050, outputSampleRate: 44100, sbr: true },
  },
];

for (const { name, bytes, want } of vectors) {
  test(name, () => assert.deepEqual(parseAudioSpecificConfig(hex(bytes)), want));
}

test('refuses what is no configuration', () => {
  assert.equal(parseAudioSpecificConfig(hex('12')), 'aac-config-truncated');
  assert.equal(parseAudioSpecificConfig(hex('')), 'aac-config-truncated');
  assert.equal(parseAudioSpecificConfig(hex('1690')), 'aac-config-bad-rate');
  assert.equal(parseAudioSpecificConfig(hex('1278')), 'aac-config-bad-channels');
});

test('ADTS headers', () => {
  // ISO 13818-7: fff1, profile 1 (LC), rate 4, channels 2, length 7 + 100 = 107, fullness 0x7ff, one block.
  assert.deepEqual(writeAdtsHeader(lc, 100), hex('fff1 50 80 0d 7f fc'));
  assert.equal(writeAdtsHeader(lc, 9000), undefined);
  assert.equal(writeAdtsHeader({ ...lc, channels: 0 }, 100), undefined);
  assert.equal(writeAdtsHeader({ ...lc, objectType: 23 }, 100), undefined);
  assert.equal(writeAdtsHeader({ ...lc, sampleRate: 44000 }, 100), undefined);
});

test('survives truncation and mutation', () => {
  const inputs = vectors.map(({ bytes }) => hex(bytes));
  for (const input of inputs) for (const part of truncations(input)) parseAudioSpecificConfig(part);
  fuzz(inputs, (input) => parseAudioSpecificConfig(input));
});
