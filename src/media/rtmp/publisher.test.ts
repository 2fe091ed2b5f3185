import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EngineDouble,
  type PublisherDouble,
  TranscoderDouble,
} from '../../../test/doubles/publishing.ts';
import { rtmpCaptures } from '../../../test/vectors/rtmp/read.ts';
import { parseStreamName } from '../../base/names.ts';
import type { CloseReason } from '../../base/reasons.ts';
import type { BFramePolicy } from '../../channel/messages.ts';
import { amfObject } from '../../protocols/amf/amf0.ts';
import { findSps, startsKeyframe } from '../../protocols/codecs/h264.ts';
import { HANDSHAKE_BYTES } from '../../protocols/rtmp/handshake.ts';
import { type RtmpOutput, RtmpSession } from '../../protocols/rtmp/session.ts';
import { B_FRAMES } from '../findings/messages.ts';
import { RtmpPublisher } from './publisher.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const STREAM = parseStreamName('show/slot-1')!;
const SPS_720 = '6742c01fda014016ec0440000003004000000f03c60ca8';
const SPS_1080 = '6742c028da01e0089f970110000003001000000303c8f1832a';
const PPS = '68ce3c80';
const AVC_720 = hex(`17 00 000000 01 42c01f ff e1 0017 ${SPS_720} 01 0004 ${PPS}`);
const AVC_1080 = hex(`17 00 000000 01 42c028 ff e1 0019 ${SPS_1080} 01 0004 ${PPS}`);
const KEYFRAME = hex('17 01 000000 00000003 658884');
const P_FRAME = hex('27 01 000000 00000003 419a24');
const AAC_HEADER = hex('af 00 1210');
const AAC_FRAME = hex('af 01 2110');

type Setup = {
  readonly publisher: RtmpPublisher;
  readonly engine: EngineDouble;
  readonly transcoder: TranscoderDouble;
  readonly complaints: string[];
  readonly ends: { reason: CloseReason; message: string | undefined }[];
};

function setup(bFrames: BFramePolicy = 'drop'): Setup {
  const engine = new EngineDouble();
  const transcoder = new TranscoderDouble();
  const complaints: string[] = [];
  const ends: Setup['ends'] = [];
  const publisher = new RtmpPublisher({
    open: (source, listener) => engine.publish(STREAM, source, listener),
    address: '192.0.2.1',
    rttMs: () => undefined,
    encoder: 'FMLE/3.0',
    createTranscoder: transcoder.create,
    opusBitrateBps: 128_000,
    bFrames,
    ssrcs: { audio: 1, video: 2 },
    clockMs: () => 0,
    wakeBy: () => {},
    complain: (what) => complaints.push(what),
    end: (reason, message) => ends.push({ reason, message }),
  });
  return { publisher, engine, transcoder, complaints, ends };
}

function only(engine: EngineDouble): PublisherDouble {
  assert.equal(engine.publishers.length, 1);
  return engine.publishers[0]!;
}

test('the engine hears of it with the first that comes, not before', () => {
  const { publisher, engine } = setup();
  assert.equal(engine.publishers.length, 0);
  publisher.onMetadata(amfObject({ encoder: 'obs-output module (libobs version 32.2.2)' }), 0);
  assert.equal(only(engine).source.userAgent, 'obs-output module (libobs version 32.2.2)');
  publisher.onTag('video', 0, AVC_720, 0);
  assert.equal(engine.publishers.length, 1);

  const other = setup();
  other.publisher.onTag('video', 0, AVC_720, 0);
  assert.equal(only(other.engine).source.userAgent, 'FMLE/3.0');
});

