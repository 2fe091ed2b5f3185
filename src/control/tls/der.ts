/** The Distinguished Encoding Rules (ITU-T X.690), as much of them as certificates and requests for them need. */

/** Universal class tags (X.690 §8). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;
const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(TAG.sequence, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(TAG.set, Buffer.concat(parts));
}

/** `[number]`, around further elements. */
export function tagged(number: number, ...parts: readonly Uint8Array[]): Buffer {
  return element(CONTEXT | CONSTRUCTED | number, Buffer.concat(parts));
}

/** `[number] IMPLICIT`, around bytes. */
export function implicit(number: number, bytes: Uint8Array): Buffer {
  return element(CONTEXT | number, bytes);
}

/** A number that is not negative, from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const least = first === -1 ? Buffer.of(0) : bytes.subarray(first);
  // A set top bit would make it negative (X.690 §8.3).
  return element(
    TAG.integer,
    (least[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), least]) : least,
  );
}

export function bitString(bytes: Uint8Array): Buffer {
  return element(TAG.bitString, Buffer.concat([Buffer.of(0), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(TAG.octetString, bytes);
}

export function boolean(value: boolean): Buffer {
  return element(TAG.boolean, Buffer.of(value ? 0xff : 0));
}

/** From dots: `1.2.840.10045.4.3.2`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** To the second; RFC 5280 §4.1.2.5.1 allows it until 2049. */
export function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().slice(2, 19).replace(/\D/g, '');
  return element(TAG.utcTime, Buffer.from(`${digits}Z`, 'latin1'));
}

export type DerElement = {
  readonly tag: number;
  readonly content: Buffer;
  /** What follows it. */
  readonly rest: Buffer;
};

/** The first element of `bytes`; undefined where they do not begin with one. */
export function readElement(bytes: Buffer): DerElement | undefined {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) return undefined;
  const longBytes = short > 0x80 ? short - 0x80 : 0;
  if (short === 0x80 || longBytes > 4 || bytes.length < 2 + longBytes) return undefined;
  const length = longBytes === 0 ? short : bytes.readUIntBE(2, longBytes);
  const start = 2 + longBytes;
  if (bytes.length < start + length) return undefined;
  const end = start + length;
  return { tag, content: bytes.subarray(start, end), rest: bytes.subarray(end) };
}

/** All elements of a sequence's or a set's content; undefined where it is none. */
export function readElements(content: Buffer): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let left = content; left.length > 0; ) {
    const next = readElement(left);
    if (next === undefined) return undefined;
    elements.push(next);
    left = next.rest;
  }
  return elements;
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content]);
}

function lengthOf({ length }: Uint8Array): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  const least = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(0x80 | least.length), least]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}
