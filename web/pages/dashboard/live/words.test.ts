import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stream } from '../../../../test/fakes/streams.ts';
import {
  audioLine,
  linkNote,
  publisherLine,
  receivedBps,
  videoLine,
  viewerHealth,
} from './words.ts';

const publisher = stream.publisher ?? assert.fail();
const viewer = stream.viewers[0] ?? assert.fail();

test('who publishes, and what', () => {
  const one = { ...publisher, client: { kind: 'obs', name: 'OBS', version: '32.1.0' } } as const;
  assert.equal(publisherLine(one), 'OBS 32.1.0, by WHIP over UDP');
  const other = { kind: 'other', name: 'an unknown program', version: null } as const;
  assert.equal(publisherLine({ ...one, client: other }), 'WHIP over UDP');
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

test('how a viewer does', () => {
  assert.deepEqual(viewerHealth(viewer), { status: 'good', words: 'Good' });
  assert.equal(viewerHealth({ ...viewer, layer: 'h' }).words, 'Good, layer h');
  assert.deepEqual(
    viewerHealth({ ...viewer, limitBps: 1_200_000, loss: 0.05, queuedBytes: 1_000_000 }),
    { status: 'degraded', words: 'path carries 1.2 Mbit/s, loses 5 %, falls behind' },
  );
});

test('what a watch link alone is good for', () => {
  assert.equal(linkNote('open'), undefined);
  assert.equal(linkNote(undefined), undefined);
  assert.match(linkNote('link') ?? '', /view link/);
  assert.match(linkNote('password') ?? '', /password/);
  assert.match(linkNote('members') ?? '', /sign in/);
});
