import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;

/**
 * HMAC-SHA1 (RFC 2104 §2) of `bytes`, by one-shot hashes. Node's Hmac objects hold native memory until the garbage collector comes, which
 * sees only their small wrappers: thousands of checks would be hundreds of megabytes by then.
 */
export function hmacSha1(password: string, bytes: Uint8Array): Buffer {
  const secret = Buffer.from(password, 'utf8');
  const key = secret.length > BLOCK_BYTES ? hash('sha1', secret, 'buffer') : secret;
  const inner = new Uint8Array(BLOCK_BYTES + bytes.length).fill(0x36, 0, BLOCK_BYTES);
  const outer = new Uint8Array(BLOCK_BYTES + DIGEST_BYTES).fill(0x5c, 0, BLOCK_BYTES);
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  inner.set(bytes, BLOCK_BYTES);
  outer.set(hash('sha1', inner, 'buffer'), BLOCK_BYTES);
  return hash('sha1', outer, 'buffer');
}
