import type { FormatListener, TrackInput } from '../../engine/publishing.ts';
import { findPps, findSps, NAL, nalType, startsKeyframe } from '../../protocols/codecs/h264.ts';
import { h264Profile, parseSps } from '../../protocols/codecs/h264-sps.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { H264Sieve, type H264Wishes } from './h264-sieve.ts';
import { InsertingTrack } from './inserting-track.ts';

/** NRI of a STAP-A that carries parameter sets: they matter as much as anything does (RFC 6184 §5.3). */
const STAP_A_HEADER = 0x60 | NAL.stapA;

/**
 * H.264 from a WebRTC publisher on its way into the engine: parameter sets ahead of every keyframe even where the
 * encoder sent them once, the picture size told, and nothing that viewers have no use for.
 */
export class H264Intake {
  readonly #publisher: FormatListener;
  readonly #sieve: H264Sieve;
  readonly #track: InsertingTrack;
  readonly #onKeyframeWanted: (nowMs: number) => void;
  #sps: Uint8Array | undefined;
  #pps: Uint8Array | undefined;
  #frameTimestamp: number | undefined;
  #frameHasSets = false;

  /**
   * @param parameterSets `sprop-parameter-sets` of the offer, if any (RFC 6184 §8.1)
   * @param onKeyframeWanted called for every packet that comes while the sets are not known
   * @param wishes what becomes of B-frames, and who hears of them and of filler
   */
  constructor(
    publisher: FormatListener,
    track: TrackInput,
    parameterSets: string | undefined,
    onKeyframeWanted: (nowMs: number) => void,
    wishes: H264Wishes,
  ) {
    this.#sieve = new H264Sieve({
      ...wishes,
      push: (packet, nowMs) => this.#take(packet, nowMs),
    });
    this.#publisher = publisher;
    this.#track = new InsertingTrack(track);
    this.#onKeyframeWanted = onKeyframeWanted;
    for (const set of parameterSets?.split(',') ?? []) {
      const unit = new Uint8Array(Buffer.from(set, 'base64'));
      if (nalType(unit) === NAL.sps) this.#takeSps(unit);
      if (nalType(unit) === NAL.pps) this.#pps = unit;
    }
  }

  push(packet: RtpPacket, nowMs: number): void {
    this.#sieve.push(packet, nowMs);
  }

  #take(packet: RtpPacket, nowMs: number): void {
    const { payload } = packet;
    if (packet.timestamp !== this.#frameTimestamp) {
      this.#frameTimestamp = packet.timestamp;
      this.#frameHasSets = false;
    }
    this.#learnSets(payload);
    if (!this.#sps || !this.#pps) {
      // The packets with the sets came first, and were lost: no decoder can do anything with what follows.
      this.#frameHasSets = false;
      if (!isParameterSet(payload)) this.#onKeyframeWanted(nowMs);
      return;
    }
    if (!this.#frameHasSets && startsKeyframe(payload)) this.#insertSets(packet, nowMs);
    this.#track.push(packet, nowMs);
  }

  #learnSets(payload: Uint8Array): void {
    if (!isParameterSet(payload) && nalType(payload) !== NAL.stapA) return;
    const sps = findSps(payload);
    const pps = findPps(payload);
    if (sps) this.#takeSps(sps);
    // Copies: a Buffer's own slice() would be a view that keeps the whole datagram.
    if (pps) this.#pps = new Uint8Array(pps);
    if (sps) this.#frameHasSets = true;
  }

  #takeSps(unit: Uint8Array): void {
    if (this.#sps && Buffer.compare(this.#sps, unit) === 0) return;
    this.#sps = new Uint8Array(unit);
    const sps = parseSps(unit);
    if (typeof sps === 'string') return;
    this.#publisher.setVideoSize(sps.width, sps.height);
    this.#publisher.setCoding({ ...h264Profile(sps), fps: sps.fps }, sps.reorderFrames);
  }

  /** One STAP-A with both sets, under the number that the keyframe would have had. */
  #insertSets(packet: RtpPacket, nowMs: number): void {
    this.#frameHasSets = true;
    if (!this.#sps || !this.#pps) return;
    const sets = [this.#sps, this.#pps];
    const payload = new Uint8Array(1 + 4 + this.#sps.length + this.#pps.length);
    payload[0] = STAP_A_HEADER;
    let offset = 1;
    for (const set of sets) {
      payload[offset] = set.length >> 8;
      payload[offset + 1] = set.length & 0xff;
      payload.set(set, offset + 2);
      offset += 2 + set.length;
    }
    this.#track.insertBefore(packet, payload, nowMs);
  }
}

function isParameterSet(payload: Uint8Array): boolean {
  const type = nalType(payload);
  return type === NAL.sps || type === NAL.pps;
}
