/**
 * SRTP and SRTCP once more, in TypeScript over node:crypto: slow, plain, and written from the RFCs alone. Tests hold
 * the addon against it, so the two share no code.
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { readUint32, writeUint16, writeUint32 } from '../base/bytes.ts';
import type { SrtpKeys, SrtpProfile } from '../protocols/webrtc/crypto.ts';

const GCM_TAG_BYTES = 16;
const CM_TAG_BYTES = 10;
const RTCP_HEADER_BYTES = 8;
const RTCP_INDEX_BYTES = 4;
/** The E bit of the index word: this packet is encrypted (RFC 3711 §3.4). */
const ENCRYPTED = 0x8000_0000;

/** Labels of RFC 3711 §4.3.1 and §4.3.2. */
const LABELS = {
  rtp: { encryption: 0, authentication: 1, salt: 2 },
  rtcp: { encryption: 3, authentication: 4, salt: 5 },
} as const;

export type SessionKeys = {
  readonly encryption: Uint8Array;
  readonly authentication: Uint8Array;
  readonly salt: Uint8Array;
};

/** RFC 3711 §4.3 with a key derivation rate of 0; a 96-bit salt is padded on the right (RFC 7714 §11). */
export function deriveSessionKeys(
  profile: SrtpProfile,
  master: SrtpKeys,
  kind: 'rtp' | 'rtcp',
): SessionKeys {
  const saltBytes = profile === 'aead-aes-128-gcm' ? 12 : 14;
  assert(master.key.length === 16 && master.salt.length === saltBytes, 'SRTP key or salt length');
  const derive = (label: number, size: number) => {
    const iv = new Uint8Array(16);
    iv.set(master.salt);
    iv[7]! ^= label;
    return aesCtr(master.key, iv, new Uint8Array(size));
  };
  const labels = LABELS[kind];
  return {
    encryption: derive(labels.encryption, 16),
    authentication: derive(labels.authentication, 20),
    salt: derive(labels.salt, saltBytes),
  };
}

/** One direction of one association, from what DTLS gave. */
export function createOracle(profile: SrtpProfile, master: SrtpKeys): SrtpOracle {
  const derive = (kind: 'rtp' | 'rtcp') => deriveSessionKeys(profile, master, kind);
  return new SrtpOracle(profile, derive('rtp'), derive('rtcp'));
}

/** The packets of one direction. */
export class SrtpOracle {
  readonly #gcm: boolean;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;

  constructor(profile: SrtpProfile, rtp: SessionKeys, rtcp: SessionKeys) {
    this.#gcm = profile === 'aead-aes-128-gcm';
    this.#rtp = rtp;
    this.#rtcp = rtcp;
  }

