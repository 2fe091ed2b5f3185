/** What is read of codecs' own bits, and the way of RTP payloads from a WHIP publisher into the engine. */
import assert from 'node:assert/strict';
import { parseStreamName } from '../../../src/base/names.ts';
import type { ReceiveTrack, VideoCodec } from '../../../src/base/session.ts';
import { startsKeyframe as keyframeTests } from '../../../src/engine/track.ts';
import { PublisherFindings } from '../../../src/media/findings/publisher-findings.ts';
import { TrackIntake } from '../../../src/media/webrtc/track-intake.ts';
import { parseAudioSpecificConfig } from '../../../src/protocols/codecs/aac.ts';
import {
  av1PictureSize,
  obuElements,
  parseAv1Configuration,
  splitObus,
} from '../../../src/protocols/codecs/av1.ts';
import {
  parameterSetId,
  parseAvcConfiguration,
  sliceTypeInPayload,
  splitAvcc,
  unitsInPayload,
} from '../../../src/protocols/codecs/h264.ts';
import { parseSps } from '../../../src/protocols/codecs/h264-sps.ts';
import {
  h265ParameterSetId,
  h265UnitsInPayload,
  parseHevcConfiguration,
} from '../../../src/protocols/codecs/h265.ts';
import { H265Order } from '../../../src/protocols/codecs/h265-order.ts';
import { parseH265Sps } from '../../../src/protocols/codecs/h265-sps.ts';
import {
  isSilentOpus,
  isStereoOpus,
  opusSamples,
  parseOpusHead,
} from '../../../src/protocols/codecs/opus.ts';
import { vp8PictureSize } from '../../../src/protocols/codecs/vp8.ts';
import { parseVp9Descriptor, vp9PictureSize } from '../../../src/protocols/codecs/vp9.ts';
import { rtpHeaderLength } from '../../../src/protocols/rtp/packet.ts';
import { Av1Packetizer } from '../../../src/protocols/rtp/payload/av1.ts';
import { H264Packetizer } from '../../../src/protocols/rtp/payload/h264.ts';
import { H265Packetizer } from '../../../src/protocols/rtp/payload/h265.ts';
import { Vp8Packetizer } from '../../../src/protocols/rtp/payload/vp8.ts';
import { Vp9Packetizer } from '../../../src/protocols/rtp/payload/vp9.ts';
import { PublisherDouble } from '../../doubles/publishing.ts';
import { clips, readRtp } from '../../vectors/codecs/read.ts';
import { join, split, type Target, type Targets } from '../target.ts';

const STREAM = parseStreamName('show/slot-1')!;
const PAYLOAD_TYPE = 96;
/** Of each frame's payloads; the rest of a picture says nothing new. */
const PAYLOAD_BYTES = 120;
const FRAMES = 4;

type Packetize = (frame: Uint8Array) => readonly Uint8Array[];

/** A few frames as the payloads that carry them, shortened. */
function payloadsOf(frames: readonly Uint8Array[], packetize: Packetize): Uint8Array {
  return join(
    frames.slice(0, FRAMES).flatMap((frame) => {
      const payloads = packetize(frame.subarray(0, 3000)).map((payload) =>
        payload.slice(0, PAYLOAD_BYTES),
      );
      return payloads.map((bytes, index) => ({ bytes, marker: index === payloads.length - 1 }));
    }),
  );
}

const h264Payloads = (): Uint8Array =>
  join(
    readRtp('x264-cbr-b-frames.rtp')
      .slice(0, 12)
      .map((packet) => ({
        bytes: packet.slice(rtpHeaderLength(packet) as number).subarray(0, PAYLOAD_BYTES),
        marker: (packet[1]! & 0x80) !== 0,
      })),
  );

function h265Payloads(): Uint8Array {
  const packetizer = new H265Packetizer();
  return join(
    clips
      .x265WithBFrames()
      .slice(0, FRAMES)
      .flatMap((units, index) =>
        packetizer
          .packetize(
            units.map((unit) => unit.subarray(0, 300)),
            index === 0,
          )
          .map((payload) => ({ bytes: payload.slice(0, 400), marker: true })),
      ),
  );
}

function av1Payloads(): Uint8Array {
  const packetizer = new Av1Packetizer();
  return join(
    clips
      .svtAv1()
      .slice(0, FRAMES)
      .flatMap((unit) => {
        const obus = splitObus(unit);
        assert.ok(typeof obus !== 'string');
        return packetizer
          .packetize(obus)
          .map((payload) => ({ bytes: payload.slice(0, 400), marker: true }));
      }),
  );
}

const video: Readonly<Record<VideoCodec, () => Uint8Array>> = {
  h264: h264Payloads,
  h265: h265Payloads,
  av1: av1Payloads,
  vp8: () => {
    const packetizer = new Vp8Packetizer(1);
    return payloadsOf(clips.vp8(), (frame) => packetizer.packetize(frame));
  },
  vp9: () => {
    const packetizer = new Vp9Packetizer(1);
    return payloadsOf(clips.vp9AltRef(), (frame) => packetizer.packetize(frame));
  },
};

