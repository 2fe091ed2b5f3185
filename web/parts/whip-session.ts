import type { StatsReport } from './playback-stats.ts';
import { askForOpus, startVideoAt } from './sdp.ts';
import {
  describe,
  type Fetch,
  type OfferingPeer,
  type PathState,
  pathOf,
  SdpResource,
} from './sdp-resource.ts';

/** What is sent, and how well. Can be changed while it is. */
export type Sending = {
  readonly video: {
    readonly maxBitrateBps: number;
    /** What to begin with, where the line is likely to carry it. */
    readonly startBitrateBps?: number;
    readonly maxFps: number;
    /** What gives way first where the line or the processor cannot keep up. */
    readonly degradation: 'balanced' | 'maintain-framerate' | 'maintain-resolution';
    /** A second, smaller picture for viewers on thin lines. Holds from the next session on. */
    readonly simulcast: boolean;
  };
  readonly audio: { readonly maxBitrateBps: number; readonly stereo: boolean };
};

export type SentTracks = {
  readonly video: MediaStreamTrack | null;
  readonly audio: MediaStreamTrack | null;
};

/** Why the server does not take us. */
export type Rejection =
  | {
      readonly kind: 'refused';
      readonly reason: RejectedReason;
      /** The server's own sentence. */
      readonly detail: string | undefined;
    }
  /** Not now: worth another try, not before `afterMs` where the server says so. */
  | { readonly kind: 'later'; readonly reason: 'unreachable' | 'busy'; readonly afterMs: number };

export type RejectedReason =
  | 'taken' // somebody else is live there
  | 'not-invited' // the invite or the key is no longer good
  | 'closed' // the app takes nobody now
  | 'ended' // by whoever runs the server
  | 'not-allowed' // 403 otherwise
  | 'not-found' // 404
  | 'unsupported' // 406, 415, 422: no codec in common
  | 'no-webrtc' // this browser has none
  | 'rejected'; // anything else that the server says no to

/** The part of RTCPeerConnection that we use. */
export type SendingPeer = OfferingPeer &
  Pick<RTCPeerConnection, 'addTransceiver' | 'close'> & {
    getStats(): Promise<StatsReport>;
    oniceconnectionstatechange: unknown;
    onconnectionstatechange: unknown;
  };

export type WhipEnvironment = {
  /** Throws where the browser has no WebRTC. */
  readonly createPeer: () => SendingPeer;
  readonly fetch: Fetch;
  /** What this browser can encode pictures with; undefined where it does not say. */
  readonly videoCodecs: () => readonly RTCRtpCodec[] | undefined;
};

const DETAIL_CHARS_MAX = 300;
/** What we wait when a busy server does not say how long. */
const BUSY_MS = 5_000;
/** The smaller picture has half the width and height, and a fifth of the bits: a quarter of the pixels, a little better kept. */
const SMALL = { rid: 'l', scale: 2, share: 0.2 } as const;
const LARGE_RID = 'h';

/** By the last word of a problem's type (RFC 9457). */
const REASONS: Readonly<Record<string, RejectedReason>> = {
  'slot-taken': 'taken',
  contested: 'taken',
  'invite-over': 'not-invited',
  'invite-needed': 'not-invited',
  'no-key': 'not-invited',
  'wrong-key': 'not-invited',
  'key-revoked': 'not-invited',
  'key-expired': 'not-invited',
  'app-closed': 'closed',
  'outside-hours': 'closed',
  'closed-idle': 'closed',
  'publishing-closed': 'closed',
  'ended-by-operator': 'ended',
};
const STATUSES: Readonly<Record<number, RejectedReason>> = {
  401: 'not-invited',
  403: 'not-allowed',
  404: 'not-found',
  406: 'unsupported',
  415: 'unsupported',
  422: 'unsupported',
};

