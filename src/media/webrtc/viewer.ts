import type { CloseReason } from '../../base/reasons.ts';
import type { SendTrack } from '../../channel/messages.ts';
import type { Stream } from '../../engine/stream.ts';
import type { SenderOptions, TrackSender } from '../../engine/track-sender.ts';
import type { Viewer } from '../../engine/viewer.ts';
import { parseRtcp, type RtcpPacket } from '../../protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../protocols/rtp/rtcp-writer.ts';
import { msToNtp, roundTripMs } from '../../protocols/rtp/sender-report.ts';
import { SessionOutlet } from '../send/outlet.ts';
import type { PeerSession, PeerUser } from './peer-session.ts';

export type WebRtcViewerOptions = {
  /** Ties audio and video together (RFC 3550 §6.5.1); the same in the session description. */
  readonly cname: string;
  /** Wall clock minus nowMs, for NTP. */
  readonly wallOffsetMs: number;
  readonly onWritable: (viewer: Viewer) => void;
  readonly onConnected: (transport: string) => void;
  readonly onClosed: (reason: CloseReason) => void;
};

/** A viewer's WebRTC session (WHEP, OvenPlayer): media goes out in the engine's batches, reports and feedback here. */
export class WebRtcViewer implements PeerUser {
  readonly viewer: Viewer;
  readonly stream: Stream;
  readonly #options: WebRtcViewerOptions;
  #session: PeerSession | undefined;
  #outlet: SessionOutlet | undefined;
  #rttMs: number | undefined;
  malformed = 0;

  constructor(stream: Stream, viewer: Viewer, options: WebRtcViewerOptions) {
    this.stream = stream;
    this.viewer = viewer;
    this.#options = options;
  }

  get deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** TCP's own, else from the viewer's reports; null before the first. */
  get rttMs(): number | null {
    const rttMs = this.#outlet?.rttMs ?? this.#rttMs;
    return rttMs === undefined ? null : Math.round(rttMs * 10) / 10;
  }

  get queuedBytes(): number {
    return this.#outlet?.queuedBytes ?? 0;
  }

  onConnected(session: PeerSession, nowMs: number): void {
    this.#session = session;
    const { srtp, way } = session;
    if (!srtp || !way) return;
    this.#outlet = new SessionOutlet(srtp.handle, way, () => this.#options.onWritable(this.viewer));
    this.viewer.connect(this.#outlet, nowMs);
    this.stream.viewerReady(this.viewer, nowMs);
    this.#options.onConnected(way.transport);
  }

  onPathChanged(session: PeerSession, nowMs: number): void {
    const outlet = this.#outlet;
    if (!outlet) return;
    outlet.move(session.way);
    if (!session.way) return;
    // What was on its way over the old path may be lost: begin again with a whole picture.
    this.viewer.connect(outlet, nowMs);
    this.stream.viewerReady(this.viewer, nowMs);
  }

  onRtp(): void {
    this.malformed++;
  }

  onRtcp(bytes: Uint8Array, nowMs: number): void {
    const packets = parseRtcp(bytes);
    if (typeof packets === 'string') {
      this.malformed++;
      return;
    }
    for (const packet of packets) this.#take(packet, nowMs);
  }

  advance(): void {}

  onClosed(reason: CloseReason): void {
    this.#options.onClosed(reason);
  }

  /** Sender reports for both tracks in one compound: what lip-sync rests on. */
  sendReport(nowMs: number): void {
    const ntp = msToNtp(nowMs + this.#options.wallOffsetMs);
    const writer = new RtcpWriter();
    let first: TrackSender | undefined;
    for (const sender of this.viewer.senders) {
      if (!sender.anchored) continue;
      first ??= sender;
      const { ssrc, packets: packetCount, octets: octetCount } = sender;
      const rtpTimestamp = sender.timestampAt(nowMs);
      writer.senderReport({ ssrc, ntp, rtpTimestamp, packetCount, octetCount }, []);
    }
    if (!first) return;
    for (const { ssrc, anchored } of this.viewer.senders) {
      if (anchored) writer.cname(ssrc, this.#options.cname);
    }
    this.#session?.sendRtcp(writer.bytes(), nowMs);
  }

  /** The engine let go of this viewer. */
  dismiss(reason: CloseReason, nowMs: number): void {
    this.#session?.close(reason, nowMs);
  }

  #take(packet: RtcpPacket, nowMs: number): void {
    if (packet.type === 'picture-loss' || packet.type === 'full-intra-request') {
      this.stream.viewerLostPicture(this.viewer, nowMs);
    } else if (packet.type === 'nack') {
      const { mediaSsrc, sequenceNumbers } = packet;
      this.stream.viewerLostPackets(this.viewer, mediaSsrc, sequenceNumbers, nowMs);
    } else if (packet.type === 'transport-feedback') {
      this.viewer.pacer.onFeedback(packet, nowMs);
    } else if (packet.type === 'estimated-bitrate') {
      this.viewer.pacer.onRemb(packet.bitrateBps, nowMs);
    } else if (packet.type === 'receiver-report') {
      const now = msToNtp(nowMs + this.#options.wallOffsetMs);
      for (const block of packet.blocks) {
        const { lastSenderReport, delaySinceLastSenderReport } = block;
        this.viewer.pacer.onLoss(block.fractionLost / 256, nowMs);
        this.#rttMs = roundTripMs(now, lastSenderReport, delaySinceLastSenderReport) ?? this.#rttMs;
      }
      this.viewer.pacer.rttMs = this.#rttMs;
    }
  }
}

/** The engine's view of one m-line: random places to start from, as RFC 3550 §5.1 asks. */
export function senderOptions(track: SendTrack, random: (max: number) => number): SenderOptions {
  const { ssrc, rtxSsrc, payloadTypes } = track;
  const repairs = payloadTypes.flatMap(({ codec, rtxPayloadType }) =>
    rtxPayloadType === undefined ? [] : [[codec, rtxPayloadType] as const],
  );
  return {
    ssrc,
    payloadTypes: new Map(payloadTypes.map(({ codec, payloadType }) => [codec, payloadType])),
    firstSequence: random(FIRST_SEQUENCE_END),
    timestampBase: random(2 ** 32),
    rtx:
      rtxSsrc === undefined
        ? undefined
        : {
            ssrc: rtxSsrc,
            payloadTypes: new Map(repairs),
            firstSequence: random(FIRST_SEQUENCE_END),
          },
  };
}

/** Numbers begin in the lower half, so that none wraps before the peer has seen where they are (RFC 3711 §3.3.1). */
const FIRST_SEQUENCE_END = 2 ** 15;
