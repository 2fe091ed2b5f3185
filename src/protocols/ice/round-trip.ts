/**
 * How long a check of ours takes to the peer and back. Whoever sends media hears of it in receiver reports; whoever
 * receives, as we do from a publisher, hears of it nowhere else, and every full agent answers checks (RFC 8445 §7.3).
 */
import { timingSafeEqual } from 'node:crypto';
import { hasIntegrity, type StunMessage, writeStunMessage } from '../stun/message.ts';
import type { IceCredentials } from './credentials.ts';
import type { Path } from './path.ts';

/** As often as consent is asked for (RFC 7675 §5.1). */
const INTERVAL_MS = 5000;
/** Share of a new measurement in what is told (RFC 6298 §2). */
const NEW_SHARE = 1 / 8;
const TRANSACTION_ID_BYTES = 12;
const TIE_BREAKER_BYTES = 8;
/** Type preference of a peer-reflexive candidate, the best local preference, component 1 (RFC 8445 §5.1.2.1). */
const PRIORITY = 2 ** 24 * 110 + 2 ** 8 * 65_535 + 255;

type Sent = { readonly transactionId: Uint8Array; readonly path: Path; readonly atMs: number };

/** One check each few seconds over the path in use; one that is lost is not sent again. */
export class RoundTrip {
  readonly #random: (length: number) => Uint8Array;
  #dueMs = Number.NEGATIVE_INFINITY;
  #sent: Sent | undefined;
  #path: Path | undefined;
  #ms: number | undefined;

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
  }

  /** Smoothed; undefined before the first answer on the path in use. */
  get ms(): number | undefined {
    return this.#ms;
  }

  get deadlineMs(): number {
    return this.#dueMs;
  }

  /** The next check, if it is time. */
  poll(
    path: Path,
    localUfrag: string,
    remote: IceCredentials,
    nowMs: number,
  ): Uint8Array | undefined {
    if (nowMs < this.#dueMs) return undefined;
    if (path !== this.#path) this.#ms = undefined;
    this.#path = path;
    this.#dueMs = nowMs + INTERVAL_MS;
    const transactionId = this.#random(TRANSACTION_ID_BYTES);
    this.#sent = { transactionId, path, atMs: nowMs };
    return writeStunMessage(
      {
        class: 'request',
        transactionId,
        username: `${remote.ufrag}:${localUfrag}`,
        priority: PRIORITY,
        role: 'controlled',
        tieBreaker: this.#random(TIE_BREAKER_BYTES),
      },
      remote.pwd,
    );
  }

  /** @returns whether the message answers the last check. An error does so as well, where it is authentic */
  receive(
    bytes: Uint8Array,
    message: StunMessage,
    path: Path,
    remotePwd: string,
    nowMs: number,
  ): boolean {
    const sent = this.#sent;
    if (sent === undefined || sent.path !== path) return false;
    if (!timingSafeEqual(message.transactionId, sent.transactionId)) return false;
    if (!hasIntegrity(bytes, message, remotePwd)) return false;
    this.#sent = undefined;
    const ms = nowMs - sent.atMs;
    this.#ms = this.#ms === undefined ? ms : this.#ms + (ms - this.#ms) * NEW_SHARE;
    return true;
  }
}
