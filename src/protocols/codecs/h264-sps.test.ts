import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { h264Profile, parseSps } from './h264-sps.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** Made by x264 (Debian 12) unless said otherwise; sizes and reordering as its options were. */
const vectors = [
  {
    name: 'baseline, 720p',
    bytes: '6742c01fda014016ec0440000003004000000f03c60ca8',
    want: { profileIdc: 66, levelIdc: 31, width: 1280, height: 720, reorderFrames: 0 },
  },
  {
    name: 'zerolatency, 1080p: cropped from 1088 lines',
    bytes: '6742c028da01e0089f970110000003001000000303c8f1832a',
    want: { profileIdc: 66, levelIdc: 40, width: 1920, height: 1080, reorderFrames: 0 },
  },
  {
    name: 'high, three B-frames',
    bytes: '67640028acd940780227e5c044000003000400000300f03c60c658',
    want: { profileIdc: 100, levelIdc: 40, width: 1920, height: 1080, reorderFrames: 2 },
  },
  {
    name: 'high, with buffering parameters and colours',
    bytes: '6764001eacd940a02ff97016a0202028000003000800000301e3020007a12000f427261803c58b6580',
    want: { profileIdc: 100, levelIdc: 30, width: 640, height: 360, reorderFrames: 2 },
  },
  {
    name: 'interlaced, with an extended aspect ratio',
    bytes: '6764001facd940b424dff80200016880000003008000001e0f8b16cb',
    want: { profileIdc: 100, levelIdc: 31, width: 720, height: 576, reorderFrames: 2 },
  },
  {
    name: '4:4:4',
    bytes: '67f4001f919680d83de2fc0440000003004000000f03c60ca8',
    want: { profileIdc: 244, levelIdc: 31, width: 854, height: 480, reorderFrames: 0 },
  },
  {
    name: '4:2:2, 10 bits',
    bytes: '677a001fb6cd940d83de6f0110000003001000000303c0f1831960',
    want: { profileIdc: 122, levelIdc: 31, width: 854, height: 480, reorderFrames: 2 },
  },
  {
    name: 'without VUI: the first one, cut and closed by hand',
    bytes: '6742c01fda014016e8',
    want: { profileIdc: 66, levelIdc: 31, width: 1280, height: 720, reorderFrames: undefined },
  },
];

for (const { name, bytes, want } of vectors) {
  test(name, () => {
    const sps = parseSps(hex(bytes));
    assert(typeof sps !== 'string', `${sps}`);
    const { profileIdc, levelIdc, width, height, reorderFrames } = sps;
    assert.deepEqual({ profileIdc, levelIdc, width, height, reorderFrames }, want);
  });
}

test('profile, level and frame rate as people call them', () => {
  const seen = vectors.map(({ bytes }) => {
    const sps = parseSps(hex(bytes));
    assert(typeof sps !== 'string');
    const { profile, level } = h264Profile(sps);
    return `${profile} ${level} ${sps.fps ?? '-'}`;
  });
  assert.deepEqual(seen, [
    'Constrained Baseline 3.1 30',
    'Constrained Baseline 4 30',
    'High 4 30',
    'High 3 30',
    'High 3.1 30',
    'High 4:4:4 3.1 30',
    'High 4:2:2 3.1 30',
    'Constrained Baseline 3.1 -',
  ]);
  const sps = { id: 0, width: 16, height: 16, reorderFrames: undefined, fps: undefined };
  const named = (profileIdc: number, constraints: number, levelIdc: number) =>
    Object.values(h264Profile({ ...sps, profileIdc, constraints, levelIdc }));
  assert.deepEqual(named(66, 0x00, 30), ['Baseline', '3']);
  assert.deepEqual(named(66, 0x50, 11), ['Constrained Baseline', '1b']);
  assert.deepEqual(named(7, 0, 51), [undefined, '5.1']);
});

test('refuses what is no SPS', () => {
  assert.equal(parseSps(hex('68ce3c80')), 'sps-not-one');
  assert.equal(parseSps(hex('6742c01f')), 'sps-truncated');
  assert.equal(parseSps(hex('6742c01fda01')), 'sps-truncated');
  assert.equal(parseSps(hex('')), 'sps-not-one');
});

test('survives truncation and mutation; sizes stay within reason', () => {
  const inputs = vectors.map(({ bytes }) => hex(bytes));
  const look = (input: Uint8Array) => {
    const sps = parseSps(input);
    if (typeof sps === 'string') return;
    assert(sps.width > 0 && sps.width <= 16384 && sps.height > 0 && sps.height <= 16384);
  };
  for (const input of inputs) for (const part of truncations(input)) look(part);
  fuzz(inputs, look);
});
