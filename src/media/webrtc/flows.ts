import { readUint16 } from '../../base/bytes.ts';
import type { ReceiveTrack } from '../../channel/messages.ts';
import { type RtpPacket, readTextExtension } from '../../protocols/rtp/packet.ts';
import { RtpReceiver } from '../../protocols/rtp/receiver.ts';

/** SSRCs of one publisher that we look at: audio, video, simulcast layers and their successors. */
const FLOWS_MAX = 16;
/** A lane's other SSRC takes over when the current one has been silent for this long. */
const SILENT_MS = 1000;
/** The original sequence number, ahead of a retransmission's payload (RFC 4588 §4). */
const ORIGINAL_NUMBER_BYTES = 2;

/** What one encoder feeds: an m-line, or one simulcast layer of it. */
export type Lane = {
  readonly track: ReceiveTrack;
  /** The layer's restriction identifier (RFC 8851); undefined where the m-line is one flow. */
  readonly rid: string | undefined;
  /** The SSRC in use. */
  flow: Flow | undefined;
};

/** One SSRC of a publisher, known to belong to a lane. */
export type Flow = {
  readonly ssrc: number;
  readonly lane: Lane;
  readonly receiver: RtpReceiver;
  lastMs: number;
  /** Losses of the receiver's that a keyframe was asked for. */
  lostSeen: number;
};

/**
 * Which lane a publisher's packet belongs to: by SSRC once seen, else by the rid (RFC 8852 §3.1), a=ssrc, the mid
 * extension or the payload type (RFC 8843 §9.2). Of several SSRCs in one lane the first to send is taken; the others
 * are heard only when it falls silent.
 */
export class Flows {
  readonly lanes: readonly Lane[];
  readonly #tracks: readonly ReceiveTrack[];
  readonly #flows = new Map<number, Flow>();
  /** Which lane an SSRC of retransmissions repairs: senders stop saying so once they were heard. */
  readonly #repairLanes = new Map<number, Lane>();
  /** By payload type of retransmissions: the m-line, and what they repeat. */
  readonly #repairs = new Map<
    number,
    { readonly track: ReceiveTrack; readonly payloadType: number }
  >();
  /** Packets that belong to no lane, or to a flow not in use. */
  unused = 0;

  constructor(tracks: readonly ReceiveTrack[]) {
    this.#tracks = tracks;
    this.lanes = tracks.flatMap((track) =>
      (track.rids.length > 0 ? track.rids : [undefined]).map((rid) => ({
        track,
        rid,
        flow: undefined,
      })),
    );
    for (const track of tracks) {
      for (const { payloadType, rtxPayloadType } of track.payloads) {
        if (rtxPayloadType !== undefined) this.#repairs.set(rtxPayloadType, { track, payloadType });
      }
    }
  }

  bySsrc(ssrc: number): Flow | undefined {
    return this.#flows.get(ssrc);
  }

  /** Of several flows in one lane only the one in use counts, in media and in reports. */
  isCurrent(flow: Flow): boolean {
    return flow.lane.flow === flow;
  }

  currentOf(kind: 'audio' | 'video'): Flow | undefined {
    return this.lanes.find(({ track, flow }) => flow && track.kind === kind)?.flow;
  }

  /**
   * The packet as it was first sent, where it is a retransmission (RFC 4588 §4); undefined where it repeats nothing:
   * libwebrtc probes its path with such. `bytes` is the whole packet.
   */
  unwrap(packet: RtpPacket, bytes: Uint8Array): RtpPacket | undefined {
    const repair = this.#repairs.get(packet.payloadType);
    if (!repair) return packet;
    const flow = this.#repairedLane(repair.track, packet.ssrc, bytes)?.flow;
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
    if (!flow?.lane.track.payloads.some((p) => p.payloadType === packet.payloadType)) {
      this.unused++;
      return undefined;
    }
    const current = flow.lane.flow;
    if (current !== flow) {
      if (current && nowMs - current.lastMs < SILENT_MS) {
        this.unused++;
        return undefined;
      }
      flow.lane.flow = flow;
    }
    flow.lastMs = nowMs;
    return flow;
  }

  #add(packet: RtpPacket, bytes: Uint8Array): Flow | undefined {
    if (this.#flows.size >= FLOWS_MAX) return undefined;
    const lane = this.#match(packet, bytes);
    const payload = lane?.track.payloads.find((p) => p.payloadType === packet.payloadType);
    if (!lane || !payload) return undefined;
    const { ssrc } = packet;
    const { nack } = lane.track;
    const receiver = new RtpReceiver({ ssrc, clockRate: payload.clockRate, nack });
    const flow = { ssrc, lane, receiver, lastMs: 0, lostSeen: 0 };
    this.#flows.set(ssrc, flow);
    return flow;
  }

  /** Of an m-line with layers only those packets are known that name theirs: senders do until they were heard. */
  #match(packet: RtpPacket, bytes: Uint8Array): Lane | undefined {
    const track = this.#matchTrack(packet, bytes);
    if (!track) return undefined;
    return this.#laneOf(track, bytes, track.extensions.rid);
  }

  #matchTrack(packet: RtpPacket, bytes: Uint8Array): ReceiveTrack | undefined {
    for (const track of this.#tracks) {
      if (track.ssrcs.includes(packet.ssrc)) return track;
      if (track.extensions.mid === undefined) continue;
      if (readTextExtension(bytes, track.extensions.mid) === track.mid) return track;
    }
    return this.#tracks.find((track) =>
      track.payloads.some((payload) => payload.payloadType === packet.payloadType),
    );
  }

  #repairedLane(track: ReceiveTrack, ssrc: number, bytes: Uint8Array): Lane | undefined {
    const known = this.#repairLanes.get(ssrc);
    if (known) return known;
    const lane = this.#laneOf(track, bytes, track.extensions.repairedRid);
    if (lane && this.#repairLanes.size < FLOWS_MAX) this.#repairLanes.set(ssrc, lane);
    return lane;
  }

  #laneOf(track: ReceiveTrack, bytes: Uint8Array, extensionId: number | undefined) {
    const isLayered = track.rids.length > 0;
    if (isLayered && extensionId === undefined) return undefined;
    const rid =
      isLayered && extensionId !== undefined ? readTextExtension(bytes, extensionId) : undefined;
    return this.lanes.find((lane) => lane.track === track && lane.rid === rid);
  }
}
