/** Enhanced RTMP, from tags of real encoders' output to RTP and back to what the encoder had made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { av1Obus, h265Units, vp8Frame, vp9Frame } from '../../../test/doubles/depacketize.ts';
import {
  av1Configuration,
  hevcConfiguration,
  hevcFrame,
  opusFrame,
  opusSequenceStart,
  videoFrame,
  videoSequenceStart,
} from '../../../test/doubles/enhanced-rtmp.ts';
import {
  EngineDouble,
  PublisherDouble,
  TranscoderDouble,
} from '../../../test/doubles/publishing.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import { enhancedCaptures } from '../../../test/vectors/rtmp/read.ts';
import { parseStreamName } from '../../base/names.ts';
import { isAv1Keyframe, OBU, type Obu, splitObus } from '../../protocols/codecs/av1.ts';
import { H265_NAL, h265NalType, isH265Keyframe } from '../../protocols/codecs/h265.ts';
import { isVp8Keyframe } from '../../protocols/codecs/vp8.ts';
import { isVp9Keyframe } from '../../protocols/codecs/vp9.ts';
import { HANDSHAKE_BYTES } from '../../protocols/rtmp/handshake.ts';
import { RtmpSession } from '../../protocols/rtmp/session.ts';
import { PublisherFindings } from '../findings/publisher-findings.ts';
import { AudioTrack } from './audio-track.ts';
import { RtmpPublisher } from './publisher.ts';
import { VideoTrack } from './video-track.ts';

const FRAME_MS = 40;
const STREAM = parseStreamName('show/slot-1')!;

function publisherDouble(): PublisherDouble {
  const source = {
    protocol: 'rtmp',
    transport: 'tcp',
    userAgent: undefined,
    address: '192.0.2.1',
  } as const;
  return new PublisherDouble(STREAM, source, { onKeyframeWanted() {}, onClosed() {} });
}

/** Publishes tags 40 ms apart; every one is taken. */
function publishVideo(...tags: readonly Uint8Array[]): PublisherDouble {
  const publisher = publisherDouble();
  const track = new VideoTrack(publisher, new PublisherFindings(publisher, false, 0), 7, 'drop');
  for (const [index, tag] of tags.entries()) {
    assert.equal(track.push(tag, index * FRAME_MS, index * FRAME_MS), undefined);
  }
  return publisher;
}

/** The payloads of each frame. */
function payloadsOf(publisher: PublisherDouble): Uint8Array[][] {
  const frames = publisher.tracks.video!.frames();
  for (const packets of frames) {
    assert.deepEqual(
      packets.map(({ marker }) => marker),
      packets.map((_, index) => index === packets.length - 1),
    );
  }
  return frames.map((packets) => packets.map(({ payload }) => payload));
}

function codecs(publisher: PublisherDouble): string[] {
  return publisher.tracks.video!.formats.map(({ codec }) => codec);
}

test('H.265: parameter sets of the sequence header ahead of each keyframe', () => {
  const pictures = clips.x265();
  const sets = pictures[0]!.filter((unit) => [32, 33, 34].includes(h265NalType(unit)));
  const publisher = publishVideo(
    videoSequenceStart('hvc1', hevcConfiguration(pictures[0]!)),
    ...pictures.map((units) => videoFrame('hvc1', isH265Keyframe(units), hevcFrame(units))),
  );
  assert.deepEqual(codecs(publisher), ['h265']);
  assert.deepEqual(publisher.videoSizes, ['162x90']);
  assert.deepEqual(publisher.reports, []);
  for (const [index, payloads] of payloadsOf(publisher).entries()) {
    const units = pictures[index]!.filter(
      (unit) => !sets.some((set) => Buffer.compare(set, unit) === 0),
    ).filter((unit) => h265NalType(unit) !== H265_NAL.accessUnitDelimiter);
    const isKeyframe = isH265Keyframe(units);
    assert.deepEqual(h265Units(payloads), isKeyframe ? [...sets, ...units] : units);
  }
});

test('H.265: pictures that change places are told', () => {
  const pictures = clips.x265WithBFrames();
  const [key = []] = pictures;
  const later = videoFrame('hvc1', true, hevcFrame(key));
  const withTime = Buffer.concat([
    later.subarray(0, 5),
    Uint8Array.of(0, 0, 80),
    later.subarray(5),
  ]);
  withTime[0] = 0x91; // CodedFrames
  const header = videoSequenceStart('hvc1', hevcConfiguration(key));
  assert.deepEqual(
    publishVideo(header, new Uint8Array(withTime)).reports.map(({ code }) => code),
    ['b-frames'],
  );
});