/** One RTCPeerConnection and its WHIP resource (RFC 9725). Not reusable: the client opens another. */
export class WhipSession {
  readonly #environment: WhipEnvironment;
  readonly #onPath: (path: PathState) => void;
  readonly #resource: SdpResource;
  #sending: Sending;
  #peer: SendingPeer | undefined;
  #video: RTCRtpSender | undefined;
  #audio: RTCRtpSender | undefined;
  #path: PathState | undefined;
  #closed = false;

  constructor(environment: WhipEnvironment, sending: Sending, onPath: (path: PathState) => void) {
    this.#environment = environment;
    this.#sending = sending;
    this.#onPath = onPath;
    this.#resource = new SdpResource((url, init) => environment.fetch(url, init));
  }

  /** Offers, and applies the server's answer. Undefined when that worked; the path comes up later. */
  async open(endpoint: string, tracks: SentTracks): Promise<Rejection | undefined> {
    let peer: SendingPeer;
    try {
      peer = this.#createPeer(tracks);
    } catch {
      return { kind: 'refused', reason: 'no-webrtc', detail: undefined };
    }
    const offer = await peer.createOffer();
    const sdp = await describe(peer, offer.sdp ?? '');
    const response = await this.#resource.offer(endpoint, sdp);
    if (response === undefined) return { kind: 'later', reason: 'unreachable', afterMs: 0 };
    if (response.status !== 201) return rejectionOf(response);
    if (this.#closed) {
      // Closed while we waited: the server has a session that nobody feeds.
      this.#resource.release();
      return undefined;
    }
    return this.#accept(peer);
  }

  /** Another camera or microphone, or none for now, in the place of the one before. */
  async replace(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void> {
    const sender = kind === 'video' ? this.#video : this.#audio;
    await sender?.replaceTrack(track).catch(() => undefined);
  }

  /** From now on this well. */
  async adjust(sending: Sending): Promise<void> {
    this.#sending = sending;
    await Promise.all([this.#tune(this.#video, 'video'), this.#tune(this.#audio, 'audio')]);
  }

  /** New ICE credentials on the same session (RFC 9725 §4.3.2). False: the server has no such session (any more). */
  async restartIce(): Promise<boolean> {
    const read = (answer: string) => this.#readByEncoder(answer);
    return this.#peer !== undefined && this.#resource.restartIce(this.#peer, read);
  }

  /** After the server's goodbye: why it wants the session over for good; undefined where it may only restart. */
  async farewell(): Promise<Rejection | undefined> {
    const response = await this.#resource.farewell();
    return response && rejectionOf(response);
  }

  /** Undefined when there is nothing to read (any more). */
  async readReport(): Promise<StatsReport | undefined> {
    try {
      return this.#closed ? undefined : await this.#peer?.getStats();
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#peer) {
      this.#peer.oniceconnectionstatechange = null;
      this.#peer.onconnectionstatechange = null;
      this.#peer.close();
    }
    this.#resource.release();
  }

  #createPeer({ video, audio }: SentTracks): SendingPeer {
    const peer = this.#environment.createPeer();
    this.#peer = peer;
    // Both kinds always, with or without a track: one that comes later takes the place without a new session.
    const picture = peer.addTransceiver(video ?? 'video', {
      direction: 'sendonly',
      sendEncodings: this.#encodings(),
    });
    this.#prefer(picture);
    this.#video = picture.sender;
    this.#audio = peer.addTransceiver(audio ?? 'audio', { direction: 'sendonly' }).sender;
    peer.oniceconnectionstatechange = () => this.#look();
    peer.onconnectionstatechange = () => this.#look();
    return peer;
  }

  #encodings(): RTCRtpEncodingParameters[] {
    const { maxBitrateBps, maxFps, simulcast } = this.#sending.video;
    const common = { maxFramerate: maxFps, active: true };
    if (!simulcast) return [{ ...common, maxBitrate: maxBitrateBps }];
    const small = Math.round(maxBitrateBps * SMALL.share);
    // The smallest first: some browsers give the bits in this order.
    return [
      { ...common, rid: SMALL.rid, scaleResolutionDownBy: SMALL.scale, maxBitrate: small },
      { ...common, rid: LARGE_RID, scaleResolutionDownBy: 1, maxBitrate: maxBitrateBps },
    ];
  }

  /** H.264 first: every browser plays it, and most computers encode it in hardware. */
  #prefer(transceiver: RTCRtpTransceiver): void {
    const codecs = this.#environment.videoCodecs();
    if (codecs === undefined || !('setCodecPreferences' in transceiver)) return;
    try {
      transceiver.setCodecPreferences(preferred(codecs));
    } catch {
      // A browser that wants the list otherwise offers its own order, and the server takes what it can.
    }
  }

