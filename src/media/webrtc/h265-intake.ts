import type { FormatListener, TrackInput } from '../../engine/publishing.ts';
import {
  H265_NAL,
  h265NalType,
  h265Profile,
  h265StartsKeyframe,
  h265UnitsInPayload,
} from '../../protocols/codecs/h265.ts';
import { H265Order } from '../../protocols/codecs/h265-order.ts';
import { parseH265Sps } from '../../protocols/codecs/h265-sps.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { H265Packetizer } from '../../protocols/rtp/payload/h265.ts';
import { InsertingTrack } from './inserting-track.ts';

/** `sprop-vps`, `sprop-sps` and `sprop-pps` of an offer (RFC 7798 §7.1). */
const SPROPS = ['sprop-vps', 'sprop-sps', 'sprop-pps'] as const;

/** VPS, SPS and PPS. */
const SETS = 3;

/**
 * H.265 from a WebRTC publisher on its way into the engine: parameter sets ahead of every picture to start from, even
 * where the encoder sent them once, and the picture size.
 */
export class H265Intake {
  readonly #publisher: FormatListener;
  readonly #track: InsertingTrack;
  readonly #onKeyframeWanted: (nowMs: number) => void;
  /** The newest of each kind, by nal_unit_type. */
  readonly #sets = new Map<number, Uint8Array>();
  readonly #packetizer = new H265Packetizer();
  readonly #order = new H265Order();
  readonly #onBFrame: (nowMs: number) => void;
  #frameTimestamp: number | undefined;
  #frameHasSets = false;

  /**
   * @param parameters a=fmtp of the offer
   * @param onKeyframeWanted called for every packet that comes while the sets are not known
   * @param onBFrame called for every picture that is shown before one that was sent ahead of it
   */
  constructor(
    publisher: FormatListener,
    track: TrackInput,
    parameters: Readonly<Record<string, string>>,
    onKeyframeWanted: (nowMs: number) => void,
    onBFrame: (nowMs: number) => void,
  ) {
    this.#publisher = publisher;
    this.#track = new InsertingTrack(track);
    this.#onKeyframeWanted = onKeyframeWanted;
    this.#onBFrame = onBFrame;
    for (const name of SPROPS) {
      const [set] = parameters[name]?.split(',') ?? [];
      if (set) this.#learn(new Uint8Array(Buffer.from(set, 'base64')));
    }
  }

  push(packet: RtpPacket, nowMs: number): void {
    if (packet.timestamp !== this.#frameTimestamp) {
      this.#frameTimestamp = packet.timestamp;
      this.#frameHasSets = false;
    }
    for (const unit of h265UnitsInPayload(packet.payload)) this.#learn(unit);
    if (this.#sets.size < SETS) {
      // The packets with the sets came first, and were lost: no decoder can do anything with what follows.
      this.#frameHasSets = false;
      if (!isParameterSet(h265NalType(packet.payload))) this.#onKeyframeWanted(nowMs);
      return;
    }
    if (this.#order.seesBFrame(packet.payload)) this.#onBFrame(nowMs);
    if (!this.#frameHasSets && h265StartsKeyframe(packet.payload)) this.#insertSets(packet, nowMs);
    this.#track.push(packet, nowMs);
  }

  #learn(unit: Uint8Array): void {
    const type = h265NalType(unit);
    if (!isParameterSet(type)) return;
    if (type !== H265_NAL.pps) this.#frameHasSets = true;
    const known = this.#sets.get(type);
    if (known && Buffer.compare(known, unit) === 0) return;
    this.#sets.set(type, new Uint8Array(unit));
    this.#order.learn(unit);
    const sps = type === H265_NAL.sps ? parseH265Sps(unit) : undefined;
    if (typeof sps !== 'object') return;
    this.#publisher.setVideoSize(sps.width, sps.height);
    this.#publisher.setCoding({ ...h265Profile(sps), fps: undefined }, sps.reorderFrames);
  }

  #insertSets(packet: RtpPacket, nowMs: number): void {
    this.#frameHasSets = true;
    const sets = [...this.#sets].toSorted(([a], [b]) => a - b).map(([, set]) => set);
    for (const payload of this.#packetizer.packetize(sets, false)) {
      this.#track.insertBefore(packet, payload, nowMs);
    }
  }
}

/** VPS, SPS and PPS: their types are in the order that they are sent in. */
function isParameterSet(type: number): boolean {
  return type >= H265_NAL.vps && type <= H265_NAL.pps;
}
