/** Janus' own API over HTTP: a session, a handle on the streaming plugin for each viewer, `watch`, `start`. */
import type { WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import { offeredMedia, readDescription, writeDescription } from '../client/description.ts';
import { iceCredentials } from '../client/ice-agent.ts';
import type { PeerOptions } from '../client/peer.ts';
import type { Signalling } from './signalling.ts';

const REQUEST_TIMEOUT_MS = 10_000;
/** Janus answers a long poll after 30 s at the latest. */
const POLL_TIMEOUT_MS = 40_000;
const EVENTS_PER_POLL = 20;

type JanusMessage = {
  readonly janus: string;
  readonly sender?: number;
  readonly data?: { readonly id: number };
  readonly jsep?: { readonly type: string; readonly sdp: string };
  readonly plugindata?: { readonly data: { readonly error?: string } };
  readonly error?: { readonly reason: string };
};

/**
 * All viewers of the process share one Janus session, each with a handle (and so a PeerConnection) of its own:
 * it spares Janus a long poll per viewer.
 */
export class JanusSignalling implements Signalling {
  readonly #url: string;
  readonly #mountpoint: number;
  readonly #crypto: WebRtcCrypto;
  readonly #offers = new Map<number, (message: JanusMessage) => void>();
  readonly #closing = new AbortController();
  #session = 0;
  #transactions = 0;

  constructor(url: string, mountpoint: number, crypto: WebRtcCrypto) {
    this.#url = url;
    this.#mountpoint = mountpoint;
    this.#crypto = crypto;
  }

  async open(): Promise<void> {
    const created = await this.#request('', { janus: 'create' });
    this.#session = created.data?.id ?? 0;
    void this.#poll();
  }

  async join(): Promise<{ peer: PeerOptions; leave(): Promise<void> }> {
    const attached = await this.#request(`/${this.#session}`, {
      janus: 'attach',
      plugin: 'janus.plugin.streaming',
    });
    const handle = attached.data?.id ?? 0;
    const offered = new Promise<JanusMessage>((resolve) => this.#offers.set(handle, resolve));
    await this.#message(handle, { request: 'watch', id: this.#mountpoint });
    const { jsep, plugindata } = await offered;
    if (!jsep) throw new Error(`Janus gave no offer: ${plugindata?.data.error}`);
    const local = iceCredentials();
    const media = offeredMedia(jsep.sdp).map(
      (line) => ({ ...line, direction: 'recvonly', ssrc: undefined }) as const,
    );
    const answer = writeDescription(this.#crypto, local, 'active', media);
    await this.#message(handle, { request: 'start' }, { type: 'answer', sdp: answer });
    const peer: PeerOptions = {
      crypto: this.#crypto,
      local,
      remote: readDescription(jsep.sdp, 'udp'),
      iceRole: 'controlled', // the offerer controls (RFC 8445 §6.1.1)
      dtlsRole: 'client',
    };
    const leave = async () => {
      await this.#request(`/${this.#session}/${handle}`, { janus: 'detach' }).catch(() => {});
    };
    return { peer, leave };
  }

  async close(): Promise<void> {
    await this.#request(`/${this.#session}`, { janus: 'destroy' }).catch(() => {});
    this.#closing.abort();
  }

  #message(handle: number, body: object, jsep?: object): Promise<JanusMessage> {
    const message = { janus: 'message', body, ...(jsep ? { jsep } : {}) };
    return this.#request(`/${this.#session}/${handle}`, message);
  }

  async #request(path: string, body: object): Promise<JanusMessage> {
    const response = await fetch(this.#url + path, {
      method: 'POST',
      body: JSON.stringify({ ...body, transaction: String(this.#transactions++) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const message = (await response.json()) as JanusMessage;
    if (message.janus === 'error') throw new Error(`Janus refused: ${message.error?.reason}`);
    return message;
  }

  async #poll(): Promise<void> {
    const url = `${this.#url}/${this.#session}?maxev=${EVENTS_PER_POLL}`;
    while (!this.#closing.signal.aborted) {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]);
      const events = await fetch(url, { signal })
        .then((response) => response.json() as Promise<JanusMessage | JanusMessage[]>)
        .catch(() => undefined);
      for (const event of events === undefined ? [] : [events].flat()) this.#onEvent(event);
      if (events === undefined) return;
    }
  }

  #onEvent(event: JanusMessage): void {
    if (event.sender === undefined || (!event.jsep && !event.plugindata?.data.error)) return;
    this.#offers.get(event.sender)?.(event);
    this.#offers.delete(event.sender);
  }
}
