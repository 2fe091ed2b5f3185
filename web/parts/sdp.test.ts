import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iceFragment, preferStereo, restartedAnswer, startVideoAt } from './sdp.ts';

const offer = [
  'v=0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 102',
  'a=ice-ufrag:new1',
  'a=ice-pwd:new-password-of-22-chars',
  'a=mid:0',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'a=ice-ufrag:new1',
  'a=ice-pwd:new-password-of-22-chars',
  'a=mid:1',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  '',
].join('\r\n');

test('asks for stereo in the Opus line and in no other', () => {
  const munged = preferStereo(offer);
  assert.match(munged, /a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n/);
  assert.match(munged, /a=fmtp:63 111\/111\r\n/);
  assert.match(munged, /a=fmtp:102 packetization-mode=1\r\n/);
  assert.equal(preferStereo(munged), munged);
});

test('leaves a line alone that says stereo already, as Firefox writes it', () => {
  const firefox =
    'a=rtpmap:109 opus/48000/2\r\na=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\n';
  assert.equal(preferStereo(firefox), firefox);
});

test('a bit rate to begin with goes to every codec of the picture, once', () => {
  const munged = startVideoAt(`${offer}a=rtpmap:98 VP8/90000\r\n`, 2_000_000);
  assert.match(munged, /a=fmtp:102 packetization-mode=1;x-google-start-bitrate=2000\r\n/);
  assert.match(munged, /a=rtpmap:98 VP8\/90000\r\na=fmtp:98 x-google-start-bitrate=2000\r\n/);
  assert.match(munged, /a=fmtp:111 minptime=10;useinbandfec=1\r\n/);
  assert.equal(startVideoAt(munged, 2_000_000), munged);
});

test('writes the fragment of an ICE restart', () => {
  assert.equal(
    iceFragment(offer),
    'a=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=ice-ufrag:new1\r\na=ice-pwd:new-password-of-22-chars\r\n',
  );
  assert.equal(iceFragment('v=0\r\n'), undefined);
});

test('puts the new credentials and candidates of the server into its old answer', () => {
  const answer = [
    'v=0',
    'a=ice-lite',
    'm=video 9 UDP/TLS/RTP/SAVPF 102',
    'a=ice-ufrag:old',
    'a=ice-pwd:old-password',
    'a=candidate:1 1 tcp 2105458943 192.0.2.1 3478 typ host tcptype passive',
    'a=end-of-candidates',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=ice-ufrag:old',
    'a=ice-pwd:old-password',
    '',
  ].join('\r\n');
  const fragment = [
    'a=ice-lite',
    'm=video 9 UDP/TLS/RTP/SAVPF 0',
    'a=mid:0',
    'a=ice-ufrag:fresh',
    'a=ice-pwd:fresh-password',
  ];
  const withoutCandidates = restartedAnswer(answer, `${fragment.join('\r\n')}\r\n`) ?? '';
  assert.equal(withoutCandidates.match(/a=ice-ufrag:fresh/g)?.length, 2);
  assert.equal(withoutCandidates.match(/old/g), null);
  assert.match(withoutCandidates, /192\.0\.2\.1/);

  const moved = [...fragment, 'a=candidate:1 1 udp 2130706431 198.51.100.2 10000 typ host'];
  const withCandidates = restartedAnswer(answer, moved.join('\n')) ?? '';
  assert.doesNotMatch(withCandidates, /192\.0\.2\.1/);
  assert.ok(withCandidates.indexOf('198.51.100.2') < withCandidates.indexOf('m=audio'));
  assert.equal(restartedAnswer(answer, ''), undefined);
});
