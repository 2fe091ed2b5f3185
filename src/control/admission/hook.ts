import { createHmac } from 'node:crypto';
import type { Secret } from '../../access/secret.ts';
import type { Outbound } from '../outbound/outbound.ts';

/** How to ask the owner's own server. */
export type HookAddress = {
  readonly url: Secret;
  /** What requests are signed with. */
  readonly secret: Secret | undefined;
  /** For connecting, and again for the answer. */
  readonly timeoutMs: number;
};

/** `isSent`: the hook can have seen the request. */
export type HookFailure = { readonly wrong: string; readonly isSent: boolean };

/** Handlers answer with a line of JSON. */
const ANSWER_BYTES_MAX = 64 * 1024;
const OK = 200;

/** Sends a body as OvenMediaEngine does; the answer's body where its status is 200. */
export async function callHook(
  outbound: Outbound,
  { url, secret, timeoutMs }: HookAddress,
  body: string,
): Promise<Buffer | HookFailure> {
  const signature = secret && createHmac('sha1', secret.reveal()).update(body).digest('base64url');
  const answer = await outbound.send({
    method: 'POST',
    url: url.reveal(),
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...(signature === undefined ? {} : { 'X-OME-Signature': signature }),
    },
    body,
    policy: 'trusted',
    connectMsMax: timeoutMs,
    receiveMsMax: timeoutMs,
    bytesMax: ANSWER_BYTES_MAX,
  });
  if ('failed' in answer) return { wrong: answer.message, isSent: answer.isSent };
  if (answer.status === OK) return answer.body;
  return { wrong: `it answers with status ${answer.status} instead of 200`, isSent: true };
}
