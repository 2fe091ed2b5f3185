/** A world for the WHEP client's tests: virtual time, a server that answers as told, a connection that flows as told. */
import type { StatsReport } from './playback-stats.ts';
import type { ClientEnvironment } from './whep-client.ts';
import type { PeerConnection } from './whep-session.ts';

/** What comes through the fake connection. */
export type FakeFlow = 'media' | 'audio' | 'lossy' | 'undecodable' | 'checks' | 'nothing';

type FakeAnswer =
  | 'unreachable'
  | { status: number; headers?: Record<string, string>; body?: string };

type FakeRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly keepalive: boolean;
  readonly atMs: number;
};

const FPS = 30;
const AUDIO_PACKETS = 50;
const STEP_MS = 10;

export class FakeWorld {
  readonly requests: FakeRequest[] = [];
  readonly peers: FakePeer[] = [];
  readonly answers: { POST?: FakeAnswer | undefined; PATCH?: FakeAnswer | undefined } = {};
  /** Whether new connections come up by themselves. */
  autoUp = false;
  nextFlow: FakeFlow = 'checks';
  /** How long the server takes to answer. */
  delayMs = 0;
  readonly environment: ClientEnvironment;
  #nowMs = 0;
  #timers = new Map<number, { atMs: number; callback: () => void }>();
  #nextTimer = 1;
  #sessions = 0;

  constructor(options: { random: number; webrtc: boolean }) {
    this.environment = {
      nowMs: () => this.#nowMs,
      random: () => options.random,
      setTimer: (callback, delayMs) => {
        this.#timers.set(this.#nextTimer, { atMs: this.#nowMs + delayMs, callback });
        return this.#nextTimer++;
      },
      clearTimer: (timer) => void this.#timers.delete(timer),
      fetch: (url, init) => this.#fetch(url, init),
      createPeer: () => {
        if (!options.webrtc) throw new ReferenceError('RTCPeerConnection is not defined');
        const peer = new FakePeer(this.nextFlow);
        this.peers.push(peer);
        return peer as unknown as PeerConnection;
      },
    };
  }

  /** The newest connection. */
  get peer(): FakePeer {
    return this.peers.at(-1)!;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(this.#nowMs + STEP_MS, endMs);
      for (const peer of this.peers) peer.pass(STEP_MS);
      await this.#fire();
    }
    await this.#fire();
  }

  /** Time passes, and nothing of ours runs meanwhile. */
  async sleep(byMs: number): Promise<void> {
    this.#nowMs += byMs;
    await this.#fire();
  }

  async #fire(): Promise<void> {
    for (;;) {
      const due = [...this.#timers].find(([, { atMs }]) => atMs <= this.#nowMs);
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      due[1].callback();
      await settle();
    }
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const method = init.method ?? 'GET';
    this.requests.push({
      method,
      url,
      headers: (init.headers ?? {}) as Record<string, string>,
      body: String(init.body ?? ''),
      keepalive: init.keepalive ?? false,
      atMs: this.#nowMs,
    });
    if (this.delayMs > 0) {
      await new Promise<void>((resolve) => {
        this.environment.setTimer(resolve, this.delayMs);
      });
    }
    const told = method === 'POST' || method === 'PATCH' ? this.answers[method] : undefined;
    if (told === 'unreachable') throw new TypeError('fetch failed');
    if (told) return new Response(told.body ?? null, told);
    return this.#serve(method);
  }

  #serve(method: string): Response {
    if (method === 'DELETE') return new Response(null, { status: 200 });
    if (method === 'PATCH') {
      return new Response('a=ice-ufrag:restarted\r\na=ice-pwd:restarted-password\r\n');
    }
    this.#sessions += 1;
    if (this.autoUp) {
      const { peer } = this;
      this.environment.setTimer(() => peer.up(), STEP_MS);
    }
    return new Response('v=0\r\nm=video 9 X 102\r\na=ice-ufrag:server\r\na=ice-pwd:secret\r\n', {
      status: 201,
      headers: { location: `/session/${this.#sessions}` },
    });
  }
}

