import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRtcp, type ReportBlock } from './rtcp.ts';
import { RtcpWriter } from './rtcp-writer.ts';
import { msToNtp, ntpMiddle, ntpToMs, roundTripMs } from './sender-report.ts';

const BLOCK: ReportBlock = {
  ssrc: 0xfffffffe,
  fractionLost: 128,
  cumulativeLost: -3,
  highestSequenceNumber: 0x0001_fffe,
  jitter: 90,
  lastSenderReport: 0x8000_0001,
  delaySinceLastSenderReport: 65_536,
};

test('reads back a compound that it wrote', () => {
  const figures = {
    ssrc: 1,
    ntp: msToNtp(1_700_000_000_250),
    rtpTimestamp: 0xffff_ffff,
    packetCount: 7,
    octetCount: 8000,
  };
  const compound = new RtcpWriter()
    .senderReport(figures, [BLOCK])
    .cname(1, 'millrace')
    .receiverReport(2, [BLOCK, BLOCK])
    .nack(2, 1, [65_534, 65_535, 0, 14, 15, 40])
    .pictureLoss(2, 1)
    .goodbye([1, 2])
    .bytes();
  assert.deepEqual(parseRtcp(compound), [
    { type: 'sender-report', ...figures, blocks: [BLOCK] },
    { type: 'source-description', ssrc: 1, cname: 'millrace' },
    { type: 'receiver-report', ssrc: 2, blocks: [BLOCK, BLOCK] },
    {
      type: 'nack',
      senderSsrc: 2,
      mediaSsrc: 1,
      sequenceNumbers: [65_534, 65_535, 0, 14, 15, 40],
    },
    { type: 'picture-loss', senderSsrc: 2, mediaSsrc: 1 },
    { type: 'goodbye', ssrcs: [1, 2] },
  ]);
});

const packets = [
  {
    name: 'full intra request',
    hex: '84ce0004 00000001 00000000 00000002 07000000',
    want: { type: 'full-intra-request', senderSsrc: 1, requests: [{ ssrc: 2, sequenceNumber: 7 }] },
  },
  {
    name: 'REMB: 3 << 17 bit/s for one SSRC',
    hex: '8fce0005 00000001 00000000 52454d42 01440003 00000002',
    want: { type: 'estimated-bitrate', senderSsrc: 1, bitrateBps: 3 << 17, ssrcs: [2] },
  },
  {
    name: 'transport-wide feedback',
    hex: '8fcd0006 00000001 00000002 00100005 00000200 20050404 04040400',
    want: {
      type: 'transport-feedback',
      senderSsrc: 1,
      baseSequenceNumber: 16,
      referenceMs: 128,
      arrivalsMs: [1, 2, 3, 4, 5],
    },
  },
  {
    name: 'padding in the last packet',
    hex: 'a0c90002 00000001 00000004',
    want: { type: 'receiver-report', ssrc: 1, blocks: [] },
  },
  { name: 'SDES without CNAME', hex: '81ca0002 00000001 02016100', want: undefined },
  { name: 'SDES without chunks', hex: '80ca0000', want: undefined },
  { name: 'application-defined', hex: '80cc0002 00000001 74657374', want: undefined },
  { name: 'extended report', hex: '80cf0001 00000001', want: undefined },
  { name: 'other payload feedback', hex: '83ce0002 00000001 00000002', want: undefined },
];

test('reads what browsers and encoders send, and skips what it does not know', () => {
  for (const { name, hex, want } of packets) {
    const parsed = parseRtcp(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    assert.deepEqual(parsed, want === undefined ? [] : [want], name);
  }
});

const malformed = [
  { name: 'nothing', hex: '', want: 'too-short' },
  { name: 'half a header', hex: '80c9', want: 'too-short' },
  { name: 'version 1', hex: '40c90001 00000001', want: 'bad-version' },
  { name: 'length past the end', hex: '80c90002 00000001', want: 'bad-length' },
  { name: 'padding of 0', hex: 'a0c90002 00000001 00000000', want: 'bad-padding' },
  { name: 'padding over the header', hex: 'a0c90001 00000008', want: 'bad-padding' },
  { name: 'fewer blocks than said', hex: '81c90001 00000001', want: 'bad-content' },
  { name: 'a short sender report', hex: '80c80001 00000001', want: 'bad-content' },
  { name: 'fewer SSRCs than said', hex: '82cb0001 00000001', want: 'bad-content' },
  { name: 'an SDES item past the end', hex: '81ca0002 00000001 01ff6161', want: 'bad-content' },
  { name: 'feedback without SSRCs', hex: '81cd0001 00000001', want: 'bad-content' },
];

test('names what is wrong with a compound', () => {
  for (const { name, hex, want } of malformed) {
    assert.equal(parseRtcp(Buffer.from(hex.replaceAll(' ', ''), 'hex')), want, name);
  }
});

test('NTP times go there and back to the microsecond', () => {
  for (const ms of [0, 1, 999.999, 1_700_000_000_123.456, 2_085_978_495_999]) {
    assert.ok(Math.abs(ntpToMs(msToNtp(ms)) - ms) < 0.001, `${ms}`);
  }
  assert.deepEqual(msToNtp(0), { seconds: 2_208_988_800, fraction: 0 });
});

test('the round trip comes from a report block', () => {
  const sent = ntpMiddle(msToNtp(10_000_000));
  const heldTicks = 65_536 / 2; // 500 ms
  const measured = roundTripMs(msToNtp(10_000_580), sent, heldTicks);
  assert.ok(measured !== undefined && Math.abs(measured - 80) < 0.1);
  assert.equal(roundTripMs(msToNtp(10_000_580), 0, 0), undefined);
  assert.equal(roundTripMs(msToNtp(10_000_400), sent, heldTicks), undefined);
});
