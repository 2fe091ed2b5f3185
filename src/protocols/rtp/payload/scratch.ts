/**
 * What one RTP payload may weigh: with 12 bytes of RTP header, 16 of SRTP tag and 2 of RFC 4571 length it is 1200, which
 * WebRTC takes for safe on any path.
 */
export const PAYLOAD_BYTES_MAX = 1170;

/** Where packetizers build the payloads of one frame; used again for the next. */
export class Scratch {
  #bytes = new Uint8Array(256 * 1024);
  #used = 0;

  /** Begins a frame that will need at most so many bytes: payloads are views, and must not move. */
  reserve(bytes: number): void {
    if (bytes > this.#bytes.length) this.#bytes = new Uint8Array(bytes * 2);
    this.#used = 0;
  }

  /** The next so many bytes; valid until the next {@link reserve}. What was in them before is still there. */
  take(bytes: number): Uint8Array {
    const start = this.#used;
    this.#used += bytes;
    return this.#bytes.subarray(start, this.#used);
  }
}

/** How many bytes a part has when `total` are cut into as few equal parts of at most `max` as there can be. */
export function equalParts(total: number, max: number): number {
  return Math.ceil(total / Math.ceil(total / max));
}
