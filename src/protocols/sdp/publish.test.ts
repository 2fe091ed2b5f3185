import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSdp } from '../../../test/vectors/sdp/read.ts';
import { type Description, parseDescription } from './description.ts';
import type { LocalPeer } from './parameters.ts';
import { answerPublisher, type PublishAgreement } from './publish.ts';
import { isRefusal } from './refusal.ts';

const local: LocalPeer = {
  ufrag: 'localUfrag',
  pwd: 'localPasswordOf24Letters',
  fingerprint: new Uint8Array(32).fill(0xab),
  originId: '4711',
  candidates: [
    { transport: 'udp', address: '192.0.2.1', port: 10_000 },
    { transport: 'tcp', address: '2001:db8::1', port: 3478 },
  ],
};
const obs = readSdp('publish-obs-32.sdp');

function agree(offer: string): PublishAgreement & { readonly parsed: Description } {
  const agreement = answerPublisher(offer, local);
  assert.ok(!isRefusal(agreement), isRefusal(agreement) ? agreement.message : '');
  const parsed = parseDescription(agreement.answer);
  assert.ok(!isRefusal(parsed));
  return { ...agreement, parsed };
}

function refusal(offer: string): string {
  const agreement = answerPublisher(offer, local);
  assert.ok(isRefusal(agreement), 'accepted');
  return agreement.refused;
}

const clients = [
  { vector: 'publish-obs-32.sdp', mids: ['0', '1'], opus: 111, h264: 96, pli: true },
  { vector: 'publish-obs-32-simulcast.sdp', mids: ['0', '1'], opus: 111, h264: 96, pli: true },
  { vector: 'publish-libdatachannel-0.24.sdp', mids: ['0', '1'], opus: 111, h264: 96, pli: true },
  { vector: 'publish-ffmpeg-9.sdp', mids: ['0', '1'], opus: 111, h264: 106, pli: false },
  { vector: 'publish-gstreamer.sdp', mids: ['video0', 'audio1'], opus: 100, h264: 96, pli: true },
  { vector: 'publish-chromium-156.sdp', mids: ['0', '1'], opus: 111, h264: 102, pli: true },
];

for (const { vector, mids, opus, h264, pli } of clients) {
  test(`takes H.264 and Opus: ${vector}`, () => {
    const { tracks, parsed } = agree(readSdp(vector));
    assert.deepEqual(
      tracks.map((track) => track.mid),
      mids,
    );
    const audio = tracks.find((track) => track.kind === 'audio');
    const video = tracks.find((track) => track.kind === 'video');
    assert.deepEqual(
      audio?.payloads.map((payload) => [payload.codec, payload.payloadType, payload.channels]),
      [['opus', opus, 2]],
    );
    assert.deepEqual(
      video?.payloads.map((payload) => [payload.codec, payload.payloadType, payload.clockRate]),
      [['h264', h264, 90_000]],
    );
    assert.equal(video?.pli, pli);
    assert.deepEqual(
      parsed.sections.map((section) => [section.mid, section.direction, section.port]),
      mids.map((mid) => [mid, 'recvonly', 9]),
    );
    assert.deepEqual(parsed.groups[0], { type: 'BUNDLE', mids });
    assert.equal(parsed.iceLite, true);
    const answered = parsed.sections.find((section) => section.type === 'audio')?.payloads[0];
    assert.equal(answered?.parameters['stereo'], '1');
  });
}

test('reads ICE and DTLS from the session (OBS) and from the section (newer libdatachannel)', () => {
  const session = agree(obs).peer;
  assert.equal(session.remoteUfrag, 'cUBU');
  assert.equal(session.remotePwd, 'yNbPpIoE8IJS6TBZ+ns6bU');
  assert.equal(session.remoteFingerprint[0], 0xca);
  const section = agree(readSdp('publish-libdatachannel-0.24.sdp')).peer;
  assert.equal(section.remoteUfrag, 'wp4W');
  assert.equal(section.remoteFingerprint[31], 0x83);
});

test('the section wins over the session', () => {
  const offer = obs.replaceAll(
    /(a=mid:.)\r\n/g,
    '$1\r\na=ice-ufrag:mine\r\na=ice-pwd:0123456789012345678901\r\n',
  );
  assert.equal(agree(offer).peer.remoteUfrag, 'mine');
});

