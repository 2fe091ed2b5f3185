/**
 * The batch calls of the native addon over fake keys and simulated sockets. What may never happen to a key is
 * checked here, where every packet passes: an index used twice (RFC 3711 §9.1: it would reveal the plain text).
 */
import assert from 'node:assert/strict';
import { FRAMING, ROW, ROW_WORDS } from '../../src/base/send-row.ts';
import type { Arenas } from '../../src/engine/history.ts';
import type { BatchAddon } from '../../src/media/send/batch-sender.ts';
import type { SrtpKeys, SrtpProfile } from '../../src/protocols/webrtc/crypto.ts';
import { FakeCrypto, type FakeSrtp } from './fake-crypto.ts';

const SOCKADDR_BYTES = 28;
const EAGAIN = -11;
const PADDING_BIT = 0x20;
const RTP_SEQUENCE_OFFSET = 2;
const RTP_SSRC_OFFSET = 8;

/** What the fake kernel needs to know of a socket. */
export type SocketTable = {
  /** @returns bytes taken, 0 for none; undefined when the socket is gone */
  tcpSend(fd: number, bytes: Uint8Array): number | undefined;
  udpSend(addressId: number, datagram: Uint8Array): void;
};

/** 28 bytes that stand for a remote address. */
export function fakeSockaddr(addressId: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  new DataView(bytes.buffer).setUint32(0, addressId);
  return bytes;
}

/** Keys that notice when an SRTCP index is used twice. */
export class StrictCrypto extends FakeCrypto {
  override createSrtp(profile: SrtpProfile, local: SrtpKeys, remote: SrtpKeys): FakeSrtp {
    const srtp = super.createSrtp(profile, local, remote);
    const protect = srtp.protectRtcp.bind(srtp);
    let last = -1;
    srtp.protectRtcp = (packet, index) => {
      assert.ok(index > last, `SRTCP index ${index} after ${last}`);
      last = index;
      return protect(packet, index);
    };
    return srtp;
  }
}

export class FakeAddon implements BatchAddon, Arenas {
  readonly #crypto: FakeCrypto;
  readonly #sockets: SocketTable;
  readonly #arenas = new Map<number, Uint8Array>();
  #nextArena = 1;
  /** Highest index used, per key handle and SSRC. */
  readonly #indexes = new Map<string, number>();
  packets = 0;

  constructor(crypto: FakeCrypto, sockets: SocketTable) {
    this.#crypto = crypto;
    this.#sockets = sockets;
  }

  get arenaCount(): number {
    return this.#arenas.size;
  }

  register(bytes: Uint8Array): number {
    this.#arenas.set(this.#nextArena, bytes);
    return this.#nextArena++;
  }

  release(id: number): void {
    assert.ok(this.#arenas.delete(id), 'an arena is released once');
  }

  protectBatch(
    rows: Uint32Array,
    rowCount: number,
    headers: Uint8Array,
    runs: Uint32Array,
    runCount: number,
    out: Uint8Array,
    ends: Uint32Array,
    lengths: Uint32Array,
  ): number {
    let at = 0;
    let row = 0;
    for (let run = 0; run < runCount; run++) {
      const end = runs[run * 2] as number;
      assert.ok(end > row && end <= rowCount, 'runs are rows in order, none of them empty');
      for (; row < end; row++) {
        const packet = this.#protect(rows.subarray(row * ROW_WORDS), headers);
        if (runs[run * 2 + 1] === FRAMING.rfc4571) {
          out[at++] = packet.length >> 8;
          out[at++] = packet.length;
        }
        if (at + packet.length > out.length) return -1;
        out.set(packet, at);
        at += packet.length;
        lengths[row] = packet.length;
      }
      ends[run] = at;
    }
    assert.equal(row, rowCount, 'every row belongs to a run');
    return at;
  }

  tcpSendBatch(
    fds: Int32Array,
    offsets: Uint32Array,
    count: number,
    buffer: Uint8Array,
    results: Int32Array,
  ): void {
    for (let i = 0; i < count; i++) {
      const bytes = buffer.subarray(offsets[i * 2], offsets[i * 2 + 1]);
      const taken = this.#sockets.tcpSend(fds[i] as number, bytes);
      assert.notEqual(taken, undefined, 'nothing is sent to a socket that is closed');
      results[i] = taken === 0 ? EAGAIN : (taken as number);
    }
  }

  udpSendBatch(
    _fd: number,
    addresses: Uint8Array,
    offsets: Uint32Array,
    segments: Uint32Array,
    count: number,
    buffer: Uint8Array,
    results: Int32Array,
  ): void {
    const view = new DataView(addresses.buffer, addresses.byteOffset);
    for (let i = 0; i < count; i++) {
      const end = offsets[i * 2 + 1] as number;
      const start = offsets[i * 2] as number;
      const segment = (segments[i] as number) || end - start;
      for (let at = start; at < end; at += segment) {
        const datagram = buffer.subarray(at, Math.min(at + segment, end));
        this.#sockets.udpSend(view.getUint32(i * SOCKADDR_BYTES), datagram);
      }
      results[i] = end - start;
    }
  }

  #protect(row: Uint32Array, headers: Uint8Array): Uint8Array {
    const word = (column: number): number => row[column] as number;
    const srtp = this.#crypto.srtpOf(word(ROW.srtp));
    assert.ok(srtp, 'rows name keys that are still there');
    const arena = this.#arenas.get(word(ROW.arena));
    assert.ok(arena, 'rows name a registered arena');
    const headerLength = word(ROW.headerLength);
    const padding = word(ROW.padding);
    const payloadLength = word(ROW.payloadLength);
    const packet = new Uint8Array(headerLength + payloadLength + padding);
    const { headerOffset, payloadOffset } = ROW;
    packet.set(headers.subarray(word(headerOffset), word(headerOffset) + headerLength));
    packet.set(
      arena.subarray(word(payloadOffset), word(payloadOffset) + payloadLength),
      headerLength,
    );
    if (padding > 0) packet[packet.length - 1] = padding;
    assert.equal(((packet[0] as number) & PADDING_BIT) !== 0, padding > 0, 'P bit and padding');
    this.#countIndex(word(ROW.srtp), word(ROW.roc), packet);
    this.packets++;
    return srtp.protectRtp(packet, headerLength, word(ROW.roc));
  }

  #countIndex(handle: number, roc: number, packet: Uint8Array): void {
    const view = new DataView(packet.buffer);
    const index = roc * 65_536 + view.getUint16(RTP_SEQUENCE_OFFSET);
    const flow = `${handle} ${view.getUint32(RTP_SSRC_OFFSET)}`;
    const last = this.#indexes.get(flow) ?? -1;
    assert.ok(index > last, `SRTP index ${index} after ${last} under key and SSRC ${flow}`);
    this.#indexes.set(flow, index);
  }
}
