/** One viewer of the swarm: a real WebRTC session that counts instead of decoding. */
import { randomInt } from 'node:crypto';
import { ClientPeer, type PeerListener, type PeerOptions } from '../client/peer.ts';
import { type SrtpSession, TAG_BYTES } from '../client/srtp-session.ts';
import { monotonicUs, readStamp } from '../stamp.ts';
import { ReceiveStream } from './receive-stream.ts';

/** Browsers report on video about once a second (RFC 3550 §6.2 as libwebrtc does it). */
const REPORT_INTERVAL_MS = 1000;
const RTP_HEADER_BYTES = 12;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const REPORT_BLOCK_BYTES = 24;
/** SDES with a CNAME of five characters: header, SSRC, item, terminator. */
const SDES_BYTES = 20;
const CNAME = 'bench';

export type ViewerCounts = {
  readonly packets: number;
  readonly payloadBytes: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly decrypted: number;
  readonly undecryptable: number;
  readonly closed: string | undefined;
};

export class SwarmViewer implements PeerListener {
  /** Microseconds from the publisher's stamp to here, of frames whose last packet was decrypted. */
  delaysUs: number[] = [];
  readonly #streams = new Map<number, ReceiveStream>();
  readonly #decryptEvery: number;
  readonly #ssrc = randomInt(1, 2 ** 32);
  #untilDecrypt = 1;
  #decrypted = 0;
  #undecryptable = 0;
  #peer: ClientPeer | undefined;
  #srtp: SrtpSession | undefined;
  #tagBytes = 0;
  #reports: NodeJS.Timeout | undefined;
  #closed: string | undefined;

  /** @param decryptEvery 1 decrypts all packets, n one in n */
  constructor(decryptEvery: number) {
    this.#decryptEvery = decryptEvery;
  }

  async connect(options: PeerOptions): Promise<void> {
    this.#peer = await ClientPeer.connect(options, this);
    this.#srtp = this.#peer.srtp;
    this.#tagBytes = this.#srtp ? TAG_BYTES[this.#srtp.profile] : 0;
    this.#reports = setTimeout(() => {
      this.#reports = setInterval(() => this.#report(), REPORT_INTERVAL_MS);
    }, randomInt(REPORT_INTERVAL_MS)); // spread, as viewers of different birth are
  }

  get profile(): string {
    return this.#srtp?.profile ?? 'none';
  }

  counts(): ViewerCounts {
    const sum = { packets: 0, payloadBytes: 0, lost: 0, duplicates: 0 };
    for (const stream of this.#streams.values()) {
      sum.packets += stream.packets;
      sum.payloadBytes += stream.payloadBytes;
      sum.lost += stream.lost;
      sum.duplicates += stream.duplicates;
    }
    const { decrypted, undecryptable } = {
      decrypted: this.#decrypted,
      undecryptable: this.#undecryptable,
    };
    return { ...sum, decrypted, undecryptable, closed: this.#closed };
  }

  close(): void {
    this.#peer?.close('left');
  }

  stall(stalled: boolean): void {
    this.#peer?.stall(stalled);
  }

  vanish(): void {
    this.#peer?.vanish();
  }

  onRtp(bytes: Buffer, start: number, end: number): void {
    const srtp = this.#srtp;
    if (!srtp) return; // media ahead of the handshake's end: the server's mistake, and seen as a loss
    const headerLength = rtpHeaderLength(bytes, start, end);
    if (headerLength < 0) return;
    const stream = this.#streamOf(bytes.readUInt32BE(start + 8));
    const payloadBytes = end - start - headerLength - this.#tagBytes;
    const roc = stream.count(bytes.readUInt16BE(start + 2), payloadBytes);
    if (--this.#untilDecrypt > 0) return;
    this.#untilDecrypt = this.#decryptEvery;
    const packet = bytes.subarray(start, end);
    const length = srtp.unprotect(packet, headerLength, roc);
    if (length < 0) {
      this.#undecryptable++;
      return;
    }
    this.#decrypted++;
    if ((packet[1]! & 0x80) !== 0) this.#takeStamp(packet, length);
  }

  onRtcp(bytes: Buffer, start: number, end: number): void {
    if (!this.#srtp) return;
    const packet = bytes.subarray(start, end);
    const length = this.#srtp.unprotectRtcp(packet);
    let at = 0;
    while (at + 28 <= length) {
      if (packet[at + 1] === SENDER_REPORT) {
        const stream = this.#streamOf(packet.readUInt32BE(at + 4));
        stream.lastSenderReport = packet.readUInt32BE(at + 10); // the middle of the 64-bit NTP time
        stream.lastSenderReportMs = performance.now();
      }
      at += 4 + 4 * packet.readUInt16BE(at + 2);
    }
  }

  onClosed(reason: string): void {
    this.#closed = reason;
    this.#srtp = undefined;
    clearInterval(this.#reports);
  }

  #streamOf(ssrc: number): ReceiveStream {
    let stream = this.#streams.get(ssrc);
    if (!stream) {
      stream = new ReceiveStream(ssrc);
      this.#streams.set(ssrc, stream);
    }
    return stream;
  }

  #takeStamp(packet: Buffer, length: number): void {
    const padding = (packet[0]! & 0x20) !== 0 ? packet[length - 1]! : 0;
    const stampUs = readStamp(packet, length - padding);
    if (stampUs !== undefined) this.delaysUs.push(monotonicUs() - stampUs);
  }

  /** Receiver report on all streams, and CNAME: the compound that RFC 3550 §6.1 asks for. */
  #report(): void {
    const streams = [...this.#streams.values()].slice(0, 31);
    const blocks = streams.length * REPORT_BLOCK_BYTES;
    const bytes = Buffer.alloc(8 + blocks + SDES_BYTES);
    const nowMs = performance.now();
    bytes[0] = 0x80 | streams.length;
    bytes[1] = RECEIVER_REPORT;
    bytes.writeUInt16BE(1 + blocks / 4, 2);
    bytes.writeUInt32BE(this.#ssrc, 4);
    for (const [index, stream] of streams.entries()) {
      stream.writeReportBlock(bytes, 8 + index * REPORT_BLOCK_BYTES, nowMs);
    }
    const sdes = 8 + blocks;
    bytes[sdes] = 0x81;
    bytes[sdes + 1] = SOURCE_DESCRIPTION;
    bytes.writeUInt16BE(SDES_BYTES / 4 - 1, sdes + 2);
    bytes.writeUInt32BE(this.#ssrc, sdes + 4);
    bytes[sdes + 8] = 1; // CNAME
    bytes[sdes + 9] = CNAME.length;
    bytes.write(CNAME, sdes + 10, 'latin1');
    const protectedBytes = this.#srtp?.protectRtcp(bytes);
    if (protectedBytes) this.#peer?.send(protectedBytes);
  }
}

/** Header with CSRCs and extension, which SRTP leaves in the clear; -1 when it does not fit. */
function rtpHeaderLength(bytes: Buffer, start: number, end: number): number {
  let length = RTP_HEADER_BYTES + 4 * (bytes[start]! & 0x0f);
  if ((bytes[start]! & 0x10) !== 0) {
    if (start + length + 4 > end) return -1;
    length += 4 + 4 * bytes.readUInt16BE(start + length + 2);
  }
  return start + length <= end ? length : -1;
}
