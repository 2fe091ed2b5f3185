import { NAL, nalType, parameterSetId } from '../../codecs/h264.ts';
import { type NalFormat, NalPacketizer } from './nal-packetizer.ts';

const DROPPED: readonly number[] = [
  NAL.accessUnitDelimiter,
  NAL.endOfSequence,
  NAL.endOfStream,
  NAL.filler,
];

const format: NalFormat = {
  headerBytes: 1,
  isDropped: (unit) => DROPPED.includes(nalType(unit)),
  isSet: [(unit) => nalType(unit) === NAL.sps, (unit) => nalType(unit) === NAL.pps],
  setId: parameterSetId,
  /** STAP-A (RFC 6184 §5.7.1): F is the OR of all, NRI the highest of all. */
  writeAggregationHeader: (payload, units) => {
    let header: number = NAL.stapA;
    for (const unit of units) {
      header = Math.max(header & 0x60, unit[0]! & 0x60) | ((header | unit[0]!) & 0x80) | NAL.stapA;
    }
    payload[0] = header;
  },
  /** FU-A (RFC 6184 §5.8) */
  writeFragmentHeader: (payload, unit, { isStart, isEnd }) => {
    payload[0] = (unit[0]! & 0xe0) | NAL.fuA;
    payload[1] = (isStart ? 0x80 : 0) | (isEnd ? 0x40 : 0) | nalType(unit);
  },
};

/** H.264 access units → RTP payloads (RFC 6184, packetization-mode 1), SPS and PPS ahead of each keyframe. */
export class H264Packetizer extends NalPacketizer {
  constructor() {
    super(format);
  }
}
