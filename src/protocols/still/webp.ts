import { vp8PictureSize } from '../codecs/vp8.ts';
import { concat } from './access-unit.ts';
import type { Still } from './still.ts';

/** A VP8 key frame as a WebP picture (RFC 9649 §2.5): a lossy one is nothing else, behind a RIFF header. */
export function webpOf(frame: Uint8Array): Still | undefined {
  const size = vp8PictureSize(frame);
  if (size === undefined) return undefined;
  const padding = new Uint8Array(frame.length % 2);
  const chunk = concat([ascii('VP8 '), littleEndian(frame.length), frame, padding]);
  const bytes = concat([ascii('RIFF'), littleEndian(4 + chunk.length), ascii('WEBP'), chunk]);
  return { type: 'image/webp', bytes, ...size };
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
