/* The media end of player-stand-in.ts. Runs in a page of the browser: a moving landscape, a tone, and who gets them. */
{
  const WIDTH = 1280;
  const HEIGHT = 720;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  let at = 0;
  setInterval(() => {
    at += 1;
    const sky = context.createLinearGradient(0, 0, 0, HEIGHT);
    sky.addColorStop(0, '#274b6d');
    sky.addColorStop(1, '#d98e5f');
    context.fillStyle = sky;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    for (let hill = 0; hill < 3; hill += 1) {
      context.fillStyle = ['#46617a', '#33495c', '#1d2c38'][hill];
      context.beginPath();
      context.moveTo(0, HEIGHT);
      for (let x = 0; x <= WIDTH; x += 20) {
        const phase = x / (260 - hill * 60) + at / (90 - hill * 25) + hill * 2;
        context.lineTo(x, 430 + hill * 90 + Math.sin(phase) * 46);
      }
      context.lineTo(WIDTH, HEIGHT);
      context.fill();
    }
    context.fillStyle = '#ffe0a8';
    context.beginPath();
    context.arc(200 + ((at * 4) % 900), 220, 60, 0, 7);
    context.fill();
  }, 33);
  const picture = canvas.captureStream(30).getVideoTracks()[0];
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const sound = audio.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const tracks = { video: picture, audio: sound.stream.getAudioTracks()[0] };
  const peers = new Map();
  let isLive = false;

  async function apply(peer) {
    for (const { sender, receiver } of peer.getTransceivers()) {
      await sender.replaceTrack(isLive ? tracks[receiver.track.kind] : null);
    }
  }
  window.mediaEnd = {
    async publish(live) {
      isLive = live;
      await Promise.all([...peers.values()].map(apply));
    },
    async answer(session, offer) {
      const peer = new RTCPeerConnection();
      peers.set(session, peer);
      await peer.setRemoteDescription({ type: 'offer', sdp: offer });
      for (const transceiver of peer.getTransceivers()) transceiver.direction = 'sendonly';
      await apply(peer);
      await peer.setLocalDescription();
      while (peer.iceGatheringState !== 'complete') {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return peer.localDescription?.sdp ?? '';
    },
    end(session) {
      peers.get(session)?.close();
      peers.delete(session);
    },
    close() {
      for (const peer of peers.values()) peer.close();
      peers.clear();
    },
  };
}