/** Payloads through the intake, as from a publisher: numbers stay consecutive, nothing is larger than it may be. */
function takeIn(codec: VideoCodec, input: Uint8Array): void {
  const source = {
    protocol: 'rtmp',
    transport: 'tcp',
    userAgent: undefined,
    address: '192.0.2.1',
  } as const;
  const publisher = new PublisherDouble(STREAM, source, { onKeyframeWanted() {}, onClosed() {} });
  const payload = {
    ...{ payloadType: PAYLOAD_TYPE, codec, clockRate: 90_000, channels: 1 },
    ...{ rtxPayloadType: undefined, parameters: {} },
  };
  const track: ReceiveTrack = {
    ...{ mid: '0', kind: 'video', payloads: [payload], ssrcs: [], rids: [], nack: true, pli: true },
    declaredBps: undefined,
    extensions: {
      mid: undefined,
      rid: undefined,
      repairedRid: undefined,
      transportCc: undefined,
      audioLevel: undefined,
    },
  };
  const intake = new TrackIntake(publisher, { track, rid: undefined }, payload, {
    findings: new PublisherFindings(publisher, true, 0),
    observes: () => true,
    bFrames: 'drop',
    onBFrame: () => {},
    onKeyframeWanted: () => {},
  });
  let [sequenceNumber, timestamp] = [65_530, 0];
  for (const { bytes, marker } of split(input)) {
    const header = { payloadType: PAYLOAD_TYPE, marker, sequenceNumber, timestamp, ssrc: 1 };
    intake.push({ ...header, payload: bytes }, timestamp / 90);
    sequenceNumber = (sequenceNumber + 1) & 0xffff;
    if (marker) timestamp = (timestamp + 3600) >>> 0;
  }
  assertConsecutive(publisher, input);
}

function assertConsecutive(publisher: PublisherDouble, input: Uint8Array): void {
  const packets = publisher.tracks.video?.packets ?? [];
  for (const [index, packet] of packets.entries()) {
    const before = packets[index - 1];
    if (before) assert.equal(packet.sequenceNumber, (before.sequenceNumber + 1) & 0xffff);
    assert.ok(packet.payload.length <= Math.max(input.length, 1500));
  }
}

function intakeOf(codec: VideoCodec): Target {
  return { vectors: () => [video[codec]()], run: (input) => takeIn(codec, input) };
}

/** Single payloads of a clip. */
function each(codec: VideoCodec): () => readonly Uint8Array[] {
  return () => [...split(video[codec]())].map(({ bytes }) => bytes);
}

function units(codec: 'h264' | 'h265'): () => readonly Uint8Array[] {
  const unitsIn = codec === 'h264' ? unitsInPayload : h265UnitsInPayload;
  return () => each(codec)().flatMap((payload) => [payload, ...unitsIn(payload)]);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

export const codecTargets: Targets = {
  h264: {
    vectors: () => [
      ...units('h264')(),
      hex('0164001f ffe1 0004 6764001f 01 0004 68ee3cb0'), // avcC
      hex('00000004 6588aabb 00000002 41aa'),
    ],
    run: (input) => {
      parseSps(input);
      parseAvcConfiguration(input);
      for (const size of [1, 2, 4] as const) splitAvcc(input, size);
      parameterSetId(input);
      sliceTypeInPayload(input);
      keyframeTests.h264(input);
      const packetized = new H264Packetizer().packetize([input], false);
      assert.ok(packetized.every(({ length }) => length <= 1500));
    },
  },
  h265: {
    vectors: units('h265'),
    run: (input) => {
      parseHevcConfiguration(input);
      parseH265Sps(input);
      const order = new H265Order();
      for (const unit of clips.x265WithBFrames()[0]!) order.learn(unit);
      order.learn(input);
      order.seesBFrame(input);
      h265ParameterSetId(input);
      keyframeTests.h265(input);
      h265UnitsInPayload(input);
    },
  },
  av1: {
    vectors: () => [
      ...each('av1')(),
      clips.svtAv1()[0]!.subarray(0, 200),
      hex('81 0c 0c 00 0a0b00000024c4ffdf3f68'),
    ],
    run: (input) => {
      parseAv1Configuration(input);
      splitObus(input);
      obuElements(input);
      av1PictureSize(input);
      keyframeTests.av1(input);
    },
  },
  vp8: {
    vectors: each('vp8'),
    run: (input) => {
      vp8PictureSize(input);
      keyframeTests.vp8(input);
    },
  },
  vp9: {
    vectors: each('vp9'),
    run: (input) => {
      const descriptor = parseVp9Descriptor(input);
      if (descriptor) assert.ok(descriptor.dataOffset <= input.length);
      vp9PictureSize(input);
      keyframeTests.vp9(input);
    },
  },
  audio: {
    vectors: () => [
      hex('1190 56e500'),
      hex('2b11 8800 06e5a0'),
      hex('f8e8 5000'),
      hex('4f70757348656164 01 02 3801 80bb0000 0000 00'),
      hex('fc fffe'),
      hex('78 0102 03'),
    ],
    run: (input) => {
      parseAudioSpecificConfig(input);
      parseOpusHead(input);
      const samples = opusSamples(input);
      if (samples !== undefined) assert.ok(samples > 0 && samples <= 5760);
      isStereoOpus(input);
      isSilentOpus(input);
    },
  },
  'intake-h264': intakeOf('h264'),
  'intake-h265': intakeOf('h265'),
  'intake-av1': intakeOf('av1'),
  'intake-vp8': intakeOf('vp8'),
  'intake-vp9': intakeOf('vp9'),
};