  protectRtp(packet: Uint8Array, headerLength: number, roc: number): Uint8Array {
    const header = packet.subarray(0, headerLength);
    const payload = packet.subarray(headerLength);
    if (this.#gcm) {
      const iv = gcmRtpIv(this.#rtp.salt, packet, roc);
      return concat(header, gcmSeal(this.#rtp.encryption, iv, header, payload));
    }
    const iv = cmRtpIv(this.#rtp.salt, packet, roc);
    const body = concat(header, aesCtr(this.#rtp.encryption, iv, payload));
    return concat(body, hmacTag(this.#rtp.authentication, body, word(roc)));
  }

  /** A plain copy, or undefined when the tag is wrong. */
  unprotectRtp(packet: Uint8Array, headerLength: number, roc: number): Uint8Array | undefined {
    const header = packet.subarray(0, headerLength);
    if (packet.length < headerLength + (this.#gcm ? GCM_TAG_BYTES : CM_TAG_BYTES)) return undefined;
    if (this.#gcm) {
      const iv = gcmRtpIv(this.#rtp.salt, packet, roc);
      const payload = gcmOpen(this.#rtp.encryption, iv, header, packet.subarray(headerLength));
      return payload && concat(header, payload);
    }
    const body = packet.subarray(0, packet.length - CM_TAG_BYTES);
    const tag = hmacTag(this.#rtp.authentication, body, word(roc));
    if (!timingSafeEqual(tag, packet.subarray(body.length))) return undefined;
    const iv = cmRtpIv(this.#rtp.salt, packet, roc);
    return concat(header, aesCtr(this.#rtp.encryption, iv, body.subarray(headerLength)));
  }

  protectRtcp(packet: Uint8Array, index: number): Uint8Array {
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const payload = packet.subarray(RTCP_HEADER_BYTES);
    const indexWord = word((ENCRYPTED | index) >>> 0);
    if (this.#gcm) {
      // The index is authenticated but stands behind the tag (RFC 7714 §9.2).
      const iv = gcmRtcpIv(this.#rtcp.salt, packet, index);
      const sealed = gcmSeal(this.#rtcp.encryption, iv, concat(header, indexWord), payload);
      return concat(concat(header, sealed), indexWord);
    }
    const iv = cmRtcpIv(this.#rtcp.salt, packet, index);
    const sealed = aesCtr(this.#rtcp.encryption, iv, payload);
    const body = concat(concat(header, sealed), indexWord);
    return concat(body, hmacTag(this.#rtcp.authentication, body, new Uint8Array()));
  }

  /** A plain copy and the packet's index, or undefined when the tag is wrong. */
  unprotectRtcp(packet: Uint8Array): { plain: Uint8Array; index: number } | undefined {
    const tagBytes = this.#gcm ? GCM_TAG_BYTES : CM_TAG_BYTES;
    if (packet.length < RTCP_HEADER_BYTES + RTCP_INDEX_BYTES + tagBytes) return undefined;
    const indexAt = packet.length - RTCP_INDEX_BYTES - (this.#gcm ? 0 : CM_TAG_BYTES);
    // DTLS-SRTP's profiles always encrypt RTCP (RFC 5764 §4.1.2).
    if (readUint32(packet, indexAt) < ENCRYPTED) return undefined;
    return this.#gcm ? this.#openGcmRtcp(packet) : this.#openCmRtcp(packet);
  }

  #openGcmRtcp(packet: Uint8Array): { plain: Uint8Array; index: number } | undefined {
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const indexWord = packet.subarray(packet.length - RTCP_INDEX_BYTES);
    const index = readUint32(indexWord, 0) & ~ENCRYPTED;
    const iv = gcmRtcpIv(this.#rtcp.salt, packet, index);
    const sealed = packet.subarray(RTCP_HEADER_BYTES, packet.length - RTCP_INDEX_BYTES);
    const payload = gcmOpen(this.#rtcp.encryption, iv, concat(header, indexWord), sealed);
    return payload && { plain: concat(header, payload), index };
  }

  #openCmRtcp(packet: Uint8Array): { plain: Uint8Array; index: number } | undefined {
    const body = packet.subarray(0, packet.length - CM_TAG_BYTES);
    const tag = hmacTag(this.#rtcp.authentication, body, new Uint8Array());
    if (!timingSafeEqual(tag, packet.subarray(body.length))) return undefined;
    const indexAt = body.length - RTCP_INDEX_BYTES;
    const index = readUint32(body, indexAt) & ~ENCRYPTED;
    const iv = cmRtcpIv(this.#rtcp.salt, packet, index);
    const payload = aesCtr(this.#rtcp.encryption, iv, body.subarray(RTCP_HEADER_BYTES, indexAt));
    return { plain: concat(packet.subarray(0, RTCP_HEADER_BYTES), payload), index };
  }
}

/** 00 00 SSRC ROC SEQ, XORed with the salt (RFC 7714 §8.1). */
function gcmRtpIv(salt: Uint8Array, packet: Uint8Array, roc: number): Uint8Array {
  const iv = new Uint8Array(12);
  iv.set(packet.subarray(8, 12), 2);
  writeUint32(iv, 6, roc);
  iv.set(packet.subarray(2, 4), 10);
  return xor(iv, salt);
}

/** 00 00 SSRC 00 00 index, XORed with the salt (RFC 7714 §9.1). */
function gcmRtcpIv(salt: Uint8Array, packet: Uint8Array, index: number): Uint8Array {
  const iv = new Uint8Array(12);
  iv.set(packet.subarray(4, 8), 2);
  writeUint32(iv, 8, index);
  return xor(iv, salt);
}

/** salt·2^16 XOR SSRC·2^64 XOR index·2^16 (RFC 3711 §4.1.1); the index is ROC and sequence number. */
function cmRtpIv(salt: Uint8Array, packet: Uint8Array, roc: number): Uint8Array {
  const iv = new Uint8Array(16);
  iv.set(packet.subarray(8, 12), 4);
  writeUint32(iv, 8, roc);
  iv.set(packet.subarray(2, 4), 12);
  return xor(iv, salt);
}

/** As for RTP, with the 31-bit SRTCP index. */
function cmRtcpIv(salt: Uint8Array, packet: Uint8Array, index: number): Uint8Array {
  const iv = new Uint8Array(16);
  iv.set(packet.subarray(4, 8), 4);
  writeUint16(iv, 10, index >>> 16);
  writeUint16(iv, 12, index & 0xffff);
  return xor(iv, salt);
}

function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return createCipheriv('aes-128-ctr', key, iv).update(data);
}

function gcmSeal(
  key: Uint8Array,
  iv: Uint8Array,
  associated: Uint8Array,
  data: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, iv);
  cipher.setAAD(associated);
  const sealed = cipher.update(data);
  cipher.final();
  return concat(sealed, cipher.getAuthTag());
}

function gcmOpen(
  key: Uint8Array,
  iv: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const tagAt = sealed.length - GCM_TAG_BYTES;
  const cipher = createDecipheriv('aes-128-gcm', key, iv, { authTagLength: GCM_TAG_BYTES });
  cipher.setAAD(associated);
  cipher.setAuthTag(sealed.subarray(tagAt));
  const plain = cipher.update(sealed.subarray(0, tagAt));
  try {
    cipher.final();
    return plain;
  } catch {
    return undefined; // the only thing that final() can mind is the tag
  }
}

/** The first 80 bits of HMAC-SHA1 (RFC 3711 §4.2). */
function hmacTag(key: Uint8Array, data: Uint8Array, suffix: Uint8Array): Uint8Array {
  return createHmac('sha1', key).update(data).update(suffix).digest().subarray(0, CM_TAG_BYTES);
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, value);
  return bytes;
}

function xor(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte ^ (mask[i] ?? 0));
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
