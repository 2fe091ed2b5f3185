import { H265_HEADER_BYTES, H265_NAL, h265NalType, h265ParameterSetId } from '../../codecs/h265.ts';
import { type NalFormat, NalPacketizer } from './nal-packetizer.ts';

const DROPPED: readonly number[] = [
  H265_NAL.accessUnitDelimiter,
  H265_NAL.endOfSequence,
  H265_NAL.endOfBitstream,
  H265_NAL.filler,
];
/** LayerId and TID: all of the NAL header but F and the type (RFC 7798 §1.1.4). */
const LAYER_HIGH_BIT = 0x01;
/** nal_type is the six bits below F. */
const TYPE_SHIFT = 1;

const format: NalFormat = {
  headerBytes: H265_HEADER_BYTES,
  isDropped: (unit) => DROPPED.includes(h265NalType(unit)),
  isSet: [H265_NAL.vps, H265_NAL.sps, H265_NAL.pps].map(
    (type) => (unit: Uint8Array) => h265NalType(unit) === type,
  ),
  setId: h265ParameterSetId,
  /** Aggregation packet (RFC 7798 §4.4.2): F is the OR of all, LayerId and TID the lowest of all. */
  writeAggregationHeader: (payload, units) => {
    let forbidden = 0;
    let layer = 0x1ff;
    for (const unit of units) {
      forbidden |= unit[0]! & 0x80;
      layer = Math.min(layer, ((unit[0]! & LAYER_HIGH_BIT) << 8) | unit[1]!);
    }
    payload[0] = forbidden | (H265_NAL.aggregation << TYPE_SHIFT) | (layer >> 8);
    payload[1] = layer;
  },
  /** Fragmentation unit (RFC 7798 §4.4.3) */
  writeFragmentHeader: (payload, unit, { isStart, isEnd }) => {
    payload[0] = (unit[0]! & (0x80 | LAYER_HIGH_BIT)) | (H265_NAL.fragmentation << TYPE_SHIFT);
    payload[1] = unit[1]!;
    payload[2] = (isStart ? 0x80 : 0) | (isEnd ? 0x40 : 0) | h265NalType(unit);
  },
};

/** H.265 access units → RTP payloads (RFC 7798, without DONs), VPS, SPS and PPS ahead of each keyframe. */
export class H265Packetizer extends NalPacketizer {
  constructor() {
    super(format);
  }
}