test('takes an offer that has candidates in it, as of OBS 30.0, and looks at none', () => {
  const offer = readSdp('publish-libdatachannel-candidates.sdp');
  assert.match(offer, /^m=audio 38812 .*\r\n[\s\S]*a=candidate:.*\r\na=end-of-candidates\r\n/m);
  const { tracks, peer, parsed } = agree(offer);
  assert.equal(tracks.length, 2);
  assert.equal(peer.remoteUfrag, 'kSLW');
  assert.equal(parsed.sections[0]?.port, 9);
});

test("takes Firefox's camera: H.264 beside VP8, VP9 and AV1, extensions with a direction", () => {
  const { tracks, answer, peer } = agree(readSdp('publish-firefox-153.sdp'));
  const video = tracks.find(({ kind }) => kind === 'video');
  assert.deepEqual(
    video?.payloads.map(({ codec, payloadType }) => [codec, payloadType]).toSorted(),
    [
      ['av1', 99],
      ['h264', 126],
      ['vp8', 120],
      ['vp9', 121],
    ],
  );
  assert.equal(video.extensions.transportCc, 7);
  assert.doesNotMatch(answer, /playout-delay|csrc-audio-level/);
  assert.equal(peer.remoteUfrag, '25809950');
  assert.equal(peer.dtlsRole, 'server');
});

test('is the DTLS server wherever it may, and the client of ffmpeg, which insists', () => {
  const roles = [
    { vector: 'publish-obs-32.sdp', role: 'server', setup: 'passive' },
    { vector: 'publish-ffmpeg-9.sdp', role: 'client', setup: 'active' },
  ] as const;
  for (const { vector, role, setup } of roles) {
    const { peer, parsed } = agree(readSdp(vector));
    assert.equal(peer.dtlsRole, role);
    assert.deepEqual(
      parsed.sections.map((section) => section.transport.setup),
      [setup, setup],
    );
  }
  assert.equal(agree(obs.replace('setup:actpass', 'setup:active')).peer.dtlsRole, 'server');
});

test('accepts every simulcast layer, as OBS gives up otherwise', () => {
  const { answer, tracks } = agree(readSdp('publish-obs-32-simulcast.sdp'));
  assert.match(
    answer,
    /a=rid:0 recv\r\na=rid:1 recv\r\na=rid:2 recv\r\na=simulcast:recv 0;1;2\r\n/,
  );
  const video = tracks.find((track) => track.kind === 'video');
  assert.deepEqual(video?.extensions, {
    mid: 1,
    rid: 2,
    repairedRid: undefined,
    transportCc: undefined,
    audioLevel: undefined,
  });
  assert.deepEqual(video?.rids, ['0', '1', '2']);
  assert.deepEqual(video?.ssrcs, []);
});

test("takes a browser's layers, and the layers of its retransmissions", () => {
  const { answer, tracks } = agree(readSdp('publish-chromium-156-simulcast.sdp'));
  assert.match(answer, /a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\n/);
  assert.match(answer, /a=simulcast:recv q;h;f\r\n/);
  assert.match(answer, /a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n/);
  const video = tracks.find((track) => track.kind === 'video');
  assert.deepEqual(video?.rids, ['q', 'h', 'f']);
  assert.deepEqual(video.extensions, {
    mid: 4,
    rid: 10,
    repairedRid: 11,
    transportCc: 3,
    audioLevel: undefined,
  });
});

test('a browser says how loud its sound is, and only its sound', () => {
  const { answer, tracks } = agree(readSdp('publish-chromium-156.sdp'));
  const [line = '', ...more] = answer.match(/^a=extmap:.*ssrc-audio-level$/gm) ?? [];
  assert.deepEqual(more, []);
  const audio = tracks.find((track) => track.kind === 'audio');
  const video = tracks.find((track) => track.kind === 'video');
  assert.equal(
    line,
    `a=extmap:${audio?.extensions.audioLevel} urn:ietf:params:rtp-hdrext:ssrc-audio-level`,
  );
  assert.equal(video?.extensions.audioLevel, undefined);
});