test('a sequence header in mid-stream: new size, new sets ahead of the next keyframe', () => {
  const { publisher, engine, complaints } = setup();
  const tags = [AVC_720, KEYFRAME, P_FRAME, AVC_720, AVC_1080, P_FRAME, KEYFRAME];
  for (const [index, tag] of tags.entries()) {
    publisher.onTag('video', index * 33, tag, index * 33);
  }
  const { tracks, videoSizes } = only(engine);
  assert.deepEqual(videoSizes, ['1280x720', '1920x1080']);
  const frames = tracks.video!.frames();
  assert.deepEqual(
    frames.map(([first]) => [startsKeyframe(first!.payload), findSps(first!.payload)?.length]),
    [
      [true, 23],
      [false, undefined],
      [false, undefined],
      [true, 25],
    ],
  );
  assert.deepEqual(
    frames.map(([first]) => first!.timestamp),
    [2970, 5940, 14850, 17820],
  );
  assert.equal(tracks.video!.formats.length, 1);
  assert.deepEqual(complaints, []);
});

test('broken frames are dropped and said, and the next one goes on', () => {
  const { publisher, engine, complaints, ends } = setup();
  const tags = [P_FRAME, AVC_720, hex('17 01 000000 00000300 65'), hex('17 01'), hex(''), KEYFRAME];
  for (const tag of tags) publisher.onTag('video', 0, tag, 0);
  publisher.onTag('audio', 0, AAC_FRAME, 0);
  assert.deepEqual(complaints, [
    'video-before-sequence-header',
    'avcc-overrun',
    'video-tag-truncated',
    'video-tag-truncated',
    'audio-before-sequence-header',
  ]);
  assert.equal(only(engine).tracks.video!.frames().length, 1);
  assert.deepEqual(ends, []);
});

test('codecs that are not ours end the session with words for the streamer', () => {
  const cases: readonly ['audio' | 'video', string, RegExp][] = [
    [
      'video',
      '22 00',
      /sends Sorenson H\.263\. .* accepts H\.264, H\.265, .* and AAC and Opus audio/,
    ],
    ['video', '90 76766331 00', /sends H\.266\./],
    ['video', '90 68766331 00', /H\.265 sequence header cannot be read \(hvcc-truncated\)/],
    ['audio', '2f fffb', /sends MP3 audio\. .* AAC/],
    ['audio', '90 664c6143', /sends FLAC audio\./],
    ['audio', '90 4f707573', /audio sequence header cannot be read \(opus-head-truncated\)/],
    ['audio', '90 4f707573 4f70757348656164 01 06 3801 80bb0000 0000 01', /Opus with 6 channels/],
    ['video', '17 00 000000 01', /sequence header cannot be read/],
    ['audio', 'af 00', /sequence header cannot be read/],
  ];
  for (const [kind, tag, message] of cases) {
    const { publisher, engine, ends } = setup();
    publisher.onTag(kind, 0, hex(tag), 0);
    publisher.onTag('video', 0, AVC_720, 0);
    assert.equal(ends.length, 1);
    assert.equal(ends[0]!.reason, 'refused');
    assert.match(ends[0]!.message ?? '', message);
    assert.deepEqual(only(engine).tracks, {}, 'deaf from then on');
  }
});

test('B-frames: by slice type, by composition times, by what the SPS allows', () => {
  const shownLater = (ms: number, slice: string) =>
    hex(`27 01 0000${ms.toString(16).padStart(2, '0')} 00000003 ${slice}`);
  const high = '67640028acd940780227e5c044000003000400000300f03c60c658';
  const avcHigh = hex(`17 00 000000 01 640028 ff e1 001b ${high} 01 0004 ${PPS}`);
  const cases: readonly [string, Uint8Array, Uint8Array[], boolean][] = [
    ['none', AVC_720, [KEYFRAME, P_FRAME, P_FRAME], false],
    ['slice type', AVC_720, [KEYFRAME, P_FRAME, hex('27 01 000000 00000003 019c24')], true],
    ['times that vary', AVC_720, [KEYFRAME, shownLater(66, '419a24')], true],
    ['rounding', AVC_720, [shownLater(33, '419a24'), shownLater(34, '419a24')], false],
    ['SPS, and pictures that wait', avcHigh, [shownLater(66, '419a24')], true],
    ['SPS alone', avcHigh, [KEYFRAME, P_FRAME], false],
  ];
  for (const [name, header, frames, want] of cases) {
    const { publisher, engine } = setup();
    publisher.onTag('video', 0, header, 0);
    for (const [index, frame] of frames.entries()) publisher.onTag('video', index * 33, frame, 0);
    const reports = want ? [{ code: 'b-frames', message: B_FRAMES }] : [];
    assert.deepEqual(only(engine).reports, reports, name);
  }
});

