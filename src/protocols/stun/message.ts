/** STUN messages as ICE uses them (RFC 8489, RFC 8445 §7): Binding, short-term credentials, nothing else. */
import { timingSafeEqual } from 'node:crypto';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import type { TransportAddress } from './address.ts';
import { stunFingerprint } from './fingerprint.ts';
import { hmacSha1 } from './hmac-sha1.ts';

/** The two class bits of a message type (RFC 8489 §5). */
export type StunClass = 'request' | 'indication' | 'success' | 'error';

/** One received Binding message. Views into the received bytes, which the caller must not write to meanwhile. */
export type StunMessage = {
  readonly class: StunClass;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly username: string | undefined;
  readonly priority: number | undefined;
  readonly useCandidate: boolean;
  /** The sender's idea of its role, from ICE-CONTROLLING or ICE-CONTROLLED. */
  readonly role: 'controlling' | 'controlled' | undefined;
  readonly mappedAddress: TransportAddress | undefined;
  readonly errorCode: number | undefined;
  /** Comprehension-required attributes that we do not know (RFC 8489 §6.3.1). */
  readonly unknownRequired: readonly number[];
  /** Where MESSAGE-INTEGRITY begins; undefined when there is none. */
  readonly integrityOffset: number | undefined;
};

/** Why bytes are no Binding message that we take. */
export type StunReject =
  | 'too-short'
  | 'bad-type'
  | 'bad-length'
  | 'bad-cookie'
  | 'bad-attribute'
  | 'bad-fingerprint'
  | 'no-fingerprint';

/** What {@link writeStunMessage} is to write; what is left out is not in the message. */
export type StunFields = {
  readonly class: StunClass;
  readonly transactionId: Uint8Array;
  readonly username?: string;
  readonly priority?: number;
  readonly useCandidate?: boolean;
  readonly role?: 'controlling' | 'controlled';
  /** Breaks ties between two agents that both want to control (RFC 8445 §7.3.1.1): 8 bytes. */
  readonly tieBreaker?: Uint8Array;
  readonly mappedAddress?: TransportAddress;
  readonly errorCode?: number;
  readonly unknownAttributes?: readonly number[];
};

/** Type, length, magic cookie, transaction id (RFC 8489 §5). */
export const STUN_HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const METHOD_BINDING = 0x001;
/** RFC 8489 §14.3: fewer than 509 bytes. */
const USERNAME_BYTES_MAX = 508;
const INTEGRITY_BYTES = 20;
/** Larger than any check: what one UDP datagram of a sane agent holds. */
const MESSAGE_BYTES_MAX = 1500;

const ATTRIBUTE = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  messageIntegritySha256: 0x001c,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

/** The two class bits sit at bits 4 and 8 of the type, between the method's (RFC 8489 §5). */
const CLASS_BITS: Readonly<Record<StunClass, number>> = {
  request: 0x000,
  indication: 0x010,
  success: 0x100,
  error: 0x110,
};
const CLASS_OF_TYPE: ReadonlyMap<number, StunClass> = new Map(
  Object.entries(CLASS_BITS).map(([name, bits]) => [METHOD_BINDING | bits, name as StunClass]),
);

type Draft = { -readonly [Key in keyof StunMessage]: StunMessage[Key] };
type AttributeReader = (draft: Draft, value: Uint8Array) => boolean;

/** One line per attribute that we understand; a reader says false when the value is malformed. */
const readers: ReadonlyMap<number, AttributeReader> = new Map<number, AttributeReader>([
  [ATTRIBUTE.mappedAddress, () => true],
  [ATTRIBUTE.unknownAttributes, () => true],
  [ATTRIBUTE.messageIntegritySha256, () => true],
  [ATTRIBUTE.username, readUsername],
  [ATTRIBUTE.errorCode, readErrorCode],
  [ATTRIBUTE.xorMappedAddress, readXorMappedAddress],
  [ATTRIBUTE.priority, readPriority],
  [ATTRIBUTE.useCandidate, readUseCandidate],
  [ATTRIBUTE.iceControlled, (draft, value) => readRole(draft, value, 'controlled')],
  [ATTRIBUTE.iceControlling, (draft, value) => readRole(draft, value, 'controlling')],
]);

/**
 * Reads one Binding message. FINGERPRINT must be there and right (RFC 8445 §7.1.1 makes agents send it);
 * MESSAGE-INTEGRITY is for {@link hasIntegrity}, once the caller knows whose password it should be.
 */
