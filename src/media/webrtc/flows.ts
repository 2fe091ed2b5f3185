import { readUint16 } from '../../base/bytes.ts';
import type { ReceiveTrack } from '../../channel/messages.ts';
import { type RtpPacket, readTextExtension } from '../../protocols/rtp/packet.ts';
import { RtpReceiver } from '../../protocols/rtp/receiver.ts';

/** SSRCs of one publisher that we look at: audio, video, simulcast layers and their successors. */
const FLOWS_MAX = 16;
/** An m-line's other SSRC takes over when the current one has been silent for this long. */
const SILENT_MS = 1000;
/** The original sequence number, ahead of a retransmission's payload (RFC 4588 §4). */
const ORIGINAL_NUMBER_BYTES = 2;

/** One SSRC of a publisher, known to belong to an m-line. */
export type Flow = {
  readonly ssrc: number;
  readonly track: ReceiveTrack;
  readonly receiver: RtpReceiver;
  lastMs: number;
  /** Losses of the receiver's that a keyframe was asked for. */
  lostSeen: number;
};

/**
 * Which m-line a publisher's packet belongs to: by SSRC once seen, else by a=ssrc, the mid extension or the payload
 * type (RFC 8843 §9.2). Of several flows on one m-line (simulcast) the first to send is taken; the others are heard
 * only when it falls silent.
 */
export class Flows {
  readonly #tracks: readonly ReceiveTrack[];
  readonly #flows = new Map<number, Flow>();
  /** The flow in use per m-line. */
  readonly #current = new Map<ReceiveTrack, Flow>();
  /** By payload type of retransmissions: the m-line, and what they repeat. */
  readonly #repairs = new Map<
    number,
    { readonly track: ReceiveTrack; readonly payloadType: number }
  >();
  /** Packets that belong to no m-line, or to a flow not in use. */
  unused = 0;

  constructor(tracks: readonly ReceiveTrack[]) {
    this.#tracks = tracks;
    for (const track of tracks) {
      for (const { payloadType, rtxPayloadType } of track.payloads) {
        if (rtxPayloadType !== undefined) this.#repairs.set(rtxPayloadType, { track, payloadType });
      }
    }
  }

  /** The flows in use. */
  get current(): Iterable<Flow> {
    return this.#current.values();
  }

  bySsrc(ssrc: number): Flow | undefined {
    return this.#flows.get(ssrc);
  }

  /** Of several flows on one m-line only the one in use counts, in media and in reports. */
  isCurrent(flow: Flow): boolean {
    return this.#current.get(flow.track) === flow;
  }

  currentOf(kind: 'audio' | 'video'): Flow | undefined {
    for (const flow of this.#current.values()) if (flow.track.kind === kind) return flow;
    return undefined;
  }

  /**
   * The packet as it was first sent, where it is a retransmission (RFC 4588 §4); undefined where it repeats nothing:
   * libwebrtc probes its path with such.
   */
  unwrap(packet: RtpPacket): RtpPacket | undefined {
    const repair = this.#repairs.get(packet.payloadType);
    if (!repair) return packet;
    const flow = this.#current.get(repair.track);
    if (!flow || packet.payload.length <= ORIGINAL_NUMBER_BYTES) return undefined;
    return {
      ...packet,
      ssrc: flow.ssrc,
      payloadType: repair.payloadType,
      sequenceNumber: readUint16(packet.payload, 0),
      payload: packet.payload.subarray(ORIGINAL_NUMBER_BYTES),
    };
  }

  /** The flow to hand this packet to; undefined when it is not wanted. `bytes` is the whole packet. */
  accept(packet: RtpPacket, bytes: Uint8Array, nowMs: number): Flow | undefined {
    const flow = this.#flows.get(packet.ssrc) ?? this.#add(packet, bytes);
    if (!flow?.track.payloads.some((p) => p.payloadType === packet.payloadType)) {
      this.unused++;
      return undefined;
    }
    const current = this.#current.get(flow.track);
    if (current !== flow) {
      if (current && nowMs - current.lastMs < SILENT_MS) {
        this.unused++;
        return undefined;
      }
      this.#current.set(flow.track, flow);
    }
    flow.lastMs = nowMs;
    return flow;
  }

  #add(packet: RtpPacket, bytes: Uint8Array): Flow | undefined {
    if (this.#flows.size >= FLOWS_MAX) return undefined;
    const track = this.#match(packet, bytes);
    const payload = track?.payloads.find((p) => p.payloadType === packet.payloadType);
    if (!track || !payload) return undefined;
    const { ssrc } = packet;
    const receiver = new RtpReceiver({ ssrc, clockRate: payload.clockRate, nack: track.nack });
    const flow = { ssrc, track, receiver, lastMs: 0, lostSeen: 0 };
    this.#flows.set(ssrc, flow);
    return flow;
  }

  #match(packet: RtpPacket, bytes: Uint8Array): ReceiveTrack | undefined {
    for (const track of this.#tracks) {
      if (track.ssrcs.includes(packet.ssrc)) return track;
      if (track.extensions.mid === undefined) continue;
      if (readTextExtension(bytes, track.extensions.mid) === track.mid) return track;
    }
    return this.#tracks.find((track) =>
      track.payloads.some((payload) => payload.payloadType === packet.payloadType),
    );
  }
}