  async #accept(peer: SendingPeer): Promise<Rejection | undefined> {
    try {
      await peer.setRemoteDescription({
        type: 'answer',
        sdp: this.#readByEncoder(this.#resource.answer),
      });
    } catch (error) {
      return { kind: 'refused', reason: 'unsupported', detail: String(error) };
    }
    await this.adjust(this.#sending);
    const dtls = this.#video?.transport;
    if (dtls) dtls.onstatechange = () => this.#look();
    return undefined;
  }

  #readByEncoder(answer: string): string {
    const { video, audio } = this.#sending;
    const withSound = askForOpus(answer, audio);
    const { startBitrateBps } = video;
    return startBitrateBps === undefined ? withSound : startVideoAt(withSound, startBitrateBps);
  }

  async #tune(sender: RTCRtpSender | undefined, kind: 'video' | 'audio'): Promise<void> {
    if (sender === undefined || this.#closed) return;
    try {
      const parameters = sender.getParameters();
      if (kind === 'video') this.#tuneVideo(parameters);
      else
        for (const each of parameters.encodings)
          each.maxBitrate = this.#sending.audio.maxBitrateBps;
      await sender.setParameters(parameters);
    } catch {
      // What this browser cannot be told it decides by itself.
    }
  }

  #tuneVideo(parameters: RTCRtpSendParameters): void {
    const { maxBitrateBps, maxFps, degradation } = this.#sending.video;
    parameters.degradationPreference = degradation;
    for (const encoding of parameters.encodings) {
      const share = encoding.rid === SMALL.rid ? SMALL.share : 1;
      encoding.maxBitrate = Math.round(maxBitrateBps * share);
      encoding.maxFramerate = maxFps;
    }
  }

  #look(): void {
    const peer = this.#peer;
    if (peer === undefined || this.#closed) return;
    const next = pathOf(peer, this.#video?.transport?.state);
    if (next === this.#path) return;
    this.#path = next;
    if (next !== undefined) this.#onPath(next);
  }
}

/** Codecs in the order of our wish; those that only go along (rtx, red, …) stay behind them as they were. */
export function preferred(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const rank = ({ mimeType, sdpFmtpLine = '' }: RTCRtpCodec): number => {
    if (/\/H264$/i.test(mimeType)) return /packetization-mode=1/.test(sdpFmtpLine) ? 0 : 1;
    return /\/VP8$/i.test(mimeType) ? 2 : 3;
  };
  return codecs.toSorted((one, other) => rank(one) - rank(other));
}

async function rejectionOf(response: Response): Promise<Rejection> {
  const { status } = response;
  if (status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? '');
    return { kind: 'later', reason: 'busy', afterMs: seconds > 0 ? seconds * 1000 : BUSY_MS };
  }
  const { word, detail } = await problemOf(response);
  const reason = REASONS[word] ?? STATUSES[status] ?? 'rejected';
  return { kind: 'refused', reason, detail };
}

/** The word and the sentence of a problem body (RFC 9457), if there is one. */
async function problemOf(
  response: Response,
): Promise<{ readonly word: string; readonly detail: string | undefined }> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { type, detail } = (problem ?? {}) as { type?: unknown; detail?: unknown };
  return {
    word: typeof type === 'string' ? (type.split(':').at(-1) ?? '') : '',
    detail: typeof detail === 'string' ? detail.slice(0, DETAIL_CHARS_MAX) : undefined,
  };
}
