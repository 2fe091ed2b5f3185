// Runs in the page, ahead of its own scripts (see chromium.ts). Plain JavaScript: the browser gets it as it is.
//
// window.watching tells what a viewer of a clock-source picture gets: when each frame was drawn (the cells at its top),
// when it was shown, when the beeps that start with each second were heard, and what WebRTC counted.
{
  const peers = [];
  const NativePeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativePeer {
    constructor(...options) {
      super(...options);
      peers.push(this);
    }
  };
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    return attachShadow.call(this, { ...options, mode: 'open' });
  };

  function findVideo(root) {
    const video = root.querySelector('video');
    if (video) return video;
    for (const element of root.querySelectorAll('*')) {
      const inside = element.shadowRoot && findVideo(element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  }

  const CELLS = 32;
  const canvas = document.createElement('canvas');
  canvas.width = CELLS * 8;
  canvas.height = 16;
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** Date.now() of when the frame was drawn, read from its cells; undefined when they contradict each other. */
  function readClock(video) {
    const { videoWidth: width, videoHeight: height } = video;
    context.drawImage(video, 0, 0, width, height / 9, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let clock = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const level = (row) => data[((row * 8 + 4) * canvas.width + cell * 8 + 4) * 4];
      const upper = level(0) > 127;
      if (upper === level(1) > 127) return undefined;
      clock = clock * 2 + (upper ? 1 : 0);
    }
    const now = Date.now();
    const age = (now % 2 ** 32) - clock;
    return now - (age < -(2 ** 31) ? age + 2 ** 32 : age);
  }

  const frames = [];
  const beeps = [];
  let shown = 0;
  let unreadable = 0;
  let watched = null;

  function onFrame(_now, metadata) {
    shown++;
    const drawnMs = readClock(watched);
    const shownMs = performance.timeOrigin + metadata.presentationTime;
    if (drawnMs === undefined) unreadable++;
    else frames.push({ drawnMs, shownMs, latencyMs: shownMs - drawnMs });
    if (frames.length > 3000) frames.shift();
    watched.requestVideoFrameCallback(onFrame);
  }

  /** Waits for a video element; a new one (a player that started over) is followed too. */
  setInterval(() => {
    const video = findVideo(document);
    if (!video || video === watched) return;
    watched = video;
    watched.requestVideoFrameCallback(onFrame);
  }, 50);

  const ONSETS = `registerProcessor('onsets', class extends AudioWorkletProcessor {
    quietSince = 0;
    process([input]) {
      const samples = input[0];
      if (!samples) return true;
      for (let index = 0; index < samples.length; index++) {
        if (Math.abs(samples[index]) < 0.1) continue;
        const at = currentTime + index / sampleRate;
        if (at - this.quietSince > 0.3) this.port.postMessage(at);
        this.quietSince = at;
      }
      return true;
    }
  });`;

  /** Listens to the stream that the page plays; needs a browser that may start sound without a gesture. */
  async function listen() {
    const audio = new AudioContext();
    await audio.audioWorklet.addModule(
      URL.createObjectURL(new Blob([ONSETS], { type: 'text/javascript' })),
    );
    const onsets = new AudioWorkletNode(audio, 'onsets');
    audio.createMediaStreamSource(watched.srcObject).connect(onsets);
    // The context's clock moves in steps; where it is least behind, it is right. What it misses on a busy machine it never makes up
    // for: only the last seconds count.
    let leastMs = [Number.POSITIVE_INFINITY];
    const compare = () => {
      const nowMs = performance.timeOrigin + performance.now();
      leastMs[0] = Math.min(leastMs[0], nowMs - audio.currentTime * 1000);
    };
    setInterval(compare, 7);
    setInterval(() => {
      leastMs = [Number.POSITIVE_INFINITY, ...leastMs].slice(0, 4);
    }, 1000);
    onsets.port.onmessage = ({ data }) => {
      compare();
      const heardMs = data * 1000 + Math.min(...leastMs);
      // A beep starts with each second of the sender's clock, and comes here less than a second later.
      beeps.push({ heardMs, latencyMs: heardMs % 1000 });
    };
  }

  async function inbound(kind) {
    for (const peer of peers.toReversed()) {
      if (peer.connectionState === 'closed') continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === kind) return { ...report };
      }
    }
    return undefined;
  }

  /** Where media come from: the server's candidate in use. */
  async function remote() {
    for (const peer of peers.toReversed()) {
      const stats = await peer.getStats();
      for (const report of stats.values()) {
        if (report.type !== 'transport' || !report.selectedCandidatePairId) continue;
        const pair = stats.get(report.selectedCandidatePairId);
        return stats.get(pair.remoteCandidateId);
      }
    }
    return undefined;
  }

  window.watching = {
    peers,
    listen,
    inbound,
    /** `udp` or `tcp`. */
    transport: async () => (await remote())?.protocol,
    remotePort: async () => (await remote())?.port,
    /** All since `sinceMs` on this machine's clock. */
    since(sinceMs) {
      return {
        frames: frames.filter(({ shownMs }) => shownMs >= sinceMs),
        beeps: beeps.filter(({ heardMs }) => heardMs >= sinceMs),
        shown,
        unreadable,
      };
    },
    video() {
      return (
        watched && {
          paused: watched.paused,
          muted: watched.muted,
          width: watched.videoWidth,
          currentTime: watched.currentTime,
        }
      );
    },
  };
}
