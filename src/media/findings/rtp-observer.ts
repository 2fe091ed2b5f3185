import { ticksDelta } from '../../base/circle.ts';
import type { Codec } from '../../base/session.ts';
import { startsKeyframe } from '../../engine/track.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import type { PublisherFindings } from './publisher-findings.ts';

/** Further than any pause: the timestamps have another meaning. */
const JUMP_MS = 10_000;

type Picture = { readonly timeMs: number; isKeyframe: boolean; bytes: number };

/** Tells the findings what one RTP flow of a publisher shows: packets become pictures again, ticks become ms. */
export class RtpObserver {
  readonly #findings: PublisherFindings;
  readonly #codec: Codec;
  readonly #clockRate: number;
  #timestamp: number | undefined;
  #timeMs = 0;
  #picture: Picture | undefined;
  /** Padding since the last picture. */
  fillerBytes = 0;

  constructor(findings: PublisherFindings, codec: Codec, clockRate: number) {
    this.#findings = findings;
    this.#codec = codec;
    this.#clockRate = clockRate;
  }

  /** Packets in order, as they came. */
  packet({ timestamp, payload, marker }: RtpPacket, nowMs: number): void {
    const isNext = timestamp !== this.#timestamp;
    if (isNext) this.#turnTo(timestamp, nowMs);
    if (this.#codec === 'opus') {
      this.#findings.audio.incoming.add(payload.length, nowMs);
      this.#findings.audio.packet(payload, nowMs);
      this.#findings.arrived(this.#timeMs, nowMs);
      return;
    }
    this.#picture ??= { timeMs: this.#timeMs, isKeyframe: false, bytes: 0 };
    this.#picture.bytes += payload.length;
    this.#picture.isKeyframe ||= startsKeyframe[this.#codec](payload);
    if (marker) this.#endPicture(nowMs);
  }

  #turnTo(timestamp: number, nowMs: number): void {
    this.#endPicture(nowMs); // its marker was lost
    if (this.#timestamp !== undefined) {
      const stepMs = (ticksDelta(this.#timestamp, timestamp) * 1000) / this.#clockRate;
      if (stepMs < 0 || stepMs > JUMP_MS) this.#findings.timestampsJumped(nowMs);
      this.#timeMs += stepMs;
    }
    this.#timestamp = timestamp;
  }

  #endPicture(nowMs: number): void {
    if (!this.#picture) return;
    this.#findings.video.picture({ ...this.#picture, fillerBytes: this.fillerBytes }, nowMs);
    this.#picture = undefined;
    this.fillerBytes = 0;
  }
}
