/** Time-based one-time passwords (RFC 6238), as authenticator apps make them: SHA-1, six digits, 30 s. */
import { createHmac, randomBytes } from 'node:crypto';

const STEP_MS = 30_000;
const DIGITS = 6;
/** RFC 6238 §5.2 suggests one step for clocks that differ and fingers that are slow. */
const STEPS_OFF_MAX = 1;
/** RFC 4226 §4 asks for 160 bits. */
const SECRET_BYTES = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A new secret in base32, as people type it. */
export function newTotpSecret(): string {
  return writeBase32(randomBytes(SECRET_BYTES));
}

/** The step whose code this is; undefined where it is none of now. */
export function totpStepOf(code: string, secret: string, nowMs: number): number | undefined {
  const now = Math.floor(nowMs / STEP_MS);
  for (let off = -STEPS_OFF_MAX; off <= STEPS_OFF_MAX; off++) {
    const step = now + off;
    if (step >= 0 && codeOf(secret, step) === code) return step;
  }
  return undefined;
}

/** RFC 4226 §5.3. */
export function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', readBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** What authenticator apps read from a QR code. */
export function totpUrl(secret: string, person: string, server: string): string {
  const label = `${encodeURIComponent(server)}:${encodeURIComponent(person)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(server)}`;
}

/** RFC 4648 §6, without padding. */
function writeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
    value &= 0xff;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

function readBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
