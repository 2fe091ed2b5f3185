/** What Chromium publishes by simulcast: a canvas with the clock that page/clock-reader.js reads, in three sizes. */
import type { ViewerPage } from '../interop/chromium.ts';

export type Layer = { readonly rid: string; readonly maxBitrate: number; readonly scale: number };

export const LAYERS: readonly Layer[] = [
  { rid: 'q', maxBitrate: 150_000, scale: 4 },
  { rid: 'h', maxBitrate: 450_000, scale: 2 },
  { rid: 'f', maxBitrate: 1_500_000, scale: 1 },
];
export const WIDTH = 960;
export const HEIGHT = 540;

/** The picture's width of a layer. */
export function widthOf(rid: string): number {
  return WIDTH / (LAYERS.find((layer) => layer.rid === rid)?.scale ?? 1);
}

/** Publishes from this page; the connection is `peer` there. */
export function publishLayers(
  { page }: ViewerPage,
  url: string,
  key: string,
  codec = 'VP8',
): Promise<void> {
  const sendEncodings = LAYERS.map(({ rid, maxBitrate, scale }) => ({
    ...{ rid, maxBitrate, scaleResolutionDownBy: scale },
  }));
  return page.evaluate(`(async () => {
    const [width, height] = [${WIDTH}, ${HEIGHT}];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    // A few blocks change each time: as busy as a talking head, and cheap enough for this machine.
    const blocks = new ImageData(48, 20);
    const pixels = new Uint32Array(blocks.data.buffer).fill(0xff808080);
    const small = Object.assign(document.createElement('canvas'), { width: 48, height: 20 });
    context.imageSmoothingEnabled = false;
    setInterval(() => {
      for (let i = 0; i < 60; i++) {
        pixels[(Math.random() * pixels.length) | 0] = (Math.random() * 2 ** 32) | 0xff000000;
      }
      small.getContext('2d').putImageData(blocks, 0, 0);
      context.drawImage(small, 240, 200, 480, 200);
      const clock = Date.now() % 2 ** 32;
      for (let cell = 0; cell < 32; cell++) {
        const isSet = Math.floor(clock / 2 ** (31 - cell)) % 2 === 1;
        for (const row of [0, 1]) {
          context.fillStyle = isSet === (row === 0) ? '#fff' : '#000';
          context.fillRect((cell * width) / 32, (row * height) / 18, width / 32, height / 18);
        }
      }
    }, 33);
    const audio = new AudioContext();
    const sound = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    tone.connect(sound);
    tone.start();
    const peer = (globalThis.peer = new RTCPeerConnection());
    peer.addTransceiver(sound.stream.getAudioTracks()[0], { direction: 'sendonly' });
    const [track] = canvas.captureStream(30).getVideoTracks();
    const transceiver = peer.addTransceiver(track, {
      direction: 'sendonly',
      sendEncodings: ${JSON.stringify(sendEncodings)},
    });
    const codecs = RTCRtpSender.getCapabilities('video').codecs;
    const isWanted = ({ mimeType, sdpFmtpLine = '' }) =>
      mimeType === 'video/${codec}' && !sdpFmtpLine.includes('packetization-mode=0');
    const isRtx = ({ mimeType }) => mimeType === 'video/rtx';
    transceiver.setCodecPreferences([...codecs.filter(isWanted), ...codecs.filter(isRtx)]);
    // A busy machine shall cost frames, not the size by which layers are told apart.
    const parameters = transceiver.sender.getParameters();
    await transceiver.sender.setParameters({
      ...parameters,
      degradationPreference: 'maintain-resolution',
    });
    await peer.setLocalDescription();
    const response = await fetch('${url}', {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: 'Bearer ${key}' },
      body: peer.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(await response.text());
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  })()`);
}
