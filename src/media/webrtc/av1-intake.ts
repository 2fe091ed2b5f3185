import type { FormatListener, TrackInput } from '../../engine/publishing.ts';
import {
  av1PictureSize,
  av1StartsKeyframe,
  NEW_SEQUENCE,
  OBU,
  obuElements,
  obuPayload,
  obuType,
} from '../../protocols/codecs/av1.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { InsertingTrack } from './inserting-track.ts';

/** Aggregation header of a payload with one whole OBU that begins a coded video sequence: W 1, N (AV1 RTP §4.4). */
const ONE_OBU = 0x10 | NEW_SEQUENCE;

/**
 * AV1 from a WebRTC publisher on its way into the engine: the sequence header ahead of every key frame, even where the
 * encoder sent it once, and the picture size.
 */
export class Av1Intake {
  readonly #publisher: FormatListener;
  readonly #track: InsertingTrack;
  readonly #onKeyframeWanted: (nowMs: number) => void;
  #sequenceHeader: Uint8Array | undefined;
  #frameTimestamp: number | undefined;
  #frameHasHeader = false;

  /** @param onKeyframeWanted called for every packet that comes while the sequence header is not known */
  constructor(
    publisher: FormatListener,
    track: TrackInput,
    onKeyframeWanted: (nowMs: number) => void,
  ) {
    this.#publisher = publisher;
    this.#track = new InsertingTrack(track);
    this.#onKeyframeWanted = onKeyframeWanted;
  }

  push(packet: RtpPacket, nowMs: number): void {
    if (packet.timestamp !== this.#frameTimestamp) {
      this.#frameTimestamp = packet.timestamp;
      this.#frameHasHeader = false;
    }
    this.#learn(packet.payload);
    if (!this.#sequenceHeader) {
      this.#onKeyframeWanted(nowMs);
      return;
    }
    if (!this.#frameHasHeader && av1StartsKeyframe(packet.payload)) {
      this.#frameHasHeader = true;
      const header = Uint8Array.of(ONE_OBU, ...this.#sequenceHeader);
      this.#track.insertBefore(packet, header, nowMs);
      this.#track.push({ ...packet, payload: withoutNewSequence(packet.payload) }, nowMs);
      return;
    }
    this.#track.push(packet, nowMs);
  }

  #learn(payload: Uint8Array): void {
    for (const { bytes, isContinued, continues } of obuElements(payload)) {
      if (isContinued || obuType(bytes[0]) !== OBU.sequenceHeader) continue;
      this.#frameHasHeader = true;
      // In two parts, which no encoder's is long enough for, it goes on as it is and is not learned.
      if (continues) continue;
      if (this.#sequenceHeader && Buffer.compare(this.#sequenceHeader, bytes) === 0) continue;
      this.#sequenceHeader = new Uint8Array(bytes);
      const size = av1PictureSize(obuPayload(bytes));
      if (size) this.#publisher.setVideoSize(size.width, size.height);
    }
  }
}

/** Only a sequence's first packet has the N bit, and that is ours. */
function withoutNewSequence(payload: Uint8Array): Uint8Array {
  const copy = new Uint8Array(payload);
  copy[0] = (copy[0] ?? 0) & ~NEW_SEQUENCE;
  return copy;
}
