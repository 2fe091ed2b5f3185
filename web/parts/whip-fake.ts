/** A world for the WHIP client's tests: time and server of the WHEP client's, and a connection that sends as told. */
import type { StatsReport } from './playback-stats.ts';
import { FakeWorld } from './whep-fake.ts';
import type { WhipClientEnvironment } from './whip-client.ts';
import type { SendingPeer } from './whip-session.ts';

export class FakeSender {
  track: unknown;
  transport: { state: RTCDtlsTransportState; onstatechange: (() => void) | null };
  parameters: RTCRtpSendParameters;

  constructor(
    track: unknown,
    encodings: RTCRtpEncodingParameters[],
    transport: FakeSender['transport'],
  ) {
    this.track = track;
    this.transport = transport;
    this.parameters = { encodings } as unknown as RTCRtpSendParameters;
  }

  getParameters(): RTCRtpSendParameters {
    return structuredClone(this.parameters);
  }

  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.parameters = parameters;
  }

  async replaceTrack(track: unknown): Promise<void> {
    this.track = track;
  }
}

const BITS_PER_SECOND = 2_000_000;
const CHECK_MS = 2_500;

/** Stands for RTCPeerConnection, as far as the session uses it. */
export class FakeSendingPeer {
  readonly senders: FakeSender[] = [];
  readonly preferences: RTCRtpCodec[][] = [];
  readonly remote: string[] = [];
  closed = false;
  /** The server answers ICE checks. */
  answers = true;
  /** What congestion control allows, by the time since it is up; undefined in browsers that do not tell. */
  available: ((upMs: number) => number) | undefined;
  fractionLost = 0.02;
  videoBps = BITS_PER_SECOND;
  iceConnectionState: RTCIceConnectionState = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  oniceconnectionstatechange: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly #transport: FakeSender['transport'] = { state: 'new', onstatechange: null };
  readonly #nowMs: () => number;
  #upMs: number | undefined;
  #checks = 0;
  #offers = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  addTransceiver(
    track: unknown,
    { sendEncodings = [{}] }: { sendEncodings?: RTCRtpEncodingParameters[] },
  ) {
    const sender = new FakeSender(track, structuredClone(sendEncodings), this.#transport);
    this.senders.push(sender);
    return {
      sender,
      setCodecPreferences: (codecs: RTCRtpCodec[]) => void this.preferences.push(codecs),
    };
  }

  async createOffer() {
    this.#offers += 1;
    const sdp = [
      ...['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=mid:0'],
      ...[`a=ice-ufrag:ufrag${this.#offers}`, 'a=ice-pwd:password'],
      ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10'],
      '',
    ].join('\r\n');
    return { type: 'offer', sdp };
  }

  async setLocalDescription() {}

  async setRemoteDescription(description: { sdp: string }) {
    this.remote.push(description.sdp);
  }

  up(): void {
    this.#upMs ??= this.#nowMs();
    this.connectionState = 'connected';
    this.#transport.state = 'connected';
    this.set('connected');
  }

  set(state: RTCIceConnectionState): void {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
  }

  /** The server's DTLS close_notify. */
  goodbye(): void {
    this.#transport.state = 'closed';
    this.#transport.onstatechange?.();
  }

  close(): void {
    this.closed = true;
  }

  async getStats(): Promise<StatsReport> {
    const upMs = this.#upMs === undefined ? 0 : this.#nowMs() - this.#upMs;
    if (this.answers) this.#checks = Math.floor(upMs / CHECK_MS);
    return [
      {
        ...{ id: 'v', type: 'outbound-rtp', kind: 'video', codecId: 'cv' },
        ...{ frameWidth: 1280, frameHeight: 720, framesPerSecond: 30 },
        bytesSent: (upMs / 8000) * this.videoBps,
        qualityLimitationReason: 'bandwidth',
      },
      { id: 'a', type: 'outbound-rtp', kind: 'audio', codecId: 'ca', bytesSent: upMs * 16 },
      { id: 'cv', type: 'codec', mimeType: 'video/H264' },
      { id: 'ca', type: 'codec', mimeType: 'audio/opus' },
      { id: 'r', type: 'remote-inbound-rtp', kind: 'video', fractionLost: this.fractionLost },
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
      {
        ...{ id: 'p', type: 'candidate-pair', localCandidateId: 'l' },
        ...{ currentRoundTripTime: 0.02, responsesReceived: this.#checks },
        ...(this.available && { availableOutgoingBitrate: this.available(upMs) }),
      },
      { id: 'l', type: 'local-candidate', protocol: 'tcp' },
    ];
  }
}

export class FakeWhipWorld extends FakeWorld {
  readonly sending: FakeSendingPeer[] = [];
  readonly whip: WhipClientEnvironment;
  codecs: readonly RTCRtpCodec[] | undefined = ['VP8', 'rtx', 'H264', 'VP9'].map((name) => ({
    mimeType: `video/${name}`,
    clockRate: 90_000,
    ...(name === 'H264' && { sdpFmtpLine: 'packetization-mode=1' }),
  }));
  /** New connections come up by themselves, this long after they were made. */
  upAfterMs: number | undefined;

  constructor(options: { random: number; webrtc: boolean }) {
    super(options);
    const { environment } = this;
    this.whip = {
      ...environment,
      videoCodecs: () => this.codecs,
      createPeer: () => {
        if (!options.webrtc) throw new ReferenceError('RTCPeerConnection is not defined');
        const peer = new FakeSendingPeer(environment.nowMs);
        this.sending.push(peer);
        if (this.upAfterMs !== undefined) environment.setTimer(() => peer.up(), this.upAfterMs);
        return peer as unknown as SendingPeer;
      },
    };
  }

  /** The newest connection. */
  get sender(): FakeSendingPeer {
    return this.sending.at(-1)!;
  }
}