/** Stands for RTCPeerConnection, as far as the session uses it. */
export class FakePeer {
  readonly kinds: string[] = [];
  readonly remote: string[] = [];
  readonly receivers: { jitterBufferTarget: number; transport: RTCDtlsTransport }[] = [];
  flow: FakeFlow;
  closed = false;
  iceConnectionState: RTCIceConnectionState = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  oniceconnectionstatechange: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: unknown = null;
  readonly #dtls: { state: RTCDtlsTransportState; onstatechange: (() => void) | null } = {
    state: 'new',
    onstatechange: null,
  };
  #offers = 0;
  #seconds = { video: 0, lost: 0, audio: 0, path: 0, decoded: 0 };

  constructor(flow: FakeFlow) {
    this.flow = flow;
  }

  addTransceiver(kind: string) {
    this.kinds.push(kind);
    const receiver = {
      jitterBufferTarget: 100,
      transport: this.#dtls as unknown as RTCDtlsTransport,
    };
    this.receivers.push(receiver);
    return { receiver };
  }

  getReceivers() {
    return this.receivers;
  }

  async createOffer() {
    this.#offers += 1;
    const sdp = [
      'v=0',
      'm=video 9 UDP/TLS/RTP/SAVPF 102',
      'a=mid:0',
      `a=ice-ufrag:ufrag${this.#offers}`,
      'a=ice-pwd:password',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10',
      '',
    ].join('\r\n');
    return { type: 'offer', sdp };
  }

  async setLocalDescription() {}

  async setRemoteDescription(description: { sdp: string }) {
    this.remote.push(description.sdp);
  }

  up(): void {
    this.connectionState = 'connected';
    this.#dtls.state = 'connected';
    this.set('connected');
  }

  set(state: RTCIceConnectionState): void {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
  }

  /** The server's DTLS close_notify. */
  goodbye(): void {
    this.flow = 'nothing';
    this.#dtls.state = 'closed';
    this.#dtls.onstatechange?.();
  }

  close(): void {
    this.closed = true;
  }

  pass(ms: number): void {
    if (this.connectionState !== 'connected') return;
    const seconds = ms / 1000;
    const { flow } = this;
    const picture = flow === 'media' || flow === 'lossy';
    if (flow !== 'nothing') this.#seconds.path += seconds;
    if (picture || flow === 'undecodable') this.#seconds.video += seconds;
    if (picture) this.#seconds.decoded += seconds;
    if (picture || flow === 'audio') this.#seconds.audio += seconds;
    if (flow === 'lossy') this.#seconds.lost += seconds;
  }

  async getStats(): Promise<StatsReport> {
    const { video, audio, lost, path, decoded } = this.#seconds;
    return [
      {
        id: 'v',
        type: 'inbound-rtp',
        kind: 'video',
        codecId: 'cv',
        frameWidth: 1280,
        frameHeight: 720,
        bytesReceived: video * 250_000,
        packetsReceived: video * 240,
        packetsLost: lost * 30,
        framesDecoded: Math.floor(decoded * FPS),
        jitterBufferDelay: decoded * FPS * 0.03,
        jitterBufferEmittedCount: decoded * FPS,
      },
      {
        id: 'a',
        type: 'inbound-rtp',
        kind: 'audio',
        codecId: 'ca',
        packetsReceived: Math.floor(audio * AUDIO_PACKETS),
      },
      { id: 'cv', type: 'codec', mimeType: 'video/H264' },
      { id: 'ca', type: 'codec', mimeType: 'audio/opus' },
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
      {
        id: 'p',
        type: 'candidate-pair',
        localCandidateId: 'l',
        currentRoundTripTime: 0.02,
        responsesReceived: Math.floor(path / 2.5),
        bytesReceived: video * 250_000 + audio * 16_000,
      },
      { id: 'l', type: 'local-candidate', protocol: 'tcp' },
    ];
  }
}

/** Lets every promise that is ready run on. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
