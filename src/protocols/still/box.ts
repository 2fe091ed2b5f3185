/** Boxes of the ISO base media file format (ISO 14496-12 §4.2), as MP4 and AVIF are made of. */
import { concat } from './access-unit.ts';

type Content = Uint8Array | string | readonly number[];

/** A box of a type with its content. */
export function box(type: string, ...content: readonly Content[]): Uint8Array {
  const parts = content.map(bytesOf);
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return concat([uint32(size), ascii(type), ...parts]);
}

/** A box with version 0 and flags. */
export function fullBox(type: string, flags: number, ...content: readonly Content[]): Uint8Array {
  return box(type, uint32(flags), ...content);
}

/** Numbers of 32 bits, one after the other. */
export function uint32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value);
  return bytes;
}

/** Numbers of 16 bits, one after the other. */
export function uint16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function bytesOf(content: Content): Uint8Array {
  if (typeof content === 'string') return ascii(content);
  return content instanceof Uint8Array ? content : Uint8Array.from(content);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
