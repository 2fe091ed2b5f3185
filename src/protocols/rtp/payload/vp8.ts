import { FramePacketizer, PICTURE_ID_MASK, type WriteDescriptor } from './frame-packetizer.ts';

const EXTENDED = 0x80;
const START = 0x10;
const HAS_PICTURE_ID = 0x80;
const LONG_PICTURE_ID = 0x80;

/** VP8 frames → RTP payloads (RFC 7741), each behind a descriptor with a 15-bit picture id. */
export class Vp8Packetizer {
  readonly #packetizer = new FramePacketizer();
  #pictureId: number;

  /** @param pictureId of the first frame; RFC 7741 §4.2 wants it random */
  constructor(pictureId: number) {
    this.#pictureId = pictureId & PICTURE_ID_MASK;
  }

  /** The payloads are valid until the next call. */
  packetize(frame: Uint8Array): Uint8Array[] {
    const pictureId = this.#pictureId;
    const write: WriteDescriptor = (payload, { isFirst }) => {
      payload[0] = EXTENDED | (isFirst ? START : 0); // partition index 0: we do not tell partitions apart
      payload[1] = HAS_PICTURE_ID;
      payload[2] = LONG_PICTURE_ID | (pictureId >> 8);
      payload[3] = pictureId;
      return 4;
    };
    const payloads = this.#packetizer.packetize(frame, write);
    if (payloads.length > 0) this.#pictureId = (pictureId + 1) & PICTURE_ID_MASK;
    return payloads;
  }
}
