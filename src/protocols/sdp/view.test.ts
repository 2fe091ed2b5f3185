import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSdp } from '../../../test/vectors/sdp/read.ts';
import type { Codec, SendTrack } from '../../base/session.ts';
import type { HostCandidate } from './candidates.ts';
import { type Description, parseDescription } from './description.ts';
import type { LocalPeer } from './parameters.ts';
import { isRefusal } from './refusal.ts';
import { acceptViewerAnswer, answerViewer, offerViewer } from './view.ts';

const udp: HostCandidate = { transport: 'udp', address: '192.0.2.1', port: 10_000 };
const tcp: HostCandidate = { transport: 'tcp', address: '192.0.2.1', port: 3478 };
const ssrcs = { audio: 1111, video: 2222, rtx: 3333 };
const chromium = readSdp('view-chromium-156.sdp');
const firefox = readSdp('view-firefox-153.sdp');

function peerOf(...candidates: readonly HostCandidate[]): LocalPeer {
  return {
    ufrag: 'localUfrag',
    pwd: 'localPasswordOf24Letters',
    fingerprint: new Uint8Array(32).fill(0xab),
    originId: '4711',
    candidates,
  };
}

function read(text: string): Description {
  const parsed = parseDescription(text);
  assert.ok(!isRefusal(parsed));
  return parsed;
}

function answerTo(offer: string, local = peerOf(tcp)) {
  const agreement = answerViewer(offer, local, ssrcs);
  assert.ok(!isRefusal(agreement), isRefusal(agreement) ? agreement.message : '');
  return agreement;
}

test('answers Chromium with one payload type for each codec, H.264 as Constrained Baseline in mode 1, and Opus', () => {
  const { tracks, answer } = answerTo(chromium);
  assert.deepEqual(tracks, [
    {
      mid: '0',
      kind: 'video',
      ssrc: 2222,
      rtxSsrc: undefined,
      payloadTypes: [
        { codec: 'vp8', payloadType: 96, rtxPayloadType: undefined },
        { codec: 'vp9', payloadType: 98, rtxPayloadType: undefined },
        { codec: 'h264', payloadType: 108, rtxPayloadType: undefined },
        { codec: 'av1', payloadType: 45, rtxPayloadType: undefined },
      ],
      nack: false,
      transportCcId: undefined,
    },
    {
      mid: '1',
      kind: 'audio',
      ssrc: 1111,
      rtxSsrc: undefined,
      payloadTypes: [{ codec: 'opus', payloadType: 111, rtxPayloadType: undefined }],
      nack: false,
      transportCcId: undefined,
    },
  ]);
  assert.match(answer, /m=video 9 UDP\/TLS\/RTP\/SAVPF 96 98 108 45\r\n/);
  assert.match(answer, /a=fmtp:108 .*profile-level-id=42e01f/);
  assert.match(answer, /a=fmtp:98 profile-id=0\r\n/);
  assert.match(answer, /a=fmtp:45 level-idx=5;profile=0;tier=0\r\n/);
  const opus = read(answer).sections[1]?.payloads[0]?.parameters;
  assert.deepEqual(
    [opus?.['stereo'], opus?.['sprop-stereo'], opus?.['useinbandfec']],
    ['1', '1', '1'],
  );
});

test('audio and video share one stream, and each has our SSRC', () => {
  const { answer } = answerTo(chromium);
  assert.match(answer, /a=msid:millrace video\r\n[\s\S]*a=ssrc:2222 cname:millrace\r\n/);
  assert.match(answer, /a=msid:millrace audio\r\n[\s\S]*a=ssrc:1111 cname:millrace\r\n/);
});

test('over TCP alone only PLI is agreed; with UDP also retransmission and transport-cc', () => {
  const cases = [
    { local: peerOf(tcp), transports: ['tcp'], feedback: ['nack pli'], nack: false },
    {
      local: peerOf(udp, tcp),
      transports: ['udp', 'tcp'],
      feedback: ['goog-remb', 'transport-cc', 'nack', 'nack pli'].toSorted(),
      nack: true,
    },
  ];
  for (const { local, transports, feedback, nack } of cases) {
    const { tracks, peer, answer } = answerTo(chromium, local);
    assert.deepEqual(peer.transports, transports);
    assert.equal(tracks[0]?.nack, nack);
    assert.deepEqual(read(answer).sections[0]?.payloads[0]?.feedback.toSorted(), feedback);
  }
});

