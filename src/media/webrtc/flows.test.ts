import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { readSdp } from '../../../test/vectors/sdp/read.ts';
import type { ReceiveTrack } from '../../base/session.ts';
import { parseRtpPacket, type RtpPacket, writeRtpPacket } from '../../protocols/rtp/packet.ts';
import { answerPublisher } from '../../protocols/sdp/publish.ts';
import { isRefusal } from '../../protocols/sdp/refusal.ts';
import { Flows } from './flows.ts';

const RID_ID = 2;
const REPAIRED_RID_ID = 3;
const VIDEO = 96;
const RTX = 97;
const OPUS = 111;

function trackOf(kind: 'video' | 'audio', rids: readonly string[]): ReceiveTrack {
  const isVideo = kind === 'video';
  return {
    mid: isVideo ? '1' : '0',
    kind,
    payloads: [
      {
        payloadType: isVideo ? VIDEO : OPUS,
        codec: isVideo ? 'vp8' : 'opus',
        clockRate: isVideo ? 90_000 : 48_000,
        channels: isVideo ? 1 : 2,
        rtxPayloadType: isVideo ? RTX : undefined,
        parameters: {},
      },
    ],
    ssrcs: [],
    rids,
    nack: isVideo,
    pli: isVideo,
    declaredBps: undefined,
    extensions: {
      mid: undefined,
      rid: RID_ID,
      repairedRid: REPAIRED_RID_ID,
      transportCc: undefined,
      audioLevel: undefined,
    },
  };
}

/** A packet as it comes, with one header extension where wanted. */
function packet(
  ssrc: number,
  payloadType: number,
  extension?: { readonly id: number; readonly text: string },
  payload = Uint8Array.of(1, 2, 3, 4),
): { readonly parsed: RtpPacket; readonly bytes: Uint8Array } {
  const header = { payloadType, marker: false, sequenceNumber: 7, timestamp: 9, ssrc };
  const plain = writeRtpPacket({ ...header, payload });
  let bytes = plain;
  if (extension) {
    const { id, text } = extension;
    const words = Math.ceil((1 + text.length) / 4);
    bytes = new Uint8Array(plain.length + 4 + 4 * words);
    bytes.set(plain.subarray(0, 12));
    bytes[0] = 0x90;
    bytes.set([0xbe, 0xde, 0, words, (id << 4) | (text.length - 1), ...Buffer.from(text)], 12);
    bytes.set(plain.subarray(12), 16 + 4 * words);
  }
  const parsed = parseRtpPacket(bytes);
  assert.ok(typeof parsed === 'object');
  return { parsed, bytes };
}