test('AV1: the sequence header of the configuration ahead of each keyframe', () => {
  const split = (unit: Uint8Array) => splitObus(unit) as Obu[];
  const join = ({ header, payload }: Obu) => new Uint8Array(Buffer.concat([header, payload]));
  for (const units of [clips.aomAv1(), clips.svtAv1()]) {
    const publisher = publishVideo(
      videoSequenceStart('av01', av1Configuration(units[0]!)),
      ...units.map((unit) => videoFrame('av01', isAv1Keyframe(split(unit)), unit)),
    );
    assert.deepEqual(codecs(publisher), ['av1']);
    assert.deepEqual(publisher.videoSizes, ['162x90']);
    for (const [index, payloads] of payloadsOf(publisher).entries()) {
      const sent = split(units[index]!).filter(({ type }) => type !== OBU.temporalDelimiter);
      assert.deepEqual(av1Obus(payloads), sent.map(join));
    }
  }
});

const frameCodecs = [
  ['vp08', 'vp8', clips.vp8(), isVp8Keyframe, vp8Frame],
  ['vp09', 'vp9', clips.vp9(), isVp9Keyframe, vp9Frame],
] as const;
for (const [fourCc, codec, frames, isKeyframe, depacketize] of frameCodecs) {
  test(`${fourCc}: with and without a sequence header`, () => {
    const tags = frames.map((frame) => videoFrame(fourCc, isKeyframe(frame), frame));
    const header = videoSequenceStart(fourCc, new Uint8Array(12));
    for (const sent of [tags, [header, ...tags]]) {
      const publisher = publishVideo(...sent);
      assert.deepEqual(codecs(publisher), [codec]);
      assert.deepEqual(publisher.videoSizes, ['162x90']);
      assert.deepEqual(payloadsOf(publisher).map(depacketize), frames);
    }
  });
}

test('another codec in mid-stream', () => {
  const vp8 = clips.vp8().slice(0, 2);
  const vp9 = clips.vp9().slice(0, 2);
  const publisher = publishVideo(
    ...vp8.map((frame) => videoFrame('vp08', isVp8Keyframe(frame), frame)),
    ...vp9.map((frame) => videoFrame('vp09', isVp9Keyframe(frame), frame)),
  );
  assert.deepEqual(codecs(publisher), ['vp8', 'vp9']);
  assert.equal(payloadsOf(publisher).length, 4);
});

test('of several tracks the default one is taken, or the first', () => {
  const oneOf = (trackId: number, frame: Uint8Array) => {
    const tag = videoFrame('vp08', isVp8Keyframe(frame), frame);
    const packet = tag[0]! & 0x0f;
    const ahead = [(tag[0]! & 0xf0) | 6, packet, ...tag.subarray(1, 5), trackId];
    return new Uint8Array(Buffer.concat([Uint8Array.from(ahead), tag.subarray(5)]));
  };
  const plain = (frame: Uint8Array) => videoFrame('vp08', isVp8Keyframe(frame), frame);
  const [first, second, third] = clips.vp8();
  const withDefault = publishVideo(
    plain(first!),
    oneOf(1, first!),
    plain(second!),
    oneOf(1, third!),
  );
  assert.deepEqual(payloadsOf(withDefault).map(vp8Frame), [first, second]);
  const without = publishVideo(oneOf(2, first!), oneOf(3, second!), oneOf(2, third!));
  assert.deepEqual(payloadsOf(without).map(vp8Frame), [first, third]);
});

test('frames before their sequence header are dropped, and broken ones', () => {
  const publisher = publisherDouble();
  const findings = new PublisherFindings(publisher, false, 0);
  const track = new VideoTrack(publisher, findings, 7, 'drop');
  const push = (tag: Uint8Array) => track.push(tag, 0, 0);
  assert.deepEqual(push(videoFrame('hvc1', true, new Uint8Array(9))), {
    dropped: 'video-before-sequence-header',
  });
  assert.deepEqual(push(videoFrame('av01', true, Uint8Array.of(0x32, 9))), {
    dropped: 'obu-truncated',
  });
});

