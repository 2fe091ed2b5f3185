/** libdatachannel is the WebRTC of OBS: does it take our answers? It does when it sends a check to our candidate. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import nodeDataChannel from 'node-datachannel';
import { startSignalling } from './signalling-server.ts';

/** Its cleanup() crashes on tracks whose JavaScript objects were collected. */
const kept: unknown[] = [];

// It keeps threads of its own, and the process with them.
after(() => {
  nodeDataChannel.cleanup();
  kept.length = 0;
});

for (const transport of ['udp', 'tcp'] as const) {
  test(`takes the answer of WHIP over ${transport}`, async (context) => {
    const { post, firstCheck, media } = await startSignalling(context);
    const peer = new nodeDataChannel.PeerConnection('encoder', {
      iceServers: [],
      enableIceTcp: transport === 'tcp',
    });
    context.after(() => peer.close());
    const audio = new nodeDataChannel.Audio('0', 'SendOnly');
    audio.addOpusCodec(111);
    audio.addSSRC(1, 'cname', 'stream', 'audio');
    const video = new nodeDataChannel.Video('1', 'SendOnly');
    video.addH264Codec(96);
    video.addSSRC(2, 'cname', 'stream', 'video');
    const tracks = [peer.addTrack(audio), peer.addTrack(video)];
    kept.push(peer, audio, video, ...tracks);
    const offered = Promise.withResolvers<string>();
    peer.onLocalDescription((sdp) => offered.resolve(sdp));
    peer.setLocalDescription();
    const { answer } = await post(`/show/a/whip?transport=${transport}`, await offered.promise);
    peer.setRemoteDescription(answer, 'answer');
    const { localUfrag, remoteUfrag } = media.last('open-publisher').peer;
    assert.deepEqual(await firstCheck, { username: `${localUfrag}:${remoteUfrag}`, transport });
    assert.equal(tracks.length, 2);
  });
}
