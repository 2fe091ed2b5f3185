/** Codecs beside H.264 on their way from a WebRTC publisher into the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { av1Obus, h265Units } from '../../../test/doubles/depacketize.ts';
import { PublisherDouble } from '../../../test/doubles/publishing.ts';
import { clips } from '../../../test/vectors/codecs/read.ts';
import { parseStreamName } from '../../base/names.ts';
import type { Codec, ReceiveTrack } from '../../base/session.ts';
import { OBU, type Obu, splitObus } from '../../protocols/codecs/av1.ts';
import { h265NalType } from '../../protocols/codecs/h265.ts';
import { Av1Packetizer } from '../../protocols/rtp/payload/av1.ts';
import { H265Packetizer } from '../../protocols/rtp/payload/h265.ts';
import { Vp8Packetizer } from '../../protocols/rtp/payload/vp8.ts';
import { Vp9Packetizer } from '../../protocols/rtp/payload/vp9.ts';
import { PublisherFindings } from '../findings/publisher-findings.ts';
import { TrackIntake } from './track-intake.ts';

const STREAM = parseStreamName('show/slot-1')!;

/** A publisher whose m-line has these codecs, with payload types from 96 on. */
class Sender {
  readonly publisher: PublisherDouble;
  readonly intake: TrackIntake;
  wanted = 0;
  bFrames = 0;
  #sequenceNumber = 65_530;
  #timestamp = 0;

  constructor(codecs: readonly Codec[], parameters: Readonly<Record<string, string>> = {}) {
    const source = {
      protocol: 'rtmp',
      transport: 'tcp',
      userAgent: undefined,
      address: '192.0.2.1',
    } as const;
    const listener = { onKeyframeWanted() {}, onClosed() {} };
    this.publisher = new PublisherDouble(STREAM, source, listener);
    const payloads = codecs.map((codec, index) => ({
      ...{ payloadType: 96 + index, codec, clockRate: 90_000, channels: 1 },
      ...{ rtxPayloadType: undefined, parameters },
    }));
    const track: ReceiveTrack = {
      ...{ mid: '0', kind: 'video', payloads, ssrcs: [], rids: [], nack: true, pli: true },
      declaredBps: undefined,
      extensions: {
        mid: undefined,
        rid: undefined,
        repairedRid: undefined,
        transportCc: undefined,
        audioLevel: undefined,
      },
    };
    this.intake = new TrackIntake(this.publisher, { track, rid: undefined }, payloads[0]!, {
      findings: new PublisherFindings(this.publisher, true, 0),
      observes: () => true,
      bFrames: 'drop',
      onBFrame: () => this.bFrames++,
      onKeyframeWanted: () => this.wanted++,
    });
  }

