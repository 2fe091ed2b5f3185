import { randomBytes } from 'node:crypto';

/** RFC 8445 §5.3 asks for 24 and 128 bits of randomness; the alphabet is base64's. */
const UFRAG_BYTES = 6;
const PWD_BYTES = 18;

export type Credentials = { readonly ufrag: string; readonly pwd: string };

/** New ICE credentials of ours. */
export function newCredentials(): Credentials {
  return {
    ufrag: randomBytes(UFRAG_BYTES).toString('base64'),
    pwd: randomBytes(PWD_BYTES).toString('base64'),
  };
}
