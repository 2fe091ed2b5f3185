import { randomInt } from 'node:crypto';

export const RTP_HEADER_BYTES = 12;

/** One outgoing RTP stream (RFC 3550 §5.1): writes headers, counts what its sender reports must say. */
export class RtpStream {
  readonly ssrc = randomInt(1, 2 ** 32);
  readonly payloadType: number;
  packets = 0;
  octets = 0;
  lastTicks = 0;
  readonly #ticksOffset = randomInt(2 ** 32);
  #sequenceNumber = randomInt(2 ** 15);

  constructor(payloadType: number) {
    this.payloadType = payloadType;
  }

  /** @returns a new buffer with room for `spareBytes` of SRTP tag behind the packet */
  write(payload: Uint8Array, ticks: number, last: boolean, spareBytes: number): Buffer {
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length + spareBytes);
    this.lastTicks = (ticks + this.#ticksOffset) % 2 ** 32;
    packet[0] = 0x80;
    packet[1] = (last ? 0x80 : 0) | this.payloadType;
    packet.writeUInt16BE(this.#sequenceNumber, 2);
    packet.writeUInt32BE(this.lastTicks, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    packet.set(payload, RTP_HEADER_BYTES);
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.packets++;
    this.octets += payload.length;
    return packet;
  }
}
