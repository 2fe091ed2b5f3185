/** Counting around a native SRTP handle: rollover counters (RFC 3711 §3.3.1) and SRTCP indices. */
import { seqDelta } from '../../src/base/circle.ts';
import type { Srtp, SrtpProfile } from '../../src/protocols/webrtc/crypto.ts';

/** Bytes that SRTP adds to an RTP packet. */
export const TAG_BYTES: Readonly<Record<SrtpProfile, number>> = {
  'aead-aes-128-gcm': 16,
  'aes128-cm-sha1-80': 10,
};

export class SrtpSession {
  readonly profile: SrtpProfile;
  readonly #srtp: Srtp;
  readonly #sendRollover = new Map<number, Rollover>();
  #srtcpIndex = 0;

  constructor(srtp: Srtp) {
    this.#srtp = srtp;
    this.profile = srtp.profile;
  }

  /** @returns length of the plain packet, -1 when it is not genuine */
  unprotect(packet: Uint8Array, headerLength: number, roc: number): number {
    return this.#srtp.unprotectRtp(packet, headerLength, roc);
  }

  unprotectRtcp(packet: Uint8Array): number {
    return this.#srtp.unprotectRtcp(packet)?.length ?? -1;
  }

  protect(packet: Buffer, headerLength: number): Uint8Array {
    const ssrc = packet.readUInt32BE(8);
    let rollover = this.#sendRollover.get(ssrc);
    if (!rollover) {
      rollover = new Rollover();
      this.#sendRollover.set(ssrc, rollover);
    }
    return this.#srtp.protectRtp(packet, headerLength, rollover.next(packet.readUInt16BE(2)));
  }

  protectRtcp(packet: Uint8Array): Uint8Array {
    return this.#srtp.protectRtcp(packet, this.#srtcpIndex++);
  }

  free(): void {
    this.#srtp.free();
  }
}

/** Rollover counter of one SSRC; starts at 0, as RFC 3711 §3.3.1 asks of receivers that join late. */
export class Rollover {
  #roc = 0;
  #highest: number | undefined;

  /** The counter that belongs to this packet's sequence number. */
  next(sequenceNumber: number): number {
    if (this.#highest === undefined) {
      this.#highest = sequenceNumber;
      return this.#roc;
    }
    const delta = seqDelta(this.#highest, sequenceNumber);
    const wrapped = this.#highest + delta;
    if (delta <= 0) return wrapped < 0 ? this.#roc - 1 : this.#roc;
    if (wrapped > 0xffff) this.#roc++;
    this.#highest = sequenceNumber;
    return this.#roc;
  }
}