test('what a publisher says it will send', () => {
  const obs = readSdp('publish-obs-32.sdp');
  const declared = (offer: string) =>
    Object.fromEntries(agree(offer).tracks.map(({ kind, declaredBps }) => [kind, declaredBps]));
  assert.deepEqual(declared(obs), { audio: 96_000, video: undefined });
  const limited = (line: string) => obs.replace('a=mid:1\r\n', `${line}\r\na=mid:1\r\n`);
  assert.equal(declared(limited('b=AS:2500'))['video'], 2_500_000);
  assert.equal(declared(limited('b=AS:2500\r\nb=TIAS:2400000'))['video'], 2_400_000);
  assert.equal(declared(limited('b=AS:0'))['video'], undefined);
  assert.equal(declared(limited('b=AS:many'))['video'], undefined);
  assert.equal(declared(obs.replace('=96000;', '=lots;'))['audio'], undefined);
});

test('leaves the SSRC of retransmissions out', () => {
  const { tracks } = agree(readSdp('publish-chromium-156.sdp'));
  assert.deepEqual(
    tracks.map((track) => track.ssrcs),
    [[2084526342], [855276794]],
  );
});

test('answers only what was offered', () => {
  const { answer } = agree(readSdp('publish-ffmpeg-9.sdp'));
  assert.doesNotMatch(answer, /extmap|nack pli|a=group:LS|transport-cc/);
  assert.equal(answer.match(/a=rtcp-rsize/g)?.length, 1); // offered for the video only
  assert.match(agree(obs).answer, /a=group:LS 0 1\r\n/);
});

test('takes retransmissions, and answers for every packet of a publisher that adapts to it', () => {
  const { answer, tracks } = agree(readSdp('publish-chromium-156.sdp'));
  const video = tracks.find(({ kind }) => kind === 'video');
  const h264 = video?.payloads.find(({ codec }) => codec === 'h264');
  assert.ok(h264?.rtxPayloadType);
  assert.match(answer, new RegExp(`a=fmtp:${h264.rtxPayloadType} apt=${h264.payloadType}\r\n`));
  assert.match(answer, new RegExp(`a=rtcp-fb:${h264.payloadType} transport-cc\r\n`));
  const ids = new Set(tracks.map(({ extensions }) => extensions.transportCc));
  assert.equal(ids.size, 1, 'one numbering for the whole session');
  assert.doesNotMatch(agree(obs).answer, /transport-cc|rtx/);
});

test('gives all candidates once, in the first section, and says that they are all', () => {
  const { answer } = agree(obs);
  const [, first = '', second = ''] = answer.split('m=');
  assert.match(first, /a=candidate:1 1 UDP 2130706431 192\.0\.2\.1 10000 typ host\r\n/);
  assert.match(first, /a=candidate:2 1 TCP \d+ 2001:db8::1 3478 typ host tcptype passive\r\n/);
  assert.match(first, /a=end-of-candidates\r\n/);
  assert.doesNotMatch(second, /candidate/);
});

test('prefers packetization mode 1, and takes mode 0 where there is nothing else', () => {
  const chromium = readSdp('publish-chromium-156.sdp');
  const mode0 = chromium.replaceAll('packetization-mode=1', 'packetization-mode=0');
  assert.equal(agree(mode0).tracks[1]?.payloads[0]?.payloadType, 102);
  const late = chromium.replace('packetization-mode=1', 'packetization-mode=0');
  assert.equal(agree(late).tracks[1]?.payloads[0]?.payloadType, 108);
});

test('rejects a data channel and keeps the rest', () => {
  const { parsed, answer } = agree(
    `${obs.replace('BUNDLE 0 1', 'BUNDLE 0 1 2')}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n`,
  );
  assert.equal(parsed.sections[2]?.port, 0);
  assert.match(answer, /a=group:BUNDLE 0 1\r\n/);
  assert.match(answer, /m=application 0 UDP\/DTLS\/SCTP webrtc-datachannel\r\n/);
});

test('takes video alone, without mid and bundle', () => {
  const video = obs
    .replace(/m=audio[\s\S]*?(?=m=video)/, '')
    .replaceAll(/a=(group|mid):.*\r\n/g, '');
  assert.equal(agree(video).tracks[0]?.mid, '0');
});

