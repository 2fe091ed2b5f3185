import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSilentOpus, isStereoOpus, opusSamples, parseOpusHead } from './opus.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const HEAD = '4f70757348656164 01 02 3801 80bb0000 0000 00';

test('identification headers', () => {
  assert.deepEqual(parseOpusHead(hex(HEAD)), { channels: 2, mappingFamily: 0 });
  assert.equal(parseOpusHead(hex(HEAD).subarray(0, 18)), 'opus-head-truncated');
  assert.equal(parseOpusHead(hex(HEAD).with(8, 0x10)), 'opus-head-bad', 'another version');
  assert.equal(parseOpusHead(hex(HEAD).with(9, 0)), 'opus-head-bad', 'no channel');
});

const packets: readonly [name: string, packet: string, samples: number | undefined][] = [
  ['20 ms of CELT, as libopus sends music', 'fc00', 960],
  ['2.5 ms of CELT', 'e0', 120],
  ['60 ms of SILK', '18', 2880],
  ['10 ms of hybrid', '60', 480],
  ['two frames of 20 ms', 'fd00', 1920],
  ['six frames of 20 ms', 'ff06', 5760],
  ['seven: too long', 'ff07', undefined],
  ['no frames', 'ff00', undefined],
  ['nothing', '', undefined],
];
for (const [name, packet, samples] of packets) {
  test(name, () => assert.equal(opusSamples(hex(packet)), samples));
}

test('silence and stereo, as libopus codes them at 96 kbit/s and 20 ms', () => {
  const silent = [
    'fcfffe',
    'f8fffe',
    'fcfffe000000',
    'fc',
    'f800',
    'ff01fffe00',
    'ff4103fffe000000',
  ];
  for (const packet of silent) assert.equal(isSilentOpus(hex(packet)), true, packet);
  const heard = [
    'fc8aa91a73c5',
    'f89ffdc878af',
    '78fffe00',
    'fdfffe00',
    'ff02fffe00',
    'fcfffd00',
    'ff41',
  ];
  for (const packet of heard) assert.equal(isSilentOpus(hex(packet)), packet === 'ff41', packet);
  assert.equal(isStereoOpus(hex('fc8aa9')), true);
  assert.equal(isStereoOpus(hex('f89ffd')), false);
});
