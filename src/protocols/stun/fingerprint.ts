/** What the CRC is xored with, so that it differs from a CRC of the application's own (RFC 8489 §14.7). */
const FINGERPRINT_XOR = 0x5354554e;

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  table[byte] = crc;
}

/** Value of the FINGERPRINT attribute over `bytes[0..length)` (RFC 8489 §14.7): CRC-32 of ITU V.42, xored. */
export function stunFingerprint(bytes: Uint8Array, length: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < length; index++) {
    crc = table[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff ^ FINGERPRINT_XOR) >>> 0;
}
