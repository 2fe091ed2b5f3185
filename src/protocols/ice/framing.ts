/** RFC 4571 framing: each packet on a TCP connection comes after its length in 16 bits. */
import { assert } from '../../base/assert.ts';
import { writeUint16 } from '../../base/bytes.ts';

/** The 16-bit length ahead of each packet. */
export const FRAME_HEADER_BYTES = 2;

/** Larger than any STUN, DTLS or SRTP packet that an agent sends: they all keep to a network's MTU. */
export const FRAME_BYTES_MAX = 2048;

/** Why a connection is beyond repair. */
export type FrameReject = 'frame-too-long';

/** Puts the length before one packet. */
export function frame(packet: Uint8Array): Uint8Array {
  assert(packet.length <= 0xffff, 'a frame has a 16-bit length');
  const framed = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
  writeUint16(framed, 0, packet.length);
  framed.set(packet, FRAME_HEADER_BYTES);
  return framed;
}

type ReaderState = 'length-high' | 'length-low' | 'body' | 'failed';

/**
 * Cuts a byte stream back into packets. A packet that lies whole in one chunk is a view on it; only one that
 * straddles chunks is copied.
 */
export class FrameReader {
  #state: ReaderState = 'length-high';
  #length = 0;
  /** The part of the body that came in earlier chunks. */
  #partial: Uint8Array | undefined;
  #partialBytes = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;

  /** Takes the next bytes of the stream. Call {@link poll} until it has nothing more before the next chunk. */
  receive(chunk: Uint8Array): void {
    assert(this.#offset === this.#chunk.length || this.#state === 'failed', 'poll() first');
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /** The next whole packet (it may be empty: RFC 4571 §2 allows it), or why the connection is beyond repair. */
  poll(): Uint8Array | FrameReject | undefined {
    if (this.#state === 'failed') return 'frame-too-long';
    while (this.#state !== 'body') {
      if (this.#offset === this.#chunk.length) return undefined;
      const byte = this.#chunk[this.#offset++]!;
      if (this.#state === 'length-high') {
        this.#length = byte << 8;
        this.#state = 'length-low';
      } else {
        this.#length |= byte;
        if (this.#length > FRAME_BYTES_MAX) {
          this.#state = 'failed';
          return 'frame-too-long';
        }
        this.#state = 'body';
      }
    }
    return this.#pollBody();
  }

  #pollBody(): Uint8Array | undefined {
    const available = this.#chunk.length - this.#offset;
    const wanted = this.#length - this.#partialBytes;
    const taken = this.#chunk.subarray(this.#offset, this.#offset + Math.min(available, wanted));
    this.#offset += taken.length;
    if (this.#partial === undefined) {
      if (taken.length === this.#length) {
        this.#state = 'length-high';
        return taken;
      }
      this.#partial = new Uint8Array(this.#length);
    }
    this.#partial.set(taken, this.#partialBytes);
    this.#partialBytes += taken.length;
    if (this.#partialBytes < this.#length) return undefined;
    const packet = this.#partial;
    this.#partial = undefined;
    this.#partialBytes = 0;
    this.#state = 'length-high';
    return packet;
  }
}
