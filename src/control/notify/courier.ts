/** One attempt to deliver one event to one target. */
import type { ServerEvent } from '../../api/events.ts';
import type { OutboundAnswer, OutboundFailure, OutboundRequest } from '../outbound/outbound.ts';
import { discordCall, discordVerdict } from './discord.ts';
import { signedHeaders } from './standard-webhook.ts';
import type { NotifyTarget } from './target.ts';
import { retryAfterMs, type Verdict } from './verdict.ts';

/** Answers of the outside are values, its silence too. */
export type Send = (
  request: OutboundRequest,
  signal?: AbortSignal,
) => Promise<OutboundAnswer | OutboundFailure>;

/** What is sent. */
export type Parcel = {
  /** The same through all attempts. */
  readonly message: string;
  readonly event: ServerEvent;
  /** Discord's message that is to be edited; undefined: a new one. */
  readonly discordMessage: string | undefined;
};

const CONNECT_MS_MAX = 5000;
const RECEIVE_MS_MAX = 10_000;
/** Of the answer: Discord's tells of the whole message. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** A receiver that says that there is something wrong with what it got may have been in the middle of an update; hardly for longer. */
const REJECTED_ATTEMPTS_MAX = 5;
/** Statuses that speak of the content, which will be no better the next time (RFC 9110 §15.5). */
const REJECTED: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** The specification's word for a receiver that wants nothing more. */
const GONE = 410;

/** Sends it, and says what came of it. Never fails. */
export async function attempt(
  send: Send,
  target: NotifyTarget,
  parcel: Parcel,
  nowMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const answer = await send(requestFor(target, parcel, nowMs), signal);
  if ('failed' in answer) {
    return { outcome: 'again', afterMs: undefined, why: answer.message, attemptsMax: undefined };
  }
  return target.kind === 'discord' ? discordVerdict(answer, nowMs) : webhookVerdict(answer, nowMs);
}

function requestFor(target: NotifyTarget, parcel: Parcel, nowMs: number): OutboundRequest {
  const common = {
    policy: target.mayBePrivate ? 'trusted' : 'untrusted',
    connectMsMax: CONNECT_MS_MAX,
    receiveMsMax: RECEIVE_MS_MAX,
    bytesMax: ANSWER_BYTES_MAX,
  } as const;
  const headers = { 'Content-Type': 'application/json', 'User-Agent': 'Millrace' };
  const url = target.url.reveal();
  if (target.kind === 'discord') {
    return { ...common, ...discordCall(url, parcel.event, parcel.discordMessage), headers };
  }
  const body = JSON.stringify(parcel.event);
  const signature =
    target.secret === undefined ? {} : signedHeaders(target.secret, parcel.message, body, nowMs);
  return { ...common, method: 'POST', url, headers: { ...headers, ...signature }, body };
}

function webhookVerdict({ status, headers }: OutboundAnswer, nowMs: number): Verdict {
  if (status >= 200 && status < 300) return { outcome: 'done', message: undefined, holdMs: 0 };
  const why = `it answers ${status}`;
  if (status === GONE) return { outcome: 'stopped', why };
  return {
    outcome: 'again',
    afterMs: retryAfterMs(headers['retry-after'], nowMs),
    why,
    attemptsMax: REJECTED.has(status) ? REJECTED_ATTEMPTS_MAX : undefined,
  };
}