export function parseStunMessage(bytes: Uint8Array): StunMessage | StunReject {
  if (bytes.length < STUN_HEADER_BYTES) return 'too-short';
  const stunClass = CLASS_OF_TYPE.get(readUint16(bytes, 0));
  if (stunClass === undefined) return 'bad-type';
  const length = readUint16(bytes, 2);
  if (length % 4 !== 0 || length + STUN_HEADER_BYTES !== bytes.length) return 'bad-length';
  if (bytes.length > MESSAGE_BYTES_MAX) return 'bad-length';
  if (readUint32(bytes, 4) !== MAGIC_COOKIE) return 'bad-cookie';
  const draft: Draft = {
    class: stunClass,
    transactionId: bytes.subarray(8, STUN_HEADER_BYTES),
    username: undefined,
    priority: undefined,
    useCandidate: false,
    role: undefined,
    mappedAddress: undefined,
    errorCode: undefined,
    unknownRequired: [],
    integrityOffset: undefined,
  };
  return parseAttributes(bytes, draft) ?? draft;
}

function parseAttributes(bytes: Uint8Array, draft: Draft): StunReject | undefined {
  let offset = STUN_HEADER_BYTES;
  while (offset < bytes.length) {
    // The length is a multiple of 4, so type and length are always there.
    const type = readUint16(bytes, offset);
    const length = readUint16(bytes, offset + 2);
    const start = offset + 4;
    const next = start + ((length + 3) & ~3);
    if (next > bytes.length) return 'bad-attribute';
    if (type === ATTRIBUTE.fingerprint) return checkFingerprint(bytes, offset);
    if (!parseAttribute(draft, type, bytes.subarray(start, start + length), offset)) {
      return 'bad-attribute';
    }
    offset = next;
  }
  return 'no-fingerprint';
}

/** FINGERPRINT covers all before it and is the last (RFC 8489 §14.7). */
function checkFingerprint(bytes: Uint8Array, offset: number): 'bad-fingerprint' | undefined {
  const isLast = readUint16(bytes, offset + 2) === 4 && offset + 8 === bytes.length;
  if (isLast && readUint32(bytes, offset + 4) === stunFingerprint(bytes, offset)) return undefined;
  return 'bad-fingerprint';
}

function parseAttribute(draft: Draft, type: number, value: Uint8Array, offset: number): boolean {
  // What follows MESSAGE-INTEGRITY is not covered by it and does not count (RFC 8489 §14.5).
  if (draft.integrityOffset !== undefined) return true;
  if (type === ATTRIBUTE.messageIntegrity) {
    draft.integrityOffset = offset;
    return value.length === INTEGRITY_BYTES;
  }
  const reader = readers.get(type);
  if (reader !== undefined) return reader(draft, value);
  // Types below 0x8000 must be understood (RFC 8489 §14).
  if (type < 0x8000) draft.unknownRequired = [...draft.unknownRequired, type];
  return true;
}

/** Whether MESSAGE-INTEGRITY is there and made with `password` (short-term credentials, RFC 8489 §9.1). */
export function hasIntegrity(bytes: Uint8Array, message: StunMessage, password: string): boolean {
  const offset = message.integrityOffset;
  if (offset === undefined) return false;
  const given = bytes.subarray(offset + 4, offset + 4 + INTEGRITY_BYTES);
  return timingSafeEqual(given, integrityOf(bytes, offset, password));
}

function integrityOf(bytes: Uint8Array, offset: number, password: string): Uint8Array {
  // The length in the header is as if the message ended with this attribute (RFC 8489 §14.5).
  // A Buffer's own slice() would be a view on it.
  const covered = new Uint8Array(bytes.subarray(0, offset));
  writeUint16(covered, 2, offset + 4 + INTEGRITY_BYTES - STUN_HEADER_BYTES);
  return hmacSha1(password, covered);
}

/** Writes a Binding message, with MESSAGE-INTEGRITY by `password` where one is given, and FINGERPRINT. */
export function writeStunMessage(fields: StunFields, password: string | undefined): Uint8Array {
  const writer = new StunWriter(CLASS_BITS[fields.class] | METHOD_BINDING, fields.transactionId);
  if (fields.username !== undefined) {
    writer.attribute(ATTRIBUTE.username, Buffer.from(fields.username, 'latin1'));
  }
  if (fields.errorCode !== undefined) {
    const value = [0, 0, Math.floor(fields.errorCode / 100), fields.errorCode % 100];
    writer.attribute(ATTRIBUTE.errorCode, Uint8Array.from(value));
  }
  if (fields.unknownAttributes !== undefined) {
    const value = fields.unknownAttributes.flatMap((type) => [type >> 8, type & 0xff]);
    writer.attribute(ATTRIBUTE.unknownAttributes, Uint8Array.from(value));
  }
  if (fields.mappedAddress !== undefined) {
    writer.attribute(
      ATTRIBUTE.xorMappedAddress,
      writeXorMappedAddress(fields.mappedAddress, fields.transactionId),
    );
  }
  if (fields.priority !== undefined) {
    const value = new Uint8Array(4);
    writeUint32(value, 0, fields.priority);
    writer.attribute(ATTRIBUTE.priority, value);
  }
  if (fields.role !== undefined) {
    const type = fields.role === 'controlling' ? ATTRIBUTE.iceControlling : ATTRIBUTE.iceControlled;
    writer.attribute(type, fields.tieBreaker ?? new Uint8Array(8));
  }
  if (fields.useCandidate === true) writer.attribute(ATTRIBUTE.useCandidate, new Uint8Array(0));
  return writer.finish(password);
}

