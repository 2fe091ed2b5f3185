/** How much one network, one key and all together may have. Who is in is never put out for somebody new. */
import type { LimitHit } from '../../access/facts.ts';
import { messageOf } from '../../access/messages.ts';
import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import type { DenialReason } from '../../base/reasons.ts';
import { networkOf } from '../../base/remote-address.ts';
import type { AccessDecision } from '../../channel/messages.ts';
import { isLoopback } from '../http/limits.ts';
import { Allowance } from './allowance.ts';
import type { Grants } from './grants.ts';

export type LimitOptions = {
  /** Requests to publish or watch; 0 for as many as come, here and in all the others. */
  readonly attemptsPerMinute: number;
  readonly wrongKeysPerMinute: number;
  readonly publishersPerAddress: number;
  readonly publishersPerKey: number;
  readonly viewersPerAddress: number;
  readonly viewers: number;
  /** Bits a second to all viewers. */
  readonly egress: number;
  /** Bytes to all viewers. Nobody is turned away for it: it is what the dashboard compares with, and what an event warns of. */
  readonly egressPerMonth: number;
};

/** Wrong in a way that more tries could put right. */
const GUESSES: ReadonlySet<DenialReason> = new Set(['wrong-key', 'link-wrong']);
/** A crowd behind one address comes at once: three minutes' worth. */
const ATTEMPT_BURST_MINUTES = 3;
/**
 * Of all places, how many those of one network may hold who asked and are not here yet: asking is all that takes. At least so many,
 * for a few who come at once.
 */
const COMING_SHARE = 1 / 4;
const COMING_MIN = 8;
/** They are here within a second or two, or never. */
const COMING_RETRY_S = 2;
/** Asking again sooner than this is of little use when all places are taken. */
const FULL_RETRY_S = 30;

export class Limits {
  readonly #egressBps: () => number;
  #options: LimitOptions;
  #attempts: Allowance;
  #guesses: Allowance;

  /** @param egressBps what goes out now */
  constructor(options: LimitOptions, egressBps: () => number) {
    this.#egressBps = egressBps;
    this.#options = options;
    this.#attempts = attemptsOf(options);
    this.#guesses = guessesOf(options);
  }

  get options(): LimitOptions {
    return this.#options;
  }

  /** From now on these hold; who is in stays. What was counted a minute ago is forgotten. */
  reconfigure(options: LimitOptions): void {
    this.#options = options;
    this.#attempts = attemptsOf(options);
    this.#guesses = guessesOf(options);
  }

  /** What stands in the way of this request. Counts it. */
  check(
    request: PublishRequest | ViewRequest,
    keyId: string | undefined,
    grants: Grants,
    nowMs: number,
  ): LimitHit | undefined {
    const { address } = request.client;
    // A proxy on this machine brings everybody; it has limits of its own.
    const isCounted = !isLoopback(address);
    if (isCounted && this.#options.attemptsPerMinute > 0) {
      const retryAfterS = this.#attempts.take(networkOf(address), nowMs);
      if (retryAfterS !== undefined) {
        return { reason: 'too-many-attempts', what: 'attempts from your address', retryAfterS };
      }
    }
    if (request.action === 'view' && isCounted && this.#areTooManyComing(address, grants)) {
      const what = 'viewers from your address at once';
      return { reason: 'limit-reached', what, retryAfterS: COMING_RETRY_S };
    }
    const what =
      request.action === 'publish'
        ? this.#publisherLimit(request, keyId, grants, isCounted)
        : this.#viewerLimit(address, grants, isCounted);
    return what === undefined
      ? undefined
      : { reason: 'limit-reached', what, retryAfterS: FULL_RETRY_S };
  }

  /** Somebody who goes on guessing is told to wait. Who has the right key is let in all the same. */
  soften(decision: AccessDecision, address: string, nowMs: number): AccessDecision {
    if (decision.allowed || !GUESSES.has(decision.reason)) return decision;
    const retryAfterS = this.guess(address, nowMs);
    if (retryAfterS === undefined) return decision;
    const message = `${messageOf('too-many-attempts')} Try again in ${retryAfterS} s.`;
    return { allowed: false, reason: 'too-many-attempts', message, retryAfterS };
  }

  /** Counts one guess. @returns undefined where it is free, else in how many seconds the next one is */
  guess(address: string, nowMs: number): number | undefined {
    if (this.#options.wrongKeysPerMinute === 0 || isLoopback(address)) return undefined;
    return this.#guesses.take(networkOf(address), nowMs);
  }

  #publisherLimit(
    { stream, client }: PublishRequest,
    keyId: string | undefined,
    grants: Grants,
    isCounted: boolean,
  ): string | undefined {
    const { publishersPerAddress, publishersPerKey } = this.#options;
    const ofAddress = isCounted ? grants.streamsFrom(client.address, stream) : 0;
    if (isFull(publishersPerAddress, ofAddress)) return 'streams from your address';
    const ofKey = keyId === undefined ? 0 : grants.streamsWith(keyId, stream);
    return isFull(publishersPerKey, ofKey) ? 'streams with this key' : undefined;
  }

  #areTooManyComing(address: string, grants: Grants): boolean {
    const { viewers } = this.#options;
    if (viewers === 0) return false;
    return grants.comingFrom(address) >= Math.max(COMING_MIN, Math.floor(viewers * COMING_SHARE));
  }

  #viewerLimit(address: string, grants: Grants, isCounted: boolean): string | undefined {
    const { viewersPerAddress, viewers, egress } = this.#options;
    if (isCounted && isFull(viewersPerAddress, grants.viewersFrom(address))) {
      return 'viewers from your address';
    }
    if (isFull(viewers, grants.viewerCount)) return 'viewers';
    return isFull(egress, this.#egressBps()) ? 'viewers for the line of this server' : undefined;
  }
}

function isFull(limit: number, count: number): boolean {
  return limit > 0 && count >= limit;
}

function attemptsOf({ attemptsPerMinute }: LimitOptions): Allowance {
  return new Allowance({
    burst: attemptsPerMinute * ATTEMPT_BURST_MINUTES,
    perMinute: attemptsPerMinute,
  });
}

function guessesOf({ wrongKeysPerMinute }: LimitOptions): Allowance {
  return new Allowance({ burst: wrongKeysPerMinute, perMinute: wrongKeysPerMinute });
}
