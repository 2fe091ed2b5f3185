/** In which order the pictures of H.265 are shown, as their slice headers tell (H.265 §7.3.6.1, §8.3.1). */
import { BitReader } from './bit-reader.ts';
import { H265_HEADER_BYTES, H265_NAL, h265NalType, h265UnitsInPayload } from './h265.ts';
import { type H265Sps, parseH265Sps } from './h265-sps.ts';

/** nal_unit_type (table 7-1). */
const IDR_FIRST = 19;
const IDR_LAST = 20;
const LEADING_FIRST = 6;
const LEADING_LAST = 9;
const SUB_LAYER_NON_REFERENCE_LAST = 14;
/** §7.4.7.1: slice_pic_parameter_set_id. */
const PPS_MAX = 64;

/** What a slice header cannot be read without. */
type Pps = {
  readonly hasOutputFlag: boolean;
  readonly extraHeaderBits: number;
};

/** Tells pictures that are shown before one that was sent ahead of them: B-frames. */
export class H265Order {
  #sps: H265Sps | undefined;
  readonly #pps = new Map<number, Pps>();
  /** POC of the picture that the next one's is told against (prevTid0Pic), and the highest since decoding began. */
  #previous = 0;
  #highest = Number.NEGATIVE_INFINITY;

  /** One SPS or PPS, as a NAL unit; anything else is ignored. */
  learn(unit: Uint8Array): void {
    const type = h265NalType(unit);
    if (type === H265_NAL.sps) {
      const sps = parseH265Sps(unit);
      if (typeof sps === 'object') this.#sps = sps;
    } else if (type === H265_NAL.pps) {
      this.#learnPps(unit);
    }
  }

  /** Whether the picture that begins in this RTP payload (RFC 7798) is a B-frame; false for what begins none. */
  seesBFrame(payload: Uint8Array): boolean {
    // Where the encoder says that it keeps the order, there is nothing to look for.
    if ((this.#sps?.reorderFrames ?? 0) === 0) return false;
    const type = h265NalType(payload);
    if (type !== H265_NAL.fragmentation) {
      return h265UnitsInPayload(payload)
        .map((unit) => this.#sees(h265NalType(unit), unit, H265_HEADER_BYTES))
        .includes(true);
    }
    const header = payload[H265_HEADER_BYTES] ?? 0;
    const isStart = (header & 0x80) !== 0;
    return isStart && this.#sees(header & 0x3f, payload, H265_HEADER_BYTES + 1);
  }

  #learnPps(unit: Uint8Array): void {
    const reader = new BitReader(unit, H265_HEADER_BYTES, 'nal');
    const id = reader.unsignedExpGolomb();
    reader.unsignedExpGolomb(); // pps_seq_parameter_set_id
    reader.bit(); // dependent_slice_segments_enabled_flag
    const hasOutputFlag = reader.flag();
    const extraHeaderBits = reader.bits(3);
    if (reader.overrun || id >= PPS_MAX) return;
    this.#pps.set(id, { hasOutputFlag, extraHeaderBits });
  }

  /** @param start where the slice header begins in `bytes` */
  #sees(type: number, bytes: Uint8Array, start: number): boolean {
    if (type > H265_NAL.irapLast) return false;
    const lowBits = this.#orderLowBits(type, bytes, start);
    if (lowBits === undefined) return false;
    if (type >= IDR_FIRST && type <= IDR_LAST) {
      this.#previous = 0;
      this.#highest = 0;
      return false;
    }
    const order = this.#orderOf(lowBits);
    const isLowestLayer = ((bytes[1] ?? 0) & 0x07) === 1; // nuh_temporal_id_plus1
    if (isLowestLayer && isReference(type)) this.#previous = order;
    const isBFrame = order < this.#highest;
    this.#highest = Math.max(this.#highest, order);
    return isBFrame;
  }

  /** slice_pic_order_cnt_lsb of a picture's first slice; 0 for an IDR picture, which has none. */
  #orderLowBits(type: number, bytes: Uint8Array, start: number): number | undefined {
    const reader = new BitReader(bytes, start, 'nal');
    if (!reader.flag()) return undefined; // first_slice_segment_in_pic_flag
    if (type >= H265_NAL.irapFirst) reader.bit(); // no_output_of_prior_pics_flag
    const pps = this.#pps.get(reader.unsignedExpGolomb());
    if (pps === undefined || this.#sps === undefined) return undefined;
    reader.skip(pps.extraHeaderBits); // slice_reserved_flag
    reader.unsignedExpGolomb(); // slice_type
    if (pps.hasOutputFlag) reader.bit(); // pic_output_flag
    if (this.#sps.hasColourPlanes) reader.skip(2); // colour_plane_id
    const isIdr = type >= IDR_FIRST && type <= IDR_LAST;
    const lowBits = isIdr ? 0 : reader.bits(this.#sps.orderBits);
    return reader.overrun ? undefined : lowBits;
  }

  /** §8.3.1: of all orders with these low bits the one nearest to the picture before. */
  #orderOf(lowBits: number): number {
    const size = 2 ** (this.#sps?.orderBits ?? 0);
    const delta = (((lowBits - this.#previous) % size) + size) % size;
    return this.#previous + (delta >= size / 2 ? delta - size : delta);
  }
}

/** Whether the next picture's order is told against this one's: neither leading nor one that nothing refers to. */
function isReference(type: number): boolean {
  if (type >= LEADING_FIRST && type <= LEADING_LAST) return false;
  return type > SUB_LAYER_NON_REFERENCE_LAST || type % 2 === 1;
}
