/** What stands in `?link=`: the name of a view link, signed, so that nobody can make one up. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from './secret.ts';

/** 128 bits of the HMAC are enough (RFC 2104 §5), and keep the URL short. */
const SIGNATURE_BYTES = 16;
/** With the link's id, some forty characters. */
const TOKEN_LENGTH_MAX = 100;

export type SignedLink = {
  readonly id: string;
  readonly target: string;
  readonly expiresMs: number | undefined;
};

/** The same each time: a link can be shown again to who may give it out. */
export function writeViewToken(link: SignedLink, signingSecret: Secret): string {
  return `${link.id}.${signatureOf(link, signingSecret).toString('base64url')}`;
}

/** The id that a token claims to be for; undefined for what is no token. */
export function claimedLink(token: Secret): string | undefined {
  const text = token.reveal();
  return text.length > TOKEN_LENGTH_MAX ? undefined : /^([0-9a-f]+)\.[\w-]+$/.exec(text)?.[1];
}

export function isSigned(token: Secret, link: SignedLink, signingSecret: Secret): boolean {
  const [, given = ''] = token.reveal().split('.');
  const signature = Buffer.from(given, 'base64url');
  const due = signatureOf(link, signingSecret);
  return signature.length === due.length && timingSafeEqual(signature, due);
}

function signatureOf({ id, target, expiresMs }: SignedLink, signingSecret: Secret): Buffer {
  return createHmac('sha256', signingSecret.reveal())
    .update(`view-link\n${id}\n${target}\n${expiresMs ?? ''}`)
    .digest()
    .subarray(0, SIGNATURE_BYTES);
}