  frame(payloads: readonly Uint8Array[], payloadType = 96): void {
    this.#timestamp += 3600;
    for (const [index, payload] of payloads.entries()) {
      const marker = index === payloads.length - 1;
      const sequenceNumber = this.#sequenceNumber;
      this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
      const packet = { payloadType, marker, sequenceNumber, timestamp: this.#timestamp, ssrc: 1 };
      this.intake.push({ ...packet, payload }, 0);
    }
  }

  /** Payloads of each frame that came out; numbers must have no hole. */
  get frames(): Uint8Array[][] {
    const { packets } = this.publisher.tracks.video!;
    for (const [index, { sequenceNumber }] of packets.entries()) {
      assert.equal(sequenceNumber, (packets[0]!.sequenceNumber + index) & 0xffff);
    }
    return this.publisher.tracks.video!.frames().map((frame) => frame.map((p) => p.payload));
  }

  get codecs(): string[] {
    return this.publisher.tracks.video!.formats.map(({ codec }) => codec);
  }
}

const isSet = (unit: Uint8Array) => h265NalType(unit) >= 32 && h265NalType(unit) <= 34;
/** Delimiters, and SEI, which may be ahead of what is put in. */
const isExtra = (unit: Uint8Array) => [35, 39].includes(h265NalType(unit));

test('H.265: parameter sets sent once go ahead of every keyframe', () => {
  const sender = new Sender(['h265']);
  const pictures = clips.x265().map((units) => units.filter((unit) => !isExtra(unit)));
  const sets = pictures[0]!.filter(isSet);
  for (const [index, units] of pictures.entries()) {
    const sent = index === 0 ? units : units.filter((unit) => !isSet(unit));
    sender.frame(new H265Packetizer().packetize(sent, false));
  }
  assert.deepEqual(sender.publisher.videoSizes, ['162x90']);
  const out = sender.frames.map(h265Units);
  assert.deepEqual(out, pictures);
  assert.deepEqual(out[10]!.slice(0, 3), sets);
  assert.equal(sender.wanted, 0);
});

test('H.265: B-frames are noticed, also where timestamps follow the order of sending', () => {
  for (const [clip, has] of [
    [clips.x265(), false],
    [clips.x265WithBFrames(), true],
  ] as const) {
    const sender = new Sender(['h265']);
    for (const units of clip) sender.frame(new H265Packetizer().packetize(units, false));
    assert.equal(sender.bFrames > 0, has, `${sender.bFrames}`);
    assert.equal(sender.frames.length, clip.length, 'and passed on');
  }
});

test('H.265: nothing without the sets, which may come in the offer', () => {
  const [key = []] = clips.x265();
  const slices = key.filter((unit) => h265NalType(unit) < 32);
  const without = new Sender(['h265']);
  without.frame(new H265Packetizer().packetize(slices, false));
  assert.equal(without.publisher.tracks.video!.packets.length, 0);
  assert(without.wanted > 0);
  const names = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
  const sets = key.filter(isSet);
  const parameters = Object.fromEntries(
    sets.map((set, index) => [names[index]!, Buffer.from(set).toString('base64')]),
  );
  const offered = new Sender(['h265'], parameters);
  offered.frame(new H265Packetizer().packetize(slices, false));
  assert.deepEqual(h265Units(offered.frames[0]!), [...sets, ...slices]);
});

test('AV1: a sequence header sent once goes ahead of every key frame', () => {
  const sender = new Sender(['av1']);
  const join = ({ header, payload }: Obu) => new Uint8Array(Buffer.concat([header, payload]));
  const units = clips.aomAv1().map((unit) => splitObus(unit) as Obu[]);
  const wanted = units.map((obus) =>
    obus.filter(({ type }) => type !== OBU.temporalDelimiter).map(join),
  );
  for (const [index, obus] of units.entries()) {
    const frames = obus.filter(({ type }) => type === OBU.frame);
    // A packetizer of its own for each, so that it adds nothing by itself.
    sender.frame(new Av1Packetizer().packetize(index === 0 ? obus : frames));
  }
  assert.deepEqual(sender.publisher.videoSizes, ['162x90']);
  assert.deepEqual(sender.frames.map(av1Obus), wanted);
  const newSequences = sender.frames.map((payloads) => payloads.map((p) => (p[0]! & 0x08) !== 0));
  for (const [index, flags] of newSequences.entries()) {
    assert.deepEqual(
      flags,
      flags.map((_, packet) => packet === 0 && index % 10 === 0),
    );
  }
});

test('AV1: nothing before the sequence header', () => {
  const sender = new Sender(['av1']);
  const obus = splitObus(clips.aomAv1()[1]!) as Obu[];
  sender.frame(new Av1Packetizer().packetize(obus));
  assert.equal(sender.publisher.tracks.video!.packets.length, 0);
  assert(sender.wanted > 0);
});

test('VP8 and VP9 go on as they come; their key frames tell the size', () => {
  const cases = [
    ['vp8', clips.vp8(), new Vp8Packetizer(1)],
    ['vp9', clips.vp9(), new Vp9Packetizer(1)],
  ] as const;
  for (const [codec, frames, packetizer] of cases) {
    const sender = new Sender([codec]);
    const sent = frames.map((frame) => packetizer.packetize(frame).map((p) => p.slice()));
    for (const payloads of sent) sender.frame(payloads);
    assert.deepEqual(sender.frames, sent);
    assert.deepEqual(sender.publisher.videoSizes, ['162x90']);
  }
});

test('a sender may change between the codecs that were agreed on', () => {
  const sender = new Sender(['vp8', 'vp9']);
  sender.frame(new Vp8Packetizer(1).packetize(clips.vp8()[0]!), 96);
  sender.frame(new Vp9Packetizer(1).packetize(clips.vp9()[0]!), 97);
  sender.frame(new Vp9Packetizer(2).packetize(clips.vp9()[1]!), 97);
  assert.deepEqual(sender.codecs, ['vp8', 'vp9']);
  assert.equal(sender.frames.length, 3);
});
