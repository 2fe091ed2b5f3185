/** Signing as the Standard Webhooks specification has it (symmetric, version 1), so that its libraries verify what we send. */
import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../../access/secret.ts';

const PREFIX = 'whsec_';
/** What the specification allows, and what we make. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
const SECRET_BYTES_NEW = 32;
const ID_BYTES = 18;

/** Undefined for what is no such secret: `whsec_` and base64 of 24 to 64 bytes. */
export function parseWebhookSecret(text: string): Secret | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  const fits = bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX;
  return isBase64 && fits ? new Secret(text, 'webhook secret') : undefined;
}

export function newWebhookSecret(): Secret {
  const encoded = randomBytes(SECRET_BYTES_NEW).toString('base64');
  return new Secret(`${PREFIX}${encoded}`, 'webhook secret');
}

/** Stays the same through all attempts: by it a receiver knows what it had before. */
export function newMessageId(): string {
  return `msg_${randomBytes(ID_BYTES).toString('base64url')}`;
}

/** The headers that prove who sent `body`, and when. */
export function signedHeaders(
  secret: Secret,
  message: string,
  body: string,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key)
    .update(`${message}.${timestamp}.${body}`)
    .digest('base64');
  return {
    'webhook-id': message,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
