/** A full ICE agent for one path and one candidate pair (RFC 8445), with consent (RFC 7675): what a browser does here. */
import { randomBytes } from 'node:crypto';
import { parseTransportAddress, writeTransportAddress } from '../../src/protocols/stun/address.ts';
import {
  hasIntegrity,
  parseStunMessage,
  type StunMessage,
  writeStunMessage,
} from '../../src/protocols/stun/message.ts';
import type { Candidate } from './path.ts';

export type IceCredentials = { readonly ufrag: string; readonly pwd: string };
export type IceRole = 'controlling' | 'controlled';

/** Until the first answer; libwebrtc checks at this pace too. */
const CHECK_INTERVAL_MS = 50;
/** RFC 7675 §5.1: 5 s, spread by 20 % so that a swarm's checks do not come in step. */
const CONSENT_INTERVAL_MS = 5000;
const CONSENT_SPREAD = 0.2;
const CONSENT_EXPIRY_MS = 30_000;
/** Host candidate, peer reflexive type preference (RFC 8445 §5.1.2.1). */
const PRIORITY = 110 * 2 ** 24 + 65_535 * 2 ** 8 + 255;
const ICE_CHARACTERS_BYTES = { ufrag: 4, pwd: 18 } as const;

export type IceListener = {
  send(datagram: Uint8Array): void;
  /** Once: the pair is nominated and media may flow. */
  onConnected(): void;
  onConsentLost(): void;
};

export class IceAgent {
  readonly #local: IceCredentials;
  readonly #remote: IceCredentials;
  readonly #role: IceRole;
  readonly #remoteAddress: Uint8Array | undefined;
  readonly #remotePort: number;
  readonly #listener: IceListener;
  readonly #tieBreaker = randomBytes(8);
  #transactionId = randomBytes(12);
  #timer: NodeJS.Timeout | undefined;
  #answered = false;
  #nominated = false;
  #connected = false;
  #lastConsentMs = performance.now();

  constructor(
    local: IceCredentials,
    remote: IceCredentials,
    role: IceRole,
    candidate: Candidate,
    listener: IceListener,
  ) {
    this.#local = local;
    this.#remote = remote;
    this.#role = role;
    const address = parseTransportAddress(writeTransportAddress(candidate.address, candidate.port));
    this.#remoteAddress = address?.ip;
    this.#remotePort = candidate.port;
    this.#listener = listener;
    this.#nominated = role === 'controlling';
  }

  start(): void {
    this.#check();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** @param received on loan: it is copied */
  receive(received: Uint8Array): void {
    const datagram = new Uint8Array(received);
    const message = parseStunMessage(datagram);
    if (typeof message === 'string') return;
    if (message.class === 'request') this.#onRequest(datagram, message);
    else if (message.class === 'success') this.#onSuccess(datagram, message);
  }

  #check(): void {
    if (performance.now() - this.#lastConsentMs > CONSENT_EXPIRY_MS) {
      this.#listener.onConsentLost();
      return;
    }
    this.#transactionId = randomBytes(12);
    const request = writeStunMessage(
      {
        class: 'request',
        transactionId: this.#transactionId,
        username: `${this.#remote.ufrag}:${this.#local.ufrag}`,
        priority: PRIORITY,
        role: this.#role,
        tieBreaker: this.#tieBreaker,
        useCandidate: this.#role === 'controlling',
      },
      this.#remote.pwd,
    );
    this.#listener.send(request);
    const spread = 1 + CONSENT_SPREAD * (2 * Math.random() - 1);
    const waitMs = this.#connected ? CONSENT_INTERVAL_MS * spread : CHECK_INTERVAL_MS;
    this.#timer = setTimeout(() => this.#check(), waitMs);
  }

  #onRequest(datagram: Uint8Array, message: StunMessage): void {
    if (!message.username?.startsWith(`${this.#local.ufrag}:`)) return;
    if (!hasIntegrity(datagram, message, this.#local.pwd) || !this.#remoteAddress) return;
    const answer = writeStunMessage(
      {
        class: 'success',
        transactionId: message.transactionId,
        mappedAddress: { ip: this.#remoteAddress, port: this.#remotePort },
      },
      this.#local.pwd,
    );
    this.#listener.send(answer);
    if (message.useCandidate) this.#nominated = true;
    this.#connectIfReady();
  }

  #onSuccess(datagram: Uint8Array, message: StunMessage): void {
    if (!this.#transactionId.equals(message.transactionId)) return;
    if (!hasIntegrity(datagram, message, this.#remote.pwd)) return;
    this.#answered = true;
    this.#lastConsentMs = performance.now();
    this.#connectIfReady();
  }

  #connectIfReady(): void {
    if (this.#connected || !this.#answered || !this.#nominated) return;
    this.#connected = true;
    this.#listener.onConnected();
  }
}

/** Fresh credentials in ice-char (RFC 8839 §5.4). */
export function iceCredentials(): IceCredentials {
  const text = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=/g, '');
  return { ufrag: text(ICE_CHARACTERS_BYTES.ufrag), pwd: text(ICE_CHARACTERS_BYTES.pwd) };
}