test('over UDP lost packets come again on an SSRC and a payload type of their own', () => {
  const { tracks, answer } = answerTo(chromium, peerOf(udp));
  assert.equal(tracks[0]?.rtxSsrc, 3333);
  assert.deepEqual(tracks[0]?.payloadTypes, [
    { codec: 'vp8', payloadType: 96, rtxPayloadType: 97 },
    { codec: 'vp9', payloadType: 98, rtxPayloadType: 99 },
    { codec: 'h264', payloadType: 108, rtxPayloadType: 109 },
    { codec: 'av1', payloadType: 45, rtxPayloadType: 46 },
  ]);
  assert.match(answer, /m=video 9 UDP\/TLS\/RTP\/SAVPF 96 98 108 45 97 99 109 46\r\n/);
  assert.match(answer, /a=fmtp:109 apt=108\r\n/);
  assert.match(answer, /a=ssrc-group:FID 2222 3333\r\n/);
  assert.match(answer, /a=ssrc:3333 cname:millrace\r\n/);
  assert.equal(tracks[1]?.rtxSsrc, undefined, 'Opus mends itself');
});

test('over UDP both sections number their packets for the whole transport', () => {
  const { tracks, answer } = answerTo(chromium, peerOf(udp));
  assert.deepEqual(
    tracks.map(({ transportCcId }) => transportCcId),
    [4, 4],
  );
  assert.equal(answer.match(/a=extmap:4 http:\/\/www\.ietf\.org\/id\/draft-holmer/g)?.length, 2);
  const without = answerTo(chromium.replaceAll(/a=rtcp-fb:.*transport-cc\r\n/g, ''), peerOf(udp));
  assert.equal(without.tracks[0]?.transportCcId, undefined);
  assert.doesNotMatch(without.answer, /extmap/);
});

function payloadTypeOf(track: SendTrack | undefined, codec: Codec): number | undefined {
  return track?.payloadTypes.find((payload) => payload.codec === codec)?.payloadType;
}

test('falls back to another profile where Constrained Baseline is missing', () => {
  const profiles = [
    { without: /42e01f/g, payloadType: 102 }, // 42001f: Baseline
    { without: /42[e0]01f/g, payloadType: 116 }, // 4d001f: Main
  ];
  for (const { without, payloadType } of profiles) {
    const offer = chromium.replaceAll(without, '58001f');
    assert.equal(payloadTypeOf(answerTo(offer).tracks[0], 'h264'), payloadType);
  }
});

test('tells a player without any codec of ours what is missing', () => {
  const offer = firefox.replaceAll(/(VP8|VP9|AV1)\/90000/g, 'theora/90000');
  const refused = answerViewer(offer, peerOf(tcp), ssrcs);
  assert.ok(isRefusal(refused));
  assert.equal(
    refused.message,
    'This player can show THEORA; this server sends H.264, H.265 (HEVC), AV1, VP9, VP8 video and Opus audio.',
  );
});

test('answers Firefox without H.264', () => {
  const { tracks } = answerTo(firefox);
  assert.deepEqual(
    tracks[0]?.payloadTypes.map(({ codec, payloadType }) => [codec, payloadType]),
    [
      ['vp8', 120],
      ['vp9', 121],
      ['av1', 99],
    ],
  );
});

test('H.265 with Main before Main 10, and in one stream only', () => {
  const withH265 = (...payloads: readonly (readonly [type: number, parameters: string])[]) => {
    const types = payloads.map(([type]) => ` ${type}`).join('');
    const lines = payloads.map(
      ([type, parameters]) => `a=rtpmap:${type} H265/90000\r\na=fmtp:${type} ${parameters}\r\n`,
    );
    return chromium
      .replace('SAVPF 96', `SAVPF${types} 96`)
      .replace('a=rtpmap:96', `${lines.join('')}a=rtpmap:96`);
  };
  const main = 'level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST';
  const main10 = 'level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST';
  const { tracks, answer } = answerTo(withH265([50, main10], [51, main]));
  assert.equal(payloadTypeOf(tracks[0], 'h265'), 51);
  assert.match(answer, /a=fmtp:51 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST\r\n/);
  assert.equal(payloadTypeOf(answerTo(withH265([50, main10])).tracks[0], 'h265'), 50);
  const several = answerTo(withH265([50, 'profile-id=1;tx-mode=MRST']));
  assert.equal(payloadTypeOf(several.tracks[0], 'h265'), undefined);
});

test('answers Firefox once it has H.264', () => {
  const { tracks, answer } = answerTo(readSdp('view-firefox-153-h264.sdp'));
  assert.equal(payloadTypeOf(tracks[0], 'h264'), 126, 'Constrained Baseline in mode 1');
  assert.match(answer, /a=fmtp:126 [^\r]*profile-level-id=42e01f/);
  assert.equal(tracks[1]?.payloadTypes[0]?.payloadType, 109);
  assert.doesNotMatch(answer, /extmap/);
});

test('answers Safari, which offers Constrained High first, with Constrained Baseline and H.265', () => {
  const { tracks, answer } = answerTo(readSdp('view-safari-documented.sdp'));
  assert.deepEqual(
    tracks[0]?.payloadTypes.map(({ codec, payloadType }) => [codec, payloadType]),
    [
      ['h264', 98],
      ['h265', 104],
      ['vp8', 106],
      ['vp9', 108],
    ],
  );
  assert.match(answer, /a=fmtp:98 [^\r]*profile-level-id=42e01f/);
  assert.equal(payloadTypeOf(tracks[1], 'opus'), 111);
});