const refusals: readonly { name: string; offer: string; want: string }[] = [
  { name: 'nothing', offer: '', want: 'not-sdp' },
  { name: 'a web page', offer: '<html>', want: 'not-sdp' },
  { name: '70 kB', offer: `${obs}${'a=x\r\n'.repeat(14_000)}`, want: 'too-large' },
  { name: '3000 lines', offer: `${obs}${'a=x\r\n'.repeat(3000)}`, want: 'too-large' },
  { name: 'a line of 5 kB', offer: `${obs}a=fmtp:96 ${'x'.repeat(5000)}\r\n`, want: 'too-large' },
  { name: 'no m-line', offer: 'v=0\r\n', want: 'no-media' },
  { name: 'nothing sent', offer: obs.replaceAll('sendonly', 'recvonly'), want: 'no-media' },
  { name: '17 m-lines', offer: `v=0\r\n${'m=audio 9 X 0\r\n'.repeat(17)}`, want: 'too-many-media' },
  { name: 'two videos', offer: obs.replace('m=audio', 'm=video'), want: 'too-many-tracks' },
  {
    name: 'an m-line without formats',
    offer: obs.replace('SAVPF 96', 'SAVPF'),
    want: 'bad-media-line',
  },
  { name: 'one mid twice', offer: obs.replace('a=mid:1', 'a=mid:0'), want: 'bad-mid' },
  { name: 'no BUNDLE', offer: obs.replace('a=group:BUNDLE 0 1\r\n', ''), want: 'not-bundled' },
  { name: 'half a BUNDLE', offer: obs.replace('BUNDLE 0 1', 'BUNDLE 0'), want: 'not-bundled' },
  { name: 'no rtcp-mux', offer: obs.replace('a=rtcp-mux\r\n', ''), want: 'no-rtcp-mux' },
  { name: 'no password', offer: obs.replace(/a=ice-pwd.*\r\n/, ''), want: 'bad-credentials' },
  {
    name: 'a short password',
    offer: obs.replace(/(a=ice-pwd:\w{9}).*/, '$1'),
    want: 'bad-credentials',
  },
  { name: 'SHA-1', offer: obs.replace('sha-256', 'sha-1'), want: 'no-fingerprint' },
  {
    name: 'half a fingerprint',
    offer: obs.replace(/(sha-256 .{40}).*/, '$1'),
    want: 'no-fingerprint',
  },
  { name: 'holdconn', offer: obs.replace('actpass', 'holdconn'), want: 'bad-setup' },
  { name: 'ice-lite', offer: obs.replace('s=-', 's=-\r\na=ice-lite'), want: 'both-ice-lite' },
  { name: 'H.263 alone', offer: obs.replace('H264/', 'H263/'), want: 'no-common-codec' },
  { name: 'mono PCM', offer: obs.replace('opus/48000/2', 'PCMU/8000'), want: 'no-common-codec' },
];

for (const { name, offer, want } of refusals) {
  test(`refuses: ${name}`, () => assert.equal(refusal(offer), want));
}

test('a refusal for codecs names what was offered and what is accepted', () => {
  const refused = answerPublisher(obs.replace('H264/', 'H263/'), local);
  assert.ok(isRefusal(refused));
  assert.equal(
    refused.message,
    'The offer has H263; this server takes H.264, H.265 (HEVC), AV1, VP9, VP8 video and Opus audio.',
  );
});

test('takes every codec that it can forward, in the order of the offer', () => {
  const chromium = readSdp('view-chromium-156.sdp').replaceAll('recvonly', 'sendonly');
  const video = agree(chromium).tracks.find(({ kind }) => kind === 'video');
  assert.deepEqual(
    video?.payloads.map(({ codec, payloadType }) => [codec, payloadType]),
    [
      ['vp8', 96],
      ['vp9', 98],
      ['h264', 102],
      ['av1', 45],
    ],
  );
  const hevc = agree(obs.replace('H264/', 'H265/'));
  assert.equal(hevc.tracks.find(({ kind }) => kind === 'video')?.payloads[0]?.codec, 'h265');
});