/** I P B B, as an encoder sends them, with their composition times; returns the timestamps that went on, in ms. */
function sendIpbb(bFrames: BFramePolicy): Setup & { readonly timesMs: number[] } {
  const all = setup(bFrames);
  const at = (ms: number, composition: number, unit: string) => {
    const key = unit.startsWith('65') ? '17' : '27';
    const time = composition.toString(16).padStart(6, '0');
    all.publisher.onTag('video', ms, hex(`${key} 01 ${time} 00000003 ${unit}`), ms);
  };
  all.publisher.onTag('video', 0, AVC_720, 0);
  at(0, 66, '658884');
  at(33, 133, '419a24');
  at(67, 33, '019e24');
  at(100, 33, '019e25');
  const frames = only(all.engine).tracks.video!.frames();
  return { ...all, timesMs: frames.map(([first]) => first!.timestamp / 90) };
}

test('B-frames are left out, and what stays is shown at its time', () => {
  const { engine, timesMs } = sendIpbb('drop');
  assert.deepEqual(timesMs, [66, 166]);
  assert.deepEqual(only(engine).tracks.video!.clocks, [{ timestamp: 66 * 90, timeMs: 66 }]);
});

test('with B-frames timestamps follow the decoding time, and lip-sync the presentation of keyframes', () => {
  const { engine, timesMs } = sendIpbb('pass');
  assert.deepEqual(timesMs, [66, 99, 133, 166]);
  assert.deepEqual(only(engine).tracks.video!.clocks, [{ timestamp: 66 * 90, timeMs: 66 }]);
});

test('B-frames are refused where the operator says so', () => {
  const { ends, timesMs } = sendIpbb('refuse');
  assert.deepEqual(timesMs, [66]);
  assert.deepEqual(ends, [{ reason: 'refused', message: B_FRAMES }]);
});

test('two frames of one millisecond stay two frames', () => {
  const { publisher, engine } = setup();
  for (const tag of [AVC_720, KEYFRAME, P_FRAME, P_FRAME]) publisher.onTag('video', 5, tag, 0);
  const { video } = only(engine).tracks;
  assert.deepEqual(
    video!.frames().map(([first]) => first!.timestamp),
    [450, 451, 452],
  );
});

test('AAC goes to a transcoder, Opus comes back as RTP on the same time line', () => {
  const { publisher, engine, transcoder } = setup();
  publisher.onTag('audio', 0, AAC_HEADER, 0);
  publisher.onTag('audio', 40, AAC_FRAME, 0);
  publisher.onTag('audio', 63, AAC_HEADER, 0);
  assert.equal(transcoder.formats.length, 1, 'the same header again changes nothing');
  assert.deepEqual(transcoder.formats[0], {
    audioSpecificConfig: hex('1210'),
    sampleRate: 44100,
    channels: 2,
    opusBitrateBps: 128_000,
  });
  assert.deepEqual(transcoder.frames, [{ bytes: hex('2110'), timeMs: 40 }]);
  transcoder.onPacket(hex('fc01'), 33.5);
  transcoder.onPacket(hex('fc02'), 53.5);
  publisher.advance(100); // its moment: see steady-release.ts
  const { audio } = only(engine).tracks;
  assert.deepEqual(
    audio!.packets.map(({ timestamp, sequenceNumber, ssrc }) => [timestamp, sequenceNumber, ssrc]),
    [
      [1608, 0, 1],
      [2568, 1, 1],
    ],
  );
  assert.deepEqual(audio!.clocks, [{ timestamp: 1608, timeMs: 33.5 }]);
});

test('Opus from before the first picture, and past 13 hours, has a timestamp too', () => {
  const { publisher, engine, transcoder } = setup();
  publisher.onTag('audio', 0, AAC_HEADER, 0);
  transcoder.onPacket(hex('fc01'), -21);
  transcoder.onPacket(hex('fc02'), 2 ** 32 / 48 + 1);
  publisher.advance(100);
  const { audio } = only(engine).tracks;
  assert.deepEqual(
    audio!.packets.map(({ timestamp }) => timestamp),
    [2 ** 32 - 21 * 48, 48],
  );
});

