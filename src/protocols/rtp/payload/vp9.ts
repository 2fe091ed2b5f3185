import { isVp9Keyframe, VP9_BIT, vp9PictureSize } from '../../codecs/vp9.ts';
import { FramePacketizer, PICTURE_ID_MASK, type WriteDescriptor } from './frame-packetizer.ts';

const LONG_PICTURE_ID = 0x80;
/** P_DIFF 1 and no more: what an encoder refers to in truth, every frame needs the one before to be there. */
const REFERS_TO_PREVIOUS = 1 << 1;
/** One spatial layer, whose size follows (§4.2.1). */
const ONE_SIZE = 0x10;

/**
 * VP9 frames → RTP payloads (RFC 9628): flexible mode with a 15-bit picture id, no layers, and the picture size on each
 * keyframe. A superframe goes as the one frame that it shows.
 */
export class Vp9Packetizer {
  readonly #packetizer = new FramePacketizer();
  #pictureId: number;

  /** @param pictureId of the first frame; RFC 9628 §4.2 wants it random */
  constructor(pictureId: number) {
    this.#pictureId = pictureId & PICTURE_ID_MASK;
  }

  /** The payloads are valid until the next call. */
  packetize(frame: Uint8Array): Uint8Array[] {
    const isKeyframe = isVp9Keyframe(frame);
    const size = isKeyframe ? vp9PictureSize(frame) : undefined;
    const pictureId = this.#pictureId;
    const write: WriteDescriptor = (payload, { isFirst, isLast }) => {
      const tellsSize = isFirst && size !== undefined;
      payload[0] =
        VP9_BIT.pictureId |
        VP9_BIT.flexible |
        (isKeyframe ? 0 : VP9_BIT.predicted) |
        (isFirst ? VP9_BIT.begin : 0) |
        (isLast ? VP9_BIT.end : 0) |
        (tellsSize ? VP9_BIT.scalability : 0);
      payload[1] = LONG_PICTURE_ID | (pictureId >> 8);
      payload[2] = pictureId;
      if (!isKeyframe) {
        payload[3] = REFERS_TO_PREVIOUS;
        return 4;
      }
      if (!tellsSize) return 3;
      payload.set([ONE_SIZE, size.width >> 8, size.width, size.height >> 8, size.height], 3);
      return 8;
    };
    const payloads = this.#packetizer.packetize(frame, write);
    if (payloads.length > 0) this.#pictureId = (pictureId + 1) & PICTURE_ID_MASK;
    return payloads;
  }
}