class StunWriter {
  readonly #bytes = new Uint8Array(MESSAGE_BYTES_MAX);
  #length = STUN_HEADER_BYTES;

  constructor(type: number, transactionId: Uint8Array) {
    writeUint16(this.#bytes, 0, type);
    writeUint32(this.#bytes, 4, MAGIC_COOKIE);
    this.#bytes.set(transactionId, 8);
  }

  attribute(type: number, value: Uint8Array): void {
    writeUint16(this.#bytes, this.#length, type);
    writeUint16(this.#bytes, this.#length + 2, value.length);
    this.#bytes.set(value, this.#length + 4);
    this.#length += 4 + ((value.length + 3) & ~3);
  }

  finish(password: string | undefined): Uint8Array {
    if (password !== undefined) {
      this.attribute(ATTRIBUTE.messageIntegrity, integrityOf(this.#bytes, this.#length, password));
    }
    // FINGERPRINT counts itself in the header's length (RFC 8489 §14.7).
    writeUint16(this.#bytes, 2, this.#length + 8 - STUN_HEADER_BYTES);
    const value = new Uint8Array(4);
    writeUint32(value, 0, stunFingerprint(this.#bytes, this.#length));
    this.attribute(ATTRIBUTE.fingerprint, value);
    return this.#bytes.slice(0, this.#length);
  }
}

function readUsername(draft: Draft, value: Uint8Array): boolean {
  if (value.length > USERNAME_BYTES_MAX) return false;
  // Of several of a kind the first counts (RFC 8489 §14). ICE credentials are ASCII (RFC 8839 §5.4).
  draft.username ??= Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
  return true;
}

function readErrorCode(draft: Draft, value: Uint8Array): boolean {
  if (value.length < 4) return false;
  draft.errorCode ??= (value[2]! & 0x07) * 100 + value[3]!;
  return true;
}

function readPriority(draft: Draft, value: Uint8Array): boolean {
  if (value.length !== 4) return false;
  draft.priority ??= readUint32(value, 0);
  return true;
}

function readUseCandidate(draft: Draft, value: Uint8Array): boolean {
  draft.useCandidate = true;
  return value.length === 0;
}

function readRole(draft: Draft, value: Uint8Array, role: 'controlling' | 'controlled'): boolean {
  draft.role ??= role;
  return value.length === 8;
}

function readXorMappedAddress(draft: Draft, value: Uint8Array): boolean {
  const family = value[1];
  const ipBytes = family === FAMILY_IPV4 ? 4 : 16;
  if (family !== FAMILY_IPV4 && family !== FAMILY_IPV6) return false;
  if (value.length !== 4 + ipBytes) return false;
  const plain = new Uint8Array(value); // a Buffer's slice() would be a view
  xorAddress(plain, draft.transactionId);
  draft.mappedAddress ??= { ip: plain.subarray(4), port: readUint16(plain, 2) };
  return true;
}

function writeXorMappedAddress(address: TransportAddress, transactionId: Uint8Array): Uint8Array {
  const value = new Uint8Array(4 + address.ip.length);
  value[1] = address.ip.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
  writeUint16(value, 2, address.port);
  value.set(address.ip, 4);
  xorAddress(value, transactionId);
  return value;
}

/** Port and address are xored with the cookie and, for IPv6, the transaction id (RFC 8489 §14.2). */
function xorAddress(value: Uint8Array, transactionId: Uint8Array): void {
  writeUint16(value, 2, readUint16(value, 2) ^ (MAGIC_COOKIE >>> 16));
  for (let index = 4; index < value.length; index++) {
    const mask = index < 8 ? MAGIC_COOKIE >>> (8 * (7 - index)) : transactionId[index - 8]!;
    value[index] = value[index]! ^ (mask & 0xff);
  }
}
