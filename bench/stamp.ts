/**
 * The publisher's clock inside the media: ten bytes after the end of each frame's last slice, rewritten at the
 * moment of sending. They survive every server that passes H.264 through (RTMP in or WebRTC in, packetised anew
 * or not), and always travel in the frame's last packet. Decoders ignore what follows a slice's end; all ten
 * bytes have their high bit set, so no start code and no emulation prevention can arise in them.
 */

/** Tells a stamp from slice data that happens to end like one. */
const MAGIC = [0xd5, 0xaa, 0x96] as const;
/** 49 bits of microseconds in groups of seven: 17 years of uptime. */
const GROUPS = 7;

export const STAMP_BYTES = MAGIC.length + GROUPS;

/** CLOCK_MONOTONIC in microseconds: one clock for all processes of a machine. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Writes `timeUs` over the last {@link STAMP_BYTES} bytes that end at `end`. */
export function writeStamp(bytes: Uint8Array, end: number, timeUs: number): void {
  let at = end - STAMP_BYTES;
  for (const byte of MAGIC) bytes[at++] = byte;
  let rest = timeUs;
  for (let group = 0; group < GROUPS; group++) {
    bytes[at++] = 0x80 | (rest % 128);
    rest = Math.floor(rest / 128);
  }
}

/** Reads the stamp that ends at `end`; undefined when there is none. */
export function readStamp(bytes: Uint8Array, end: number): number | undefined {
  const start = end - STAMP_BYTES;
  if (start < 0) return undefined;
  for (let index = 0; index < MAGIC.length; index++) {
    if (bytes[start + index] !== MAGIC[index]) return undefined;
  }
  let timeUs = 0;
  for (let at = end - 1; at >= start + MAGIC.length; at--)
    timeUs = timeUs * 128 + (bytes[at]! & 0x7f);
  return timeUs;
}
