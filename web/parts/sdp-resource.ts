/** What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) sessions share: the resource at the server, and the way to it. */
import { iceFragment, preferStereo, restartedAnswer } from './sdp.ts';

/** What is known about the way to the server. `gone`: it said goodbye (DTLS close_notify). */
export type PathState = 'up' | 'shaky' | 'down' | 'gone';

/** The part of RTCPeerConnection with which a session is agreed on. */
export type OfferingPeer = Pick<
  RTCPeerConnection,
  | 'createOffer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'iceConnectionState'
  | 'connectionState'
>;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Longer and the server is as good as gone; it answers within milliseconds. */
const REQUEST_MS_MAX = 8_000;
/**
 * The same for each try of a restart. A connection that was kept from before the device changed its network answers no more, and Firefox
 * goes on waiting for it: to give up is to be given another.
 */
const RESTART_TRIES_MS = [1_500, REQUEST_MS_MAX];

/** A server that restarts need not answer. */
const FAREWELL_MS_MAX = 2_000;
const FRAGMENT_HEADERS = {
  'content-type': 'application/trickle-ice-sdpfrag',
  // Whatever the resource looks like now, this replaces it (RFC 9725 §4.3.3).
  'if-match': '*',
};

/** The session as HTTP sees it. */
export class SdpResource {
  readonly #fetch: Fetch;
  #url: string | undefined;
  #answer = '';

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** The server's session description, as it holds now. */
  get answer(): string {
    return this.#answer;
  }

  /** 201 where there is a session from now on. Undefined: the server does not answer. */
  async offer(endpoint: string, sdp: string): Promise<Response | undefined> {
    const response = await this.#request(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
      body: sdp,
    });
    if (response?.status !== 201) return response;
    const location = response.headers.get('location');
    if (location) this.#url = new URL(location, response.url || endpoint).href;
    this.#answer = await response.text().catch(() => '');
    return response;
  }

  /**
   * New ICE credentials on the same session (RFC 9725 §4.3.2).
   * @param read what the browser is given in the place of the answer
   * @returns false: the server has no such session (any more)
   */
  async restartIce(peer: OfferingPeer, read = (answer: string) => answer): Promise<boolean> {
    if (this.#url === undefined) return false;
    try {
      const offer = await peer.createOffer({ iceRestart: true });
      const body = iceFragment(await describe(peer, offer.sdp ?? ''));
      // Released while we waited: nobody wants it any more.
      if (body === undefined || this.#url === undefined) return false;
      const response = await this.#patch(body);
      if (response?.status !== 200) return false;
      const answer = restartedAnswer(this.#answer, await response.text());
      if (answer === undefined || this.#url === undefined) return false;
      await peer.setRemoteDescription({ type: 'answer', sdp: read(answer) });
      this.#answer = answer;
      return true;
    } catch {
      return false;
    }
  }

  /** After the server's goodbye: its answer where it ended the session for good, rather than to restart. */
  async farewell(): Promise<Response | undefined> {
    const url = this.#url;
    this.#url = undefined;
    if (url === undefined) return undefined;
    const init = { method: 'PATCH', headers: FRAGMENT_HEADERS, body: '' };
    const response = await this.#request(url, init, FAREWELL_MS_MAX);
    return response?.status === 410 ? response : undefined;
  }

  /** The server ended the session itself: there is nothing left to delete. */
  forget(): void {
    this.#url = undefined;
  }

  /** Ends the session at the server. */
  release(): void {
    const url = this.#url;
    this.#url = undefined;
    // keepalive: this also has to leave when the page goes away.
    if (url) void this.#request(url, { method: 'DELETE', keepalive: true });
  }

  async #patch(body: string): Promise<Response | undefined> {
    for (const timeoutMs of RESTART_TRIES_MS) {
      if (this.#url === undefined) return undefined;
      const init = { method: 'PATCH', headers: FRAGMENT_HEADERS, body };
      const response = await this.#request(this.#url, init, timeoutMs);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  async #request(
    url: string,
    init: RequestInit,
    timeoutMs = REQUEST_MS_MAX,
  ): Promise<Response | undefined> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      return await this.#fetch(url, { ...init, signal });
    } catch {
      return undefined;
    }
  }
}

/** Sets the munged offer, or the browser's own where it does not allow the change. */
export async function describe(peer: OfferingPeer, offer: string): Promise<string> {
  const munged = preferStereo(offer);
  try {
    await peer.setLocalDescription({ type: 'offer', sdp: munged });
    return munged;
  } catch {
    await peer.setLocalDescription({ type: 'offer', sdp: offer });
    return offer;
  }
}

/** Undefined before the first sign. */
export function pathOf(
  { connectionState, iceConnectionState }: OfferingPeer,
  dtls: RTCDtlsTransportState | undefined,
): PathState | undefined {
  // connectionState turns to `failed` only after ICE gave up; the DTLS transport knows of a goodbye at once.
  if (dtls === 'closed' || dtls === 'failed' || connectionState === 'closed') return 'gone';
  if (iceConnectionState === 'failed') return 'down';
  if (iceConnectionState === 'disconnected') return 'shaky';
  return connectionState === 'connected' ? 'up' : undefined;
}
