import type { WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import {
  dtlsRoleAgainst,
  type MediaLine,
  readDescription,
  writeDescription,
} from '../client/description.ts';
import { exchange } from '../client/exchange.ts';
import { iceCredentials } from '../client/ice-agent.ts';
import type { Transport } from '../client/path.ts';
import type { PeerOptions } from '../client/peer.ts';

/** A way to ask a server for a stream. */
export interface Signalling {
  open(): Promise<void>;
  /** Both descriptions exchanged; the peer may connect. */
  join(): Promise<{ readonly peer: PeerOptions; leave(): Promise<void> }>;
  close(): Promise<void>;
}

const VIEWER_MEDIA: readonly MediaLine[] = [
  { kind: 'video', mid: '0', direction: 'recvonly', payloadType: 102, ssrc: undefined },
  { kind: 'audio', mid: '1', direction: 'recvonly', payloadType: 111, ssrc: undefined },
];

/** WHEP: the viewer offers, with the codecs of the yardstick stream and neither RTX nor transport-cc. */
export class WhepSignalling implements Signalling {
  readonly #url: string;
  readonly #transport: Transport;
  readonly #crypto: WebRtcCrypto;

  constructor(url: string, transport: Transport, crypto: WebRtcCrypto) {
    this.#url = url;
    this.#transport = transport;
    this.#crypto = crypto;
  }

  async open(): Promise<void> {}

  async join(): Promise<{ peer: PeerOptions; leave(): Promise<void> }> {
    const local = iceCredentials();
    const offer = writeDescription(this.#crypto, local, 'actpass', VIEWER_MEDIA);
    const { answer, leave } = await exchange(this.#url, offer, undefined);
    const peer: PeerOptions = {
      crypto: this.#crypto,
      local,
      remote: readDescription(answer, this.#transport),
      iceRole: 'controlling',
      dtlsRole: dtlsRoleAgainst(answer),
    };
    return { peer, leave };
  }

  async close(): Promise<void> {}
}
