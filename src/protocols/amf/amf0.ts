/** AMF0 (Adobe's Action Message Format, 2007-12): the values in RTMP commands and metadata. */

import { readAmf3 } from './amf3.ts';
import { type AmfObject, type AmfReject, type AmfValue, DEPTH_MAX, VALUES_MAX } from './value.ts';

export type { AmfObject, AmfReject, AmfValue } from './value.ts';

/** Type markers (§2.1). */
const MARKER = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmPlus: 0x11,
} as const;

/** Reads all values of a message. */
export function readAmf0(bytes: Uint8Array): AmfValue[] | AmfReject {
  const reader = new Amf0Reader(bytes);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    const value = reader.value(0);
    if (reader.reject) return reader.reject;
    values.push(value);
  }
  return values;
}

/** Whether a value is an object, an ECMA array or a typed object. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return value instanceof Map;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** After the first reject every read gives undefined, and loops end. */
class Amf0Reader {
  reject: AmfReject | undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > DEPTH_MAX) return this.#fail('amf-too-deep');
    this.#values++;
    if (this.#values > VALUES_MAX) return this.#fail('amf-too-many-values');
    const marker = this.#unsigned(1);
    if (marker === undefined) return undefined;
    const read = readers[marker];
    return read ? read(this, depth) : this.#fail('amf-unsupported-type');
  }

  number(): number | undefined {
    const at = this.#take(8);
    return at === undefined ? undefined : this.#view.getFloat64(at);
  }

  boolean(): boolean | undefined {
    const byte = this.#unsigned(1);
    return byte === undefined ? undefined : byte !== 0;
  }

  string(): string | undefined {
    return this.#text(this.#unsigned(2));
  }

  longString(): string | undefined {
    return this.#text(this.#unsigned(4));
  }

  /** Milliseconds since 1970; the time zone is reserved (§2.13). */
  date(): number | undefined {
    const timeMs = this.number();
    this.#unsigned(2);
    return timeMs;
  }

  /** Members up to the end marker (§2.5). */
  members(depth: number): AmfObject {
    const members = new Map<string, AmfValue>();
    for (;;) {
      const name = this.string();
      if (name === undefined) return members;
      if (name === '' && this.#bytes[this.#offset] === MARKER.objectEnd) {
        this.#offset++;
        return members;
      }
      const value = this.value(depth + 1);
      if (this.reject) return members;
      members.set(name, value);
    }
  }

  /** Its count is a hint only; encoders have been seen to write 0 (§2.10). */
  ecmaArray(depth: number): AmfObject {
    this.#unsigned(4);
    return this.members(depth);
  }

  strictArray(depth: number): AmfValue[] {
    const count = this.#unsigned(4) ?? 0;
    const values: AmfValue[] = [];
    for (let index = 0; index < count; index++) {
      const value = this.value(depth + 1);
      if (this.reject) break;
      values.push(value);
    }
    return values;
  }

  typedObject(depth: number): AmfObject {
    this.string(); // class name
    return this.members(depth);
  }

  /** One value in AMF3 (§3.1). */
  amf3(): AmfValue {
    const read = readAmf3(this.#bytes, this.#offset);
    if (typeof read === 'string') return this.#fail(read);
    this.#offset = read.end;
    return read.value;
  }

  #text(length: number | undefined): string | undefined {
    const at = length === undefined ? undefined : this.#take(length);
    return at === undefined ? undefined : decoder.decode(this.#bytes.subarray(at, this.#offset));
  }

  #unsigned(size: 1 | 2 | 4): number | undefined {
    const at = this.#take(size);
    if (at === undefined) return undefined;
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** @returns where the bytes begin */
  #take(size: number): number | undefined {
    if (this.reject) return undefined;
    const at = this.#offset;
    if (size > this.#bytes.length - at) return this.#fail('amf-truncated');
    this.#offset = at + size;
    return at;
  }

  #fail(reject: AmfReject): undefined {
    this.reject ??= reject;
    return undefined;
  }
}

/** References (0x07) are left out: no encoder sends them. */
const readers: Readonly<Record<number, (reader: Amf0Reader, depth: number) => AmfValue>> = {
  [MARKER.number]: (reader) => reader.number(),
  [MARKER.boolean]: (reader) => reader.boolean(),
  [MARKER.string]: (reader) => reader.string(),
  [MARKER.object]: (reader, depth) => reader.members(depth),
  [MARKER.null]: () => null,
  [MARKER.undefined]: () => undefined,
  [MARKER.ecmaArray]: (reader, depth) => reader.ecmaArray(depth),
  [MARKER.strictArray]: (reader, depth) => reader.strictArray(depth),
  [MARKER.date]: (reader) => reader.date(),
  [MARKER.longString]: (reader) => reader.longString(),
  [MARKER.unsupported]: () => undefined,
  [MARKER.xmlDocument]: (reader) => reader.longString(),
  [MARKER.typedObject]: (reader, depth) => reader.typedObject(depth),
  [MARKER.avmPlus]: (reader) => reader.amf3(),
};

/** Writes values one after another, as in a command message. Maps become objects. */
export function writeAmf0(values: readonly AmfValue[]): Uint8Array {
  const out: number[] = [];
  for (const value of values) writeValue(out, value);
  return Uint8Array.from(out);
}

/** An object to write: `amfObject({ level: 'status' })`. */
export function amfObject(members: Readonly<Record<string, AmfValue>>): AmfObject {
  return new Map(Object.entries(members));
}

function writeValue(out: number[], value: AmfValue): void {
  if (typeof value === 'number') out.push(MARKER.number, ...float64(value));
  else if (typeof value === 'boolean') out.push(MARKER.boolean, value ? 1 : 0);
  else if (typeof value === 'string') writeString(out, value);
  else if (value === null) out.push(MARKER.null);
  else if (value === undefined) out.push(MARKER.undefined);
  else if (isAmfObject(value)) writeObject(out, value);
  else {
    out.push(MARKER.strictArray, ...unsigned(value.length, 4));
    for (const element of value) writeValue(out, element);
  }
}

function writeString(out: number[], text: string): void {
  const bytes = encoder.encode(text);
  const long = bytes.length > 0xffff;
  out.push(long ? MARKER.longString : MARKER.string, ...unsigned(bytes.length, long ? 4 : 2));
  for (const byte of bytes) out.push(byte);
}

function writeObject(out: number[], object: AmfObject): void {
  out.push(MARKER.object);
  for (const [name, value] of object) {
    const bytes = encoder.encode(name);
    out.push(...unsigned(bytes.length, 2), ...bytes);
    writeValue(out, value);
  }
  out.push(0, 0, MARKER.objectEnd);
}

function unsigned(value: number, size: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes.subarray(4 - size);
}

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}
