/** AMF3 (Adobe's Action Message Format, 2006-12), as far as RTMP commands hold it: values after AMF0's switch to it. */
import { type AmfReject, type AmfValue, DEPTH_MAX, VALUES_MAX } from './value.ts';

/** Type markers (§3.1). */
const MARKER = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  double: 0x05,
  string: 0x06,
  xmlDocument: 0x07,
  date: 0x08,
  array: 0x09,
  object: 0x0a,
  xml: 0x0b,
  byteArray: 0x0c,
} as const;

/** What an object's class has: the names of its fixed members, and whether it may have more. */
type Traits = { readonly isDynamic: boolean; readonly names: readonly string[] };

/** In the table of objects while one is being read: an object within itself would be a trap for whoever walks it. */
const UNFINISHED = undefined;

const decoder = new TextDecoder();

/** Reads one value; `end` is where the next begins. */
export function readAmf3(
  bytes: Uint8Array,
  start: number,
): { readonly value: AmfValue; readonly end: number } | AmfReject {
  const reader = new Amf3Reader(bytes, start);
  const value = reader.value(0);
  return reader.reject ?? { value, end: reader.offset };
}

/** After the first reject every read gives undefined, and loops end. */
class Amf3Reader {
  reject: AmfReject | undefined;
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #values = 0;
  /** What later references mean (§2.2). */
  readonly #strings: string[] = [];
  readonly #objects: AmfValue[] = [];
  readonly #traits: Traits[] = [];

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = start;
  }

  value(depth: number): AmfValue {
    if (depth > DEPTH_MAX) return this.#fail('amf-too-deep');
    this.#values++;
    if (this.#values > VALUES_MAX) return this.#fail('amf-too-many-values');
    const marker = this.#byte();
    if (marker === undefined) return undefined;
    const read = readers[marker];
    return read ? read(this, depth) : this.#fail('amf-unsupported-type');
  }

  /** 29 bits, signed. */
  integer(): number | undefined {
    const value = this.#unsigned();
    return value === undefined ? undefined : (value << 3) >> 3;
  }

  double(): number | undefined {
    const at = this.#take(8);
    return at === undefined ? undefined : this.#view.getFloat64(at);
  }

  string(): string | undefined {
    const head = this.#head();
    if (!head) return undefined;
    if (head.isReference) return this.#referred(this.#strings, head.number);
    const text = this.#text(head.number);
    // The empty string is never referred to.
    if (text !== undefined && text !== '') this.#strings.push(text);
    return text;
  }

  /** XML, as text, and byte arrays, which nothing here reads. */
  blob(): AmfValue {
    const head = this.#head();
    if (!head) return undefined;
    if (head.isReference) return this.#referred(this.#objects, head.number);
    const text = this.#text(head.number);
    this.#objects.push(text);
    return text;
  }

  /** Milliseconds since 1970. */
  date(): AmfValue {
    const head = this.#head();
    if (!head) return undefined;
    if (head.isReference) return this.#referred(this.#objects, head.number);
    const timeMs = this.double();
    this.#objects.push(timeMs);
    return timeMs;
  }

  /** An array with names too becomes an object (§3.11). */
  array(depth: number): AmfValue {
    const head = this.#head();
    if (!head) return undefined;
    if (head.isReference) return this.#referred(this.#objects, head.number);
    const dense: AmfValue[] = [];
    const members = new Map<string, AmfValue>();
    const place = this.#objects.push(UNFINISHED) - 1;
    this.#dynamicMembers(members, depth);
    for (let index = 0; index < head.number && !this.reject; index++) {
      dense.push(this.value(depth + 1));
    }
    for (const [index, value] of dense.entries()) {
      if (members.size > 0) members.set(String(index), value);
    }
    const array = members.size > 0 ? members : dense;
    this.#objects[place] = array;
    return array;
  }

  object(depth: number): AmfValue {
    const head = this.#head();
    if (!head) return undefined;
    if (head.isReference) return this.#referred(this.#objects, head.number);
    const traits = this.#readTraits(head.number);
    if (!traits) return undefined;
    const members = new Map<string, AmfValue>();
    const place = this.#objects.push(UNFINISHED) - 1;
    for (const name of traits.names) {
      const value = this.value(depth + 1);
      if (this.reject) return undefined;
      members.set(name, value);
    }
    if (traits.isDynamic) this.#dynamicMembers(members, depth);
    this.#objects[place] = members;
    return members;
  }

  /** @param flags what is left of U29O when it was no reference (§3.12) */
  #readTraits(flags: number): Traits | undefined {
    if ((flags & 1) === 0) return this.#referred(this.#traits, flags >> 1);
    // Externalizable: only the class itself knows how long it is.
    if ((flags & 2) !== 0) return this.#fail('amf-unsupported-type');
    this.string(); // class name
    const names: string[] = [];
    for (let count = flags >> 3; count > 0; count--) {
      const name = this.string();
      if (name === undefined) return undefined;
      names.push(name);
      if (names.length > VALUES_MAX) return this.#fail('amf-too-many-values');
    }
    const traits = { isDynamic: (flags & 4) !== 0, names };
    this.#traits.push(traits);
    return traits;
  }

  /** Up to the empty name. */
  #dynamicMembers(members: Map<string, AmfValue>, depth: number): void {
    for (;;) {
      const name = this.string();
      if (name === undefined || name === '') return;
      const value = this.value(depth + 1);
      if (this.reject) return;
      members.set(name, value);
    }
  }

  #referred<Item>(table: readonly Item[], index: number): Item | undefined {
    return table[index] ?? this.#fail('amf-bad-reference');
  }

  /** The lowest bit tells a length or flags from a reference. */
  #head(): { readonly isReference: boolean; readonly number: number } | undefined {
    const value = this.#unsigned();
    if (value === undefined) return undefined;
    return { isReference: (value & 1) === 0, number: value >> 1 };
  }

  /** U29 (§1.3.1): seven bits a byte, and eight in the fourth. */
  #unsigned(): number | undefined {
    let value = 0;
    for (let index = 0; index < 3; index++) {
      const byte = this.#byte();
      if (byte === undefined) return undefined;
      if ((byte & 0x80) === 0) return (value << 7) | byte;
      value = (value << 7) | (byte & 0x7f);
    }
    const last = this.#byte();
    return last === undefined ? undefined : (value << 8) | last;
  }

  #text(length: number): string | undefined {
    const at = this.#take(length);
    return at === undefined ? undefined : decoder.decode(this.#bytes.subarray(at, this.offset));
  }

  #byte(): number | undefined {
    const at = this.#take(1);
    return at === undefined ? undefined : this.#bytes[at];
  }

  /** @returns where the bytes begin */
  #take(size: number): number | undefined {
    if (this.reject) return undefined;
    const at = this.offset;
    if (size > this.#bytes.length - at) return this.#fail('amf-truncated');
    this.offset = at + size;
    return at;
  }

  #fail(reject: AmfReject): undefined {
    this.reject ??= reject;
    return undefined;
  }
}

/** Vectors and dictionaries (0x0d to 0x11) came later, and into no encoder. */
const readers: Readonly<Record<number, (reader: Amf3Reader, depth: number) => AmfValue>> = {
  [MARKER.undefined]: () => undefined,
  [MARKER.null]: () => null,
  [MARKER.false]: () => false,
  [MARKER.true]: () => true,
  [MARKER.integer]: (reader) => reader.integer(),
  [MARKER.double]: (reader) => reader.double(),
  [MARKER.string]: (reader) => reader.string(),
  [MARKER.xmlDocument]: (reader) => reader.blob(),
  [MARKER.date]: (reader) => reader.date(),
  [MARKER.array]: (reader, depth) => reader.array(depth),
  [MARKER.object]: (reader, depth) => reader.object(depth),
  [MARKER.xml]: (reader) => reader.blob(),
  [MARKER.byteArray]: (reader) => reader.blob(),
};