describe('simulcast layers', () => {
  let flows: Flows;
  beforeEach(() => {
    flows = new Flows([trackOf('audio', []), trackOf('video', ['q', 'h', 'f'])]);
  });

  function accept(ssrc: number, rid: string | undefined, nowMs: number, type = VIDEO) {
    const extension = rid === undefined ? undefined : { id: RID_ID, text: rid };
    const { parsed, bytes } = packet(ssrc, type, extension);
    return flows.accept(parsed, bytes, nowMs);
  }

  test('each is a lane of its own, known by its SSRC once it was named', () => {
    assert.equal(accept(11, 'q', 0)?.lane.rid, 'q');
    assert.equal(accept(13, 'f', 0)?.lane.rid, 'f');
    assert.equal(accept(11, undefined, 0)?.lane.rid, 'q');
    assert.equal(accept(13, undefined, 0)?.lane.rid, 'f');
    assert.deepEqual(
      flows.lanes.map(({ rid, flow }) => [rid, flow?.ssrc]),
      [
        [undefined, undefined],
        ['q', 11],
        ['h', undefined],
        ['f', 13],
      ],
    );
    assert.equal(flows.unused, 0);
  });

  test('a packet that names none, or one that was not agreed on, is not heard', () => {
    assert.equal(accept(11, undefined, 0), undefined);
    assert.equal(accept(12, 'x', 0), undefined);
    assert.equal(flows.unused, 2);
    assert.equal(accept(11, 'h', 0)?.lane.rid, 'h', 'until it does');
  });

  test('an SSRC that says it is the same layer is heard when the first is silent', () => {
    accept(11, 'q', 0);
    assert.equal(accept(21, 'q', 500), undefined);
    assert.equal(accept(21, 'q', 1500)?.ssrc, 21);
    assert.equal(flows.isCurrent(flows.bySsrc(11)!), false);
  });

  test('retransmissions repair the layer that they name, once known by their SSRC', () => {
    accept(11, 'q', 0);
    accept(13, 'f', 0);
    const again = Uint8Array.of(0x12, 0x34, 9, 9);
    const unwrap = (ssrc: number, rid?: string): RtpPacket | undefined => {
      const extension = rid === undefined ? undefined : { id: REPAIRED_RID_ID, text: rid };
      const { parsed, bytes } = packet(ssrc, RTX, extension, again);
      return flows.unwrap(parsed, bytes);
    };
    assert.equal(unwrap(33), undefined, 'nobody knows of what');
    const original = unwrap(33, 'f');
    assert.deepEqual(
      [original?.ssrc, original?.payloadType, original?.sequenceNumber],
      [13, VIDEO, 0x1234],
    );
    assert.equal(unwrap(33)?.ssrc, 13);
    assert.equal(unwrap(31, 'q')?.ssrc, 11);
    assert.equal(unwrap(32, 'h'), undefined, 'of a layer that never came');
  });

  test('sound is sound beside them', () => {
    assert.equal(accept(5, undefined, 0, OPUS)?.lane.track.kind, 'audio');
  });

  test('no number of SSRCs makes more of them than we look at', () => {
    for (let ssrc = 100; ssrc < 200; ssrc++) accept(ssrc, 'q', ssrc * 2000);
    assert.equal(flows.bySsrc(199), undefined);
    assert.equal(flows.bySsrc(100)?.ssrc, 100);
  });
});

test('a sender that names layers without having offered them has one flow', () => {
  const flows = new Flows([trackOf('video', [])]);
  const { parsed, bytes } = packet(11, VIDEO, { id: RID_ID, text: '0' });
  assert.equal(flows.accept(parsed, bytes, 0)?.lane.rid, undefined);
  const again = packet(12, RTX, undefined, Uint8Array.of(0, 1, 2));
  assert.equal(flows.unwrap(again.parsed, again.bytes)?.ssrc, 11);
});

test('OBS stamps mid and rid on each packet without simulcast: one flow, by its SSRC', () => {
  const agreement = answerPublisher(readSdp('publish-obs-32.sdp'), {
    ufrag: 'localUfrag',
    pwd: 'localPasswordOf24Letters',
    fingerprint: new Uint8Array(32),
    originId: '1',
    candidates: [],
  });
  assert.ok(!isRefusal(agreement));
  const video = agreement.tracks.find(({ kind }) => kind === 'video');
  assert.ok(video);
  assert.deepEqual([video.extensions.mid, video.extensions.rid, video.rids], [1, 2, []]);
  const flows = new Flows(agreement.tracks);
  const [ssrc = 0] = video.ssrcs;
  // mid "1" and rid "0", as OBS 32.1 and later send them.
  const plain = packet(ssrc, 96).bytes;
  const bytes = Uint8Array.of(...plain.subarray(0, 12), 0xbe, 0xde, 0, 1, 0x10, 0x31, 0x20, 0x30);
  bytes[0] = 0x90;
  const stamped = Uint8Array.of(...bytes, ...plain.subarray(12));
  const parsed = parseRtpPacket(stamped);
  assert.ok(typeof parsed === 'object');
  assert.equal(parsed.payload.length, 4);
  const accepted = flows.accept(parsed, stamped, 0);
  assert.equal(accepted?.lane.rid, undefined);
  assert.equal(accepted?.lane.track.kind, 'video');
});