test('rejects a second video and answers the first', () => {
  const video = /m=video[\s\S]*?(?=m=audio)/.exec(chromium)?.[0] ?? '';
  const offer = `${chromium.replace('BUNDLE 0 1', 'BUNDLE 0 1 2')}${video.replace('a=mid:0', 'a=mid:2')}`;
  const { tracks, answer } = answerTo(offer);
  assert.equal(tracks.length, 2);
  assert.deepEqual(
    read(answer).sections.map((section) => section.port),
    [9, 9, 0],
  );
  assert.match(answer, /a=group:BUNDLE 0 1\r\n/);
});

test('refuses an offer that wants nothing', () => {
  const refused = answerViewer(chromium.replaceAll('recvonly', 'inactive'), peerOf(tcp), ssrcs);
  assert.ok(isRefusal(refused));
  assert.equal(refused.refused, 'no-media');
});

test('our own offer has what OvenPlayer needs', () => {
  const offer = offerViewer(peerOf(tcp), ssrcs);
  const parsed = read(offer);
  assert.deepEqual(parsed.groups, [{ type: 'BUNDLE', mids: ['0', '1'] }]);
  assert.equal(parsed.iceLite, true);
  for (const section of parsed.sections) {
    assert.equal(section.direction, 'sendonly');
    assert.equal(section.transport.setup, 'actpass');
    assert.equal(section.rtcpMux, true);
  }
  assert.doesNotMatch(offer, /candidate/); // they travel beside it
  // It shows the stream of the track that came last: both have to be in one.
  const streams = [...offer.matchAll(/^a=msid:(\S+) /gm)].map(([, stream]) => stream);
  assert.deepEqual(streams, ['millrace', 'millrace']);
  assert.match(offer, /a=fmtp:111 [^\r]*stereo=1/);
  assert.match(offer, /a=fmtp:102 [^\r]*profile-level-id=42e01f/);
});

/** As a browser answers: our payload types, its own transport. */
function browserAnswer(offer: string): string {
  return offer
    .replace('a=ice-lite\r\n', '')
    .replaceAll('a=setup:actpass', 'a=setup:active')
    .replaceAll('a=sendonly', 'a=recvonly')
    .replaceAll('localUfrag', 'browserUfrag')
    .replaceAll(/a=(ssrc|msid).*\r\n/g, '');
}

test('reads the answer to our own offer', () => {
  const local = peerOf(udp, tcp);
  const answer = browserAnswer(offerViewer(local, ssrcs));
  const agreement = acceptViewerAnswer(answer, local, ssrcs);
  assert.ok(!isRefusal(agreement));
  assert.equal(agreement.peer.dtlsRole, 'server');
  assert.equal(agreement.peer.remoteUfrag, 'browserUfrag');
  assert.deepEqual(
    agreement.tracks.map((track) => [track.mid, track.ssrc, track.nack, track.payloadTypes]),
    [
      [
        '0',
        2222,
        true,
        [
          { codec: 'h264', payloadType: 102, rtxPayloadType: 127 },
          { codec: 'h265', payloadType: 104, rtxPayloadType: 126 },
          { codec: 'av1', payloadType: 100, rtxPayloadType: 125 },
          { codec: 'vp9', payloadType: 98, rtxPayloadType: 124 },
          { codec: 'vp8', payloadType: 96, rtxPayloadType: 123 },
        ],
      ],
      ['1', 1111, false, [{ codec: 'opus', payloadType: 111, rtxPayloadType: undefined }]],
    ],
  );
});

test('a rejected section is a track less', () => {
  const local = peerOf(tcp);
  const answer = browserAnswer(offerViewer(local, ssrcs)).replace('m=video 9', 'm=video 0');
  const agreement = acceptViewerAnswer(answer, local, ssrcs);
  assert.ok(!isRefusal(agreement));
  assert.deepEqual(
    agreement.tracks.map((track) => track.kind),
    ['audio'],
  );
});

test('refuses answers that do not fit the offer', () => {
  const local = peerOf(tcp);
  const good = browserAnswer(offerViewer(local, ssrcs));
  const cases: readonly [string, string][] = [
    [good.replace(/m=audio[\s\S]*/, ''), 'answer-mismatch'],
    [good.replace('a=mid:0', 'a=mid:7'), 'answer-mismatch'],
    [good.replaceAll('setup:active', 'setup:actpass'), 'bad-setup'],
    [good.replaceAll(/m=(\w+) 9/g, 'm=$1 0'), 'no-media'],
    [good.replaceAll(/a=fingerprint.*\r\n/g, ''), 'no-fingerprint'],
    ['v=0\r\n', 'answer-mismatch'],
  ];
  for (const [answer, want] of cases) {
    const refused = acceptViewerAnswer(answer, local, ssrcs);
    assert.ok(isRefusal(refused), want);
    assert.equal(refused.refused, want);
  }
});
