import type { StatsReport } from './playback-stats.ts';
import {
  describe,
  type Fetch,
  type OfferingPeer,
  type PathState,
  pathOf,
  SdpResource,
} from './sdp-resource.ts';

/** Why the server does not give us a session. */
export type Refusal =
  | {
      readonly kind: 'refused';
      readonly reason: RefusedReason;
      readonly detail: string | undefined;
    }
  /** Not now: worth another try, not before `afterMs` where the server says so. */
  | {
      readonly kind: 'later';
      readonly reason: 'unreachable' | 'busy' | 'full';
      readonly afterMs: number;
    };

export type RefusedReason =
  | 'not-found' // 404: no such name or app
  | 'not-allowed' // 401, 403
  | 'unsupported' // 406, 415, 422: no codec or transport in common
  | 'closed' // 403, and the app is closed for now
  | 'gone' // 410: closed for good
  | 'no-webrtc' // this browser has none
  | 'rejected'; // anything else that the server says no to

/** The part of RTCPeerConnection that we use. */
export type PeerConnection = OfferingPeer &
  Pick<RTCPeerConnection, 'addTransceiver' | 'getReceivers' | 'close'> & {
    getStats(): Promise<StatsReport>;
    oniceconnectionstatechange: unknown;
    onconnectionstatechange: unknown;
    ontrack: unknown;
  };

export type WhepEnvironment = {
  /** Throws where the browser has no WebRTC. */
  readonly createPeer: () => PeerConnection;
  readonly fetch: Fetch;
};

export type SessionListeners = {
  readonly path: (state: PathState) => void;
  readonly tracks: (tracks: readonly MediaStreamTrack[]) => void;
};

/** A problem text is shown to a viewer: a sentence, not a page. */
const DETAIL_CHARS_MAX = 200;
/** What we wait when a busy server does not say how long. */
const BUSY_MS = 5_000;

const REFUSALS: Readonly<Record<number, RefusedReason>> = {
  401: 'not-allowed',
  403: 'not-allowed',
  404: 'not-found',
  406: 'unsupported',
  410: 'gone',
  415: 'unsupported',
  422: 'unsupported',
};

/** Problems (RFC 9457) of an app that is closed, and may open again. */
const OUTSIDE_HOURS = 'urn:millrace:problem:outside-hours';
/** All places are taken: of the server, or of the visitor's network. */
const LIMIT_REACHED = 'urn:millrace:problem:limit-reached';
const CLOSED: readonly string[] = [
  'urn:millrace:problem:app-closed',
  OUTSIDE_HOURS,
  'urn:millrace:problem:closed-idle',
];

/** One RTCPeerConnection and its WHEP resource (draft-ietf-wish-whep). Not reusable: the client opens another. */
export class WhepSession {
  readonly #environment: WhepEnvironment;
  readonly #listeners: SessionListeners;
  readonly #resource: SdpResource;
  #peer: PeerConnection | undefined;
  #path: PathState | undefined;
  #closed = false;

  constructor(environment: WhepEnvironment, listeners: SessionListeners) {
    this.#environment = environment;
    this.#listeners = listeners;
    this.#resource = new SdpResource((url, init) => environment.fetch(url, init));
  }

  /** Offers, and applies the server's answer. Undefined when that worked; the path comes up later. */
  async open(endpoint: string): Promise<Refusal | undefined> {
    let peer: PeerConnection;
    try {
      peer = this.#createPeer();
    } catch {
      return { kind: 'refused', reason: 'no-webrtc', detail: undefined };
    }
    const offer = await peer.createOffer();
    const sdp = await describe(peer, offer.sdp ?? '');
    const response = await this.#resource.offer(endpoint, sdp);
    if (response === undefined) return { kind: 'later', reason: 'unreachable', afterMs: 0 };
    if (response.status !== 201) return refusalOf(response);
    if (this.#closed) {
      // Closed while we waited: the server has a session that nobody wants.
      this.#resource.release();
      return undefined;
    }
    return this.#accept(peer, this.#resource.answer);
  }

  /** New ICE credentials on the same session (RFC 9725 §4.3.2). False: the server has no such session (any more). */
  async restartIce(): Promise<boolean> {
    return this.#peer !== undefined && this.#resource.restartIce(this.#peer);
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
      this.#peer.ontrack = null;
      this.#peer.close();
    }
    this.#resource.release();
  }

  #createPeer(): PeerConnection {
    const peer = this.#environment.createPeer();
    this.#peer = peer;
    for (const kind of ['video', 'audio'] as const) {
      const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' });
      keepShort(receiver);
    }
    const tracks: MediaStreamTrack[] = [];
    peer.ontrack = (event: RTCTrackEvent) => {
      tracks.push(event.track);
      this.#listeners.tracks([...tracks]);
    };
    peer.oniceconnectionstatechange = () => this.#look();
    peer.onconnectionstatechange = () => this.#look();
    return peer;
  }

  async #accept(peer: PeerConnection, sdp: string): Promise<Refusal | undefined> {
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp });
    } catch (error) {
      return { kind: 'refused', reason: 'unsupported', detail: String(error) };
    }
    const dtls = peer.getReceivers()[0]?.transport;
    if (dtls) dtls.onstatechange = () => this.#look();
    return undefined;
  }

  #look(): void {
    const peer = this.#peer;
    if (peer === undefined || this.#closed) return;
    const next = pathOf(peer, peer.getReceivers()[0]?.transport?.state);
    if (next === this.#path) return;
    this.#path = next;
    if (next === 'gone') this.#resource.forget();
    if (next !== undefined) this.#listeners.path(next);
  }
}

/** Asks the browser to hold frames for as short as it can. Live is the point; a stutter is better than a lag. */
function keepShort(receiver: RTCRtpReceiver): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  // Chromium up to 123, so OBS's older browser sources.
  else Object.assign(receiver, { playoutDelayHint: 0 });
}

async function refusalOf(response: Response): Promise<Refusal> {
  const { status } = response;
  if (status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? '');
    const afterMs = seconds > 0 ? seconds * 1000 : BUSY_MS;
    const isFull = (await problemOf(response)).type === LIMIT_REACHED;
    return { kind: 'later', reason: isFull ? 'full' : 'busy', afterMs };
  }
  const { type, detail } = await problemOf(response);
  if (type !== undefined && CLOSED.includes(type)) {
    // The hours are for viewers too; how an app is opened is not.
    const hours = type === OUTSIDE_HOURS ? detail : undefined;
    return { kind: 'refused', reason: 'closed', detail: hours };
  }
  return { kind: 'refused', reason: REFUSALS[status] ?? 'rejected', detail };
}

/** The word and the sentence of a problem body (RFC 9457), if there is one. */
async function problemOf(
  response: Response,
): Promise<{ readonly type: string | undefined; readonly detail: string | undefined }> {
  try {
    if (!response.headers.get('content-type')?.includes('json')) return NO_PROBLEM;
    const { type, detail } = (await response.json()) as { type?: unknown; detail?: unknown };
    return {
      type: typeof type === 'string' ? type : undefined,
      detail: typeof detail === 'string' ? detail.slice(0, DETAIL_CHARS_MAX) : undefined,
    };
  } catch {
    return NO_PROBLEM;
  }
}

const NO_PROBLEM = { type: undefined, detail: undefined };
