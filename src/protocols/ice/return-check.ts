/**
 * A connectivity check of ours (RFC 8445 §7.2.4): is the peer at the address that it says it moved to? Its own checks
 * do not tell, as anybody may write a sender's address who knows the password; only who reads what is sent there can
 * answer with our transaction id.
 */
import { timingSafeEqual } from 'node:crypto';
import { hasIntegrity, type StunMessage, writeStunMessage } from '../stun/message.ts';
import type { IceCredentials } from './credentials.ts';

/** An address that is not proved gets at most so many times the bytes that came from there (RFC 9000 §8.1). */
const AMPLIFICATION_MAX = 3;
/** First wait for an answer, doubled each time (RFC 8489 §6.2.1); media stands still meanwhile, so it is short. */
const RETRANSMIT_MS = 100;
const RETRANSMIT_MS_MAX = 1600;
const TRANSACTION_ID_BYTES = 12;
const TIE_BREAKER_BYTES = 8;
/** Type preference of a peer-reflexive candidate, the best local preference, component 1 (RFC 8445 §5.1.2.1). */
const PRIORITY = 2 ** 24 * 110 + 2 ** 8 * 65_535 + 255;

/** Bytes so far from and to the address in question. */
export type Exchanged = { readonly receivedBytes: number; readonly sentBytes: number };

/** One transaction: sent until it is answered, as far as the address has paid for it. */
export class ReturnCheck {
  readonly #request: Uint8Array;
  readonly #transactionId: Uint8Array;
  readonly #remotePwd: string;
  #dueMs = Number.NEGATIVE_INFINITY;
  #waitMs = RETRANSMIT_MS;

  constructor(localUfrag: string, remote: IceCredentials, random: (length: number) => Uint8Array) {
    this.#transactionId = random(TRANSACTION_ID_BYTES);
    this.#remotePwd = remote.pwd;
    this.#request = writeStunMessage(
      {
        class: 'request',
        transactionId: this.#transactionId,
        username: `${remote.ufrag}:${localUfrag}`,
        priority: PRIORITY,
        role: 'controlled',
        tieBreaker: random(TIE_BREAKER_BYTES),
      },
      remote.pwd,
    );
  }

  /** When to send next; undefined while nothing may be sent. */
  deadlineMs(exchanged: Exchanged): number | undefined {
    return this.#isPaid(exchanged) ? this.#dueMs : undefined;
  }

  /** The request, if it is time to send it (again). */
  poll(exchanged: Exchanged, nowMs: number): Uint8Array | undefined {
    if (nowMs < this.#dueMs || !this.#isPaid(exchanged)) return undefined;
    this.#dueMs = nowMs + this.#waitMs;
    this.#waitMs = Math.min(2 * this.#waitMs, RETRANSMIT_MS_MAX);
    return this.#request;
  }

  /** An error is an answer too, where it is authentic: somebody is there, and knows the password. */
  isAnsweredBy(bytes: Uint8Array, message: StunMessage): boolean {
    if (message.class !== 'success' && message.class !== 'error') return false;
    if (!timingSafeEqual(message.transactionId, this.#transactionId)) return false;
    return hasIntegrity(bytes, message, this.#remotePwd);
  }

  #isPaid({ receivedBytes, sentBytes }: Exchanged): boolean {
    return sentBytes + this.#request.length <= AMPLIFICATION_MAX * receivedBytes;
  }
}
