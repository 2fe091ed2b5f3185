import { equalParts, PAYLOAD_BYTES_MAX, Scratch } from './scratch.ts';

/** Where a part lies in its frame. */
export type FramePart = {
  readonly isFirst: boolean;
  readonly isLast: boolean;
};

/** Writes a descriptor and gives its length; it may have at most {@link DESCRIPTOR_BYTES_MAX} bytes. */
export type WriteDescriptor = (payload: Uint8Array, part: FramePart) => number;

/** More than any descriptor that we write. */
export const DESCRIPTOR_BYTES_MAX = 12;
/** Picture ids have 15 bits, in VP8 and in VP9. */
export const PICTURE_ID_MASK = 0x7fff;

/** Cuts frames that RTP takes for opaque (VP8, VP9) into payloads of one size, each behind its descriptor. */
export class FramePacketizer {
  readonly #scratch = new Scratch();

  /** One frame → its RTP payloads, in order. They are valid until the next call. */
  packetize(frame: Uint8Array, writeDescriptor: WriteDescriptor): Uint8Array[] {
    if (frame.length === 0) return [];
    const size = equalParts(frame.length, PAYLOAD_BYTES_MAX - DESCRIPTOR_BYTES_MAX);
    const count = Math.ceil(frame.length / size);
    this.#scratch.reserve(frame.length + count * DESCRIPTOR_BYTES_MAX);
    const payloads: Uint8Array[] = [];
    for (let offset = 0; offset < frame.length; offset += size) {
      const part = frame.subarray(offset, offset + size);
      const payload = this.#scratch.take(DESCRIPTOR_BYTES_MAX + part.length);
      const isLast = offset + size >= frame.length;
      const length = writeDescriptor(payload, { isFirst: offset === 0, isLast });
      payload.set(part, length);
      payloads.push(payload.subarray(0, length + part.length));
    }
    return payloads;
  }
}