test('another AAC format: another transcoder, and what the old one still had is not heard', () => {
  const { publisher, engine, transcoder } = setup();
  publisher.onTag('audio', 0, AAC_HEADER, 0);
  const old = transcoder.onPacket;
  publisher.onTag('audio', 100, hex('af 00 1188'), 0);
  assert.equal(transcoder.open, 1);
  old(hex('fc01'), 0);
  transcoder.onPacket(hex('fc02'), 100);
  const { audio } = only(engine).tracks;
  assert.deepEqual(
    audio!.formats.map((format) => format.kind === 'audio' && format.sourceSampleRate),
    [44100, 48000],
  );
  assert.equal(audio!.packets.length, 1);
  publisher.close('left', 200);
  assert.equal(transcoder.open, 0);
  transcoder.onPacket(hex('fc03'), 120);
  assert.equal(audio!.packets.length, 1);
  assert.equal(only(engine).closeReason, 'left');
});

test('the engine lets go: the session ends, and the engine is not told again', () => {
  const { publisher, engine, ends } = setup();
  publisher.onTag('video', 0, AVC_720, 0);
  only(engine).listener.onClosed('replaced', 0);
  assert.deepEqual(ends, [
    { reason: 'replaced', message: 'Another encoder took over this stream.' },
  ]);
  publisher.close('replaced', 0);
  publisher.onTag('video', 0, KEYFRAME, 0);
  assert.equal(only(engine).closeReason, undefined);
  assert.equal(only(engine).tracks.video!.packets.length, 0);
});

test('a missing track is told after a while', () => {
  const { publisher, engine } = setup();
  for (let ms = 0; ms <= 6000; ms += 1000) publisher.onTag('video', ms, ms ? P_FRAME : AVC_720, ms);
  assert.deepEqual(
    only(engine).reports.map(({ code }) => code),
    ['no-audio'],
  );
});

test('timestamps that jump cost neither the session nor the order of frames', () => {
  const { publisher, engine, complaints } = setup();
  const times = [0, 33, 67, 4_000_000, 4_000_033, 12, 45];
  publisher.onTag('video', 0, AVC_720, 0);
  for (const [index, ms] of times.entries()) {
    publisher.onTag('video', ms, index ? P_FRAME : KEYFRAME, index * 33);
  }
  assert.deepEqual(complaints, ['video-timestamps-jumped', 'video-timestamps-jumped']);
  const ticks = only(engine)
    .tracks.video!.frames()
    .map(([first]) => first!.timestamp);
  assert.deepEqual(
    ticks,
    [0, 33, 67, 100, 133, 166, 199].map((ms) => ms * 90),
  );
});

for (const [name, bytes] of Object.entries(rtmpCaptures)) {
  test(`capture of ${name}: every frame arrives`, () => {
    const { publisher, engine, complaints } = setup();
    const session = new RtmpSession({ random: new Uint8Array(2 * HANDSHAKE_BYTES), nowMs: 0 });
    session.receive(bytes, 0);
    for (let output = session.poll(); output; output = session.poll())
      feed(session, publisher, output);
    const { tracks, videoSizes, closeReason, reports } = only(engine);
    assert.deepEqual(videoSizes, ['64x64']);
    // Four of them are B-frames.
    assert.equal(tracks.video!.frames().length, name === 'ffmpegWithBFrames' ? 6 : 10);
    assert.equal(closeReason, 'left');
    assert.deepEqual(complaints, []);
    assert.equal(reports.length, name === 'ffmpegWithBFrames' ? 1 : 0);
  });
}

function feed(session: RtmpSession, publisher: RtmpPublisher, output: RtmpOutput): void {
  if (output.type === 'publish') session.acceptPublish(0);
  if (output.type === 'metadata') publisher.onMetadata(output.values, 0);
  if (output.type === 'tag') publisher.onTag(output.kind, output.timestampMs, output.body, 0);
  if (output.type === 'closed') publisher.close('left', 0);
}
