import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stream } from '../../../../test/fakes/streams.ts';
import {
  audioLine,
  encoderName,
  publisherLine,
  receivedBps,
  videoLine,
  viewerHealth,
} from './words.ts';

const publisher = stream.publisher ?? assert.fail();
const viewer = stream.viewers[0] ?? assert.fail();

test('who publishes, and what', () => {
  const one = { ...publisher, userAgent: 'OBS-Studio/32.1.0' };
  assert.equal(publisherLine(one), 'OBS 32.1.0, by WHIP over UDP');
  assert.equal(publisherLine({ ...one, userAgent: null }), 'WHIP over UDP');
  assert.equal(publisherLine({ ...one, protocol: 'demo' }), 'The demo’s clip');
  assert.ok(publisher.video && publisher.audio);
  assert.equal(
    videoLine(publisher.video).replaceAll('\u00a0', ' '),
    'H.264, 1280 × 720, 30 fps, a keyframe every 1 s',
  );
  assert.equal(
    videoLine({ ...publisher.video, codec: 'av1', width: null, keyframeIntervalMs: null }),
    'AV1, 30\u00a0fps',
  );
  assert.equal(audioLine(publisher.audio), 'AAC as Opus, 44.1 kHz, stereo');
  assert.equal(
    audioLine({ ...publisher.audio, sourceCodec: 'opus', channels: 6, sampleRate: 48_000 }),
    'Opus, 48 kHz, 6 channels',
  );
  assert.equal(receivedBps(publisher), 2_628_000);
  assert.equal(receivedBps(null), 0);
});

test('programs by the names that people know', () => {
  const names: readonly (readonly [string, string])[] = [
    ['Mozilla/5.0 (OBS-Studio/30.0.2; Windows x86_64; en-US)', 'OBS 30.0.2'],
    ['obs-output module (libobs version 31.0.0)', 'obs-output module (libobs version 31.0.0'],
    ['FMLE/3.0 (compatible; FMSc/1.0)', 'an RTMP encoder'],
    ['Lavf60.16.100', 'ffmpeg 60'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
      'Chrome 131',
    ],
    ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15', 'Safari 18'],
    ['<img src=x>', '<img src=x>'],
  ];
  for (const [said, name] of names) assert.equal(encoderName(said), name);
});

test('how a viewer does', () => {
  assert.deepEqual(viewerHealth(viewer), { status: 'good', words: 'Good' });
  assert.equal(viewerHealth({ ...viewer, layer: 'h' }).words, 'Good, layer h');
  assert.deepEqual(
    viewerHealth({ ...viewer, limitBps: 1_200_000, loss: 0.05, queuedBytes: 1_000_000 }),
    { status: 'degraded', words: 'path carries 1.2 Mbit/s, loses 5 %, falls behind' },
  );
});