test('Opus goes on as it came, with time stamps that count samples', () => {
  const publisher = publisherDouble();
  const transcoder = new TranscoderDouble();
  const track = new AudioTrack({
    publisher,
    findings: new PublisherFindings(publisher, false, 0),
    ssrc: 1,
    createTranscoder: transcoder.create,
    opusBitrateBps: 128_000,
    release: (_, send) => send(0),
  });
  const packet = Uint8Array.of(0xfc, 1, 2, 3);
  assert.deepEqual(track.push(opusFrame(packet), 0), { dropped: 'audio-before-sequence-header' });
  assert.equal(track.push(opusSequenceStart(1), 0), undefined);
  // Whole milliseconds, rounded down and up; then a pause.
  for (const ms of [0, 21, 39, 60, 500, 520]) {
    assert.equal(track.push(opusFrame(packet), ms), undefined);
  }
  assert.equal(track.push(opusSequenceStart(1), 520), undefined, 'again: nothing new');
  assert.deepEqual(track.push(opusFrame(new Uint8Array(1300).fill(0xfc)), 540), {
    dropped: 'opus-packet-too-large',
  });
  const { packets, formats } = publisher.tracks.audio!;
  assert.deepEqual(
    packets.map(({ timestamp }) => timestamp),
    [0, 20, 40, 60, 500, 520].map((ms) => ms * 48),
  );
  assert(packets.every(({ payload }) => Buffer.compare(payload, packet) === 0));
  assert.equal(formats.length, 1);
  assert.equal(transcoder.open, 0);
  // An encoder that goes over to AAC is followed.
  assert.equal(track.push(Uint8Array.of(0xaf, 0, 0x12, 0x10), 540), undefined);
  assert.equal(transcoder.open, 1);
  assert.deepEqual(
    formats.map((format) => format.kind === 'audio' && format.sourceCodec),
    ['opus', 'aac'],
  );
});

const captured = {
  hevcOpus: { codec: 'h265', opus: true, reports: [] },
  hevcWithBFrames: { codec: 'h265', opus: false, reports: ['b-frames'] },
  av1Opus: { codec: 'av1', opus: true, reports: [] },
  vp9Opus: { codec: 'vp9', opus: true, reports: [] },
} as const;
for (const [name, { codec, opus, reports }] of Object.entries(captured)) {
  test(`capture of FFmpeg 8.1: every frame of ${name} arrives`, () => {
    const engine = new EngineDouble();
    const transcoder = new TranscoderDouble();
    const complaints: string[] = [];
    const session = new RtmpSession({ random: new Uint8Array(2 * HANDSHAKE_BYTES), nowMs: 0 });
    const publisher = new RtmpPublisher({
      open: (source, listener) => engine.publish(STREAM, source, listener),
      address: '192.0.2.1',
      rttMs: () => undefined,
      encoder: undefined,
      createTranscoder: transcoder.create,
      opusBitrateBps: 128_000,
      bFrames: 'drop',
      ssrcs: { audio: 1, video: 2 },
      clockMs: () => 0,
      complain: (what) => complaints.push(what),
      end: (reason, message) => complaints.push(`${reason}: ${message}`),
      wakeBy: () => {},
    });
    session.receive(enhancedCaptures[name as keyof typeof captured], 0);
    for (let output = session.poll(); output; output = session.poll()) {
      if (output.type === 'publish') {
        assert.equal(output.target.path, 'show/slot-1');
        assert.equal(output.target.credential, 'KEY');
        session.acceptPublish(0);
      }
      if (output.type === 'metadata') publisher.onMetadata(output.values, 0);
      if (output.type === 'tag') publisher.onTag(output.kind, output.timestampMs, output.body, 0);
      if (output.type === 'closed') assert.equal(output.reason, 'left');
    }
    publisher.advance(10_000); // their moment: see steady-release.ts
    assert.deepEqual(complaints, []);
    const [published] = engine.publishers;
    assert.deepEqual(
      published!.reports.map((report) => report.code),
      reports,
    );
    assert.deepEqual(codecs(published!), [codec]);
    assert.deepEqual(published!.videoSizes, ['64x64']);
    assert.equal(payloadsOf(published!).length, 10);
    const packets = published!.tracks.audio!.packets.map(({ timestamp }) => timestamp);
    if (!opus) assert(transcoder.frames.length > 40);
    else
      assert.deepEqual(
        packets,
        packets.map((_, index) => (packets[0]! + index * 960) >>> 0),
      );
  });
}
