/**
 * The server's side of the RTMP handshake (Adobe RTMP 1.0 §5.2), simple or with digests. Adobe never published the
 * digest form; encoders that begin it (ffmpeg, Flash-era ones) check that the server answers in kind.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Of C1, C2, S1 and S2. */
export const HANDSHAKE_BYTES = 1536;
/** C0 and S0 (RTMP 1.0 §5.2.2). */
export const RTMP_VERSION = 3;

/** Why this is no RTMP client. */
export type HandshakeReject =
  | 'handshake-bad-version'
  | 'handshake-encrypted'
  | 'handshake-not-rtmp';

const DIGEST_BYTES = 32;
/** Room for the digest to move in: 4 offset bytes and 32 digest bytes less than a half of C1. */
const DIGEST_PLACES = 728;
/** Where the four bytes are that, summed, give the digest's place: behind the version, or behind the first half. */
const SCHEME_OFFSETS: readonly number[] = [8, 772];

const CLIENT_KEY = Buffer.from('Genuine Adobe Flash Player 001', 'latin1');
const SERVER_TEXT = Buffer.from('Genuine Adobe Flash Media Server 001', 'latin1');
/** S2 is signed with the text and these bytes; they are the same in every implementation. */
const SERVER_KEY = Buffer.concat([
  SERVER_TEXT,
  Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex'),
]);
/** Anything but zeros says that S1 has a digest; ffmpeg looks from major version 3 on. */
const SERVER_VERSION = Uint8Array.of(4, 5, 0, 1);

/** What C0 says, before anything else of the handshake is there. */
export function checkVersion(c0: number): HandshakeReject | undefined {
  if (c0 === RTMP_VERSION) return undefined;
  if (c0 === 6) return 'handshake-encrypted'; // RTMPE
  // §5.2.2: 0-2 are old, 4-31 reserved, 32 and above rule out text protocols; 22 is a TLS record.
  return c0 < 0x16 ? 'handshake-bad-version' : 'handshake-not-rtmp';
}

/**
 * S0, S1 and S2 in answer to C1.
 * @param random for S1 and S2; `2 * HANDSHAKE_BYTES` bytes that nobody can guess
 */
export function answerHandshake(c1: Uint8Array, random: Uint8Array): Uint8Array {
  const reply = new Uint8Array(1 + 2 * HANDSHAKE_BYTES);
  reply[0] = RTMP_VERSION;
  const s1 = reply.subarray(1, 1 + HANDSHAKE_BYTES);
  const s2 = reply.subarray(1 + HANDSHAKE_BYTES);
  s1.set(random.subarray(8, HANDSHAKE_BYTES), 8); // time 0, version 0
  const client = findDigest(c1);
  if (client === undefined) {
    s2.set(c1);
    return reply;
  }
  s1.set(SERVER_VERSION, 4);
  const place = digestPlace(s1, client.schemeOffset);
  s1.set(digestOf(s1, place, SERVER_TEXT), place);
  s2.set(random.subarray(HANDSHAKE_BYTES, 2 * HANDSHAKE_BYTES - DIGEST_BYTES));
  const key = hmac(SERVER_KEY, client.digest);
  const signed = s2.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES);
  s2.set(hmac(key, signed), signed.length);
  return reply;
}

function findDigest(
  c1: Uint8Array,
): { readonly schemeOffset: number; readonly digest: Uint8Array } | undefined {
  // A zero version is the simple handshake: spares OBS's C1 two hashes.
  if (c1[4] === 0 && c1[5] === 0 && c1[6] === 0 && c1[7] === 0) return undefined;
  for (const schemeOffset of SCHEME_OFFSETS) {
    const place = digestPlace(c1, schemeOffset);
    const digest = c1.subarray(place, place + DIGEST_BYTES);
    if (timingSafeEqual(digest, digestOf(c1, place, CLIENT_KEY))) return { schemeOffset, digest };
  }
  return undefined;
}

function digestPlace(block: Uint8Array, schemeOffset: number): number {
  let sum = 0;
  for (let index = 0; index < 4; index++) sum += block[schemeOffset + index]!;
  return (sum % DIGEST_PLACES) + schemeOffset + 4;
}

/** Over all of the block but the digest's own place. */
function digestOf(block: Uint8Array, place: number, key: Uint8Array): Uint8Array {
  return createHmac('sha256', key)
    .update(block.subarray(0, place))
    .update(block.subarray(place + DIGEST_BYTES, HANDSHAKE_BYTES))
    .digest();
}

function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest();
}
