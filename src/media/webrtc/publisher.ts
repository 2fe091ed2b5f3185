import { readUint16 } from '../../base/bytes.ts';
import type { CloseReason } from '../../base/reasons.ts';
import type { BFramePolicy, ReceiveTrack, SessionId } from '../../channel/messages.ts';
import type { PublisherOptions } from '../../engine/publisher.ts';
import type { PublisherInput, PublisherListener } from '../../engine/publishing.ts';
import { findExtension, parseRtpPacket, type RtpPacket } from '../../protocols/rtp/packet.ts';
import { parseRtcp, type RtcpPacket } from '../../protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../protocols/rtp/rtcp-writer.ts';
import { ntpToMs } from '../../protocols/rtp/sender-report.ts';
import { ArrivalRecorder } from '../../protocols/rtp/transport-feedback.ts';
import { PublisherFindings } from '../findings/publisher-findings.ts';
import { type Flow, Flows, type Lane } from './flows.ts';
import type { PeerSession, PeerUser } from './peer-session.ts';
import { formatOf, TrackIntake } from './track-intake.ts';

/** Time between receiver reports: senders that adapt learn of loss by them (RFC 3550 §6.2). */
const REPORT_MS = 1000;
/** An encoder is asked for a keyframe at most this often, whoever wants one. */
const KEYFRAME_REQUEST_MS_MIN = 1000;
/** The layer that the findings are about gives way to another when it has been silent for this long. */
const OBSERVED_SILENT_MS = 1000;
/** Sender reports kept for SSRCs without a packet so far. */
const EARLY_REPORTS_MAX = 16;
/** Our SSRC in what we say to publishers; we send no media to them. */
const OUR_SSRC = 1;

export type WebRtcPublisherOptions = {
  readonly session: SessionId;
  readonly userAgent: string | undefined;
  readonly address: string;
  readonly tracks: readonly ReceiveTrack[];
  readonly bFrames: BFramePolicy;
  /** Takes the name; undefined when the server is full. Called once the connection stands. */
  readonly publish: (
    options: PublisherOptions,
    listener: PublisherListener,
    nowMs: number,
  ) => PublisherInput | undefined;
  readonly onConnected: (transport: string) => void;
  readonly onClosed: (reason: CloseReason) => void;
};

/** One flow's way into the engine. */
type Intake = { readonly flow: Flow; readonly track: TrackIntake };
type SenderReport = Extract<RtcpPacket, { readonly type: 'sender-report' }>;

/** A publisher's WebRTC session (WHIP): RTP in sequence order into the engine, feedback back to the encoder. */
export class WebRtcPublisher implements PeerUser {
  readonly #options: WebRtcPublisherOptions;
  readonly #flows: Flows;
  readonly #intakes = new Map<Lane, Intake>();
  /** Senders report ahead of a flow's first keyframe. */
  readonly #earlyReports = new Map<number, SenderReport>();
  #session: PeerSession | undefined;
  #input: PublisherInput | undefined;
  #findings: PublisherFindings | undefined;
  #nextReportMs = Number.POSITIVE_INFINITY;
  /** What the publisher's congestion control lives on; undefined where it did not ask for it. */
  readonly #arrivals: ArrivalRecorder | undefined;
  readonly #transportCcId: number | undefined;
  #lastKeyframeRequestMs = Number.NEGATIVE_INFINITY;
  /** When each lane's encoder was last asked. */
  readonly #keyframeRequestsMs = new Map<Lane, number>();
  /** Those that want a keyframe too, when the encoder may be asked again. */
  readonly #waitingLanes = new Set<Lane>();
  /** Of several layers, all of one encoder's settings, the findings look at one. */
  #observed: Lane | undefined;
  /** Packets that were not RTP at all, authentic as they were. */
  malformed = 0;

  constructor(options: WebRtcPublisherOptions) {
    this.#options = options;
    this.#flows = new Flows(options.tracks);
    this.#transportCcId = options.tracks.find(
      ({ extensions }) => extensions.transportCc,
    )?.extensions.transportCc;
    if (this.#transportCcId !== undefined) this.#arrivals = new ArrivalRecorder();
  }

  get deadlineMs(): number {
    let deadline = Math.min(this.#nextReportMs, this.#arrivals?.deadlineMs ?? Infinity);
    for (const { flow } of this.#flows.lanes) {
      deadline = Math.min(deadline, flow?.receiver.deadlineMs ?? Number.POSITIVE_INFINITY);
    }
    if (this.#waitingLanes.size === 0) return deadline;
    return Math.min(deadline, this.#lastKeyframeRequestMs + KEYFRAME_REQUEST_MS_MIN);
  }

  onConnected(session: PeerSession, nowMs: number): void {
    this.#session = session;
    const transport = session.transport ?? 'udp';
    const { userAgent, address } = this.#options;
    const listener: PublisherListener = {
      onKeyframeWanted: (nowMs, layer) => this.#requestKeyframe(this.#videoLane(layer), nowMs),
      onClosed: (reason, nowMs) => session.close(reason, nowMs),
      rttMs: () => rttOf(session),
      facts: (nowMs) => this.#findings?.facts(nowMs),
    };
    this.#input = this.#options.publish(
      { session: this.#options.session, protocol: 'whip', transport, userAgent, address },
      listener,
      nowMs,
    );
    if (!this.#input) {
      session.close('limit-reached', nowMs);
      return;
    }
    // Said before the first packet; senders begin with the codec they like best (RFC 3264 §5.1).
    for (const { track, rid } of this.#flows.lanes) {
      const [payload] = track.payloads;
      if (payload) this.#input.setTrack(formatOf(payload), rid);
    }
    const canAsk = this.#options.tracks.some(({ kind, pli }) => kind === 'video' && pli);
    this.#findings = new PublisherFindings(this.#input, canAsk, nowMs);
    for (const { kind, declaredBps } of this.#options.tracks) {
      this.#findings[kind].declaredBps = declaredBps;
    }
    this.#nextReportMs = nowMs + REPORT_MS;
    this.#options.onConnected(transport);
  }

  onPathChanged(): void {}

  onRtp(bytes: Uint8Array, nowMs: number): void {
    const packet = parseRtpPacket(bytes);
    if (typeof packet === 'string') {
      this.malformed++;
      return;
    }
    this.#noteArrival(bytes, nowMs);
    const original = this.#flows.unwrap(packet, bytes);
    const flow = original && this.#flows.accept(original, bytes, nowMs);
    if (!flow) return;
    flow.receiver.receive(original, nowMs);
    this.#noteLevel(flow, bytes, nowMs);
    this.#drain(flow, nowMs);
  }

  onRtcp(bytes: Uint8Array, nowMs: number): void {
    const packets = parseRtcp(bytes);
    if (typeof packets === 'string') {
      this.malformed++;
      return;
    }
    for (const packet of packets) {
      if (packet.type !== 'sender-report') continue;
      const flow = this.#flows.bySsrc(packet.ssrc);
      if (!flow) this.#keepReport(packet);
      else if (this.#flows.isCurrent(flow)) this.#takeReport(flow, packet, nowMs);
    }
  }

  advance(nowMs: number): void {
    for (const { flow } of this.#flows.lanes) {
      if (!flow) continue;
      flow.receiver.advance(nowMs);
      this.#drain(flow, nowMs);
    }
    for (const lane of this.#waitingLanes) this.#requestKeyframe(lane, nowMs);
    if (nowMs >= this.#nextReportMs) this.#report(nowMs);
    this.#sendFeedback(nowMs);
  }

  onClosed(reason: CloseReason, nowMs: number): void {
    this.#input?.close(reason, nowMs);
    this.#options.onClosed(reason);
  }

  /** Another SSRC has numbers and timestamps of its own: it begins the track anew. */
  #intakeOf(flow: Flow, packet: RtpPacket): TrackIntake | undefined {
    const { lane } = flow;
    const known = this.#intakes.get(lane);
    if (known?.flow === flow) return known.track;
    const { payloads } = lane.track;
    const payload = payloads.find(({ payloadType }) => payloadType === packet.payloadType);
    const findings = this.#findings;
    if (!this.#input || !findings || !payload) return undefined;
    const { bFrames } = this.#options;
    const track = new TrackIntake(this.#input, lane, payload, {
      observes: (nowMs) => this.#observes(lane, nowMs),
      findings,
      bFrames,
      onBFrame: (nowMs) => {
        findings.bFrames();
        if (bFrames === 'refuse') this.#session?.close('refused', nowMs);
      },
      onKeyframeWanted: (nowMs) => this.#requestKeyframe(lane, nowMs),
    });
    this.#intakes.set(lane, { flow, track });
    const report = this.#earlyReports.get(flow.ssrc);
    if (report) track.setClock(report.rtpTimestamp, ntpToMs(report.ntp));
    this.#earlyReports.delete(flow.ssrc);
    return track;
  }

  #takeReport(flow: Flow, report: SenderReport, nowMs: number): void {
    flow.receiver.senderReport(report.ntp, nowMs);
    this.#intakes.get(flow.lane)?.track.setClock(report.rtpTimestamp, ntpToMs(report.ntp));
  }

  #keepReport(report: SenderReport): void {
    if (this.#earlyReports.size >= EARLY_REPORTS_MAX && !this.#earlyReports.has(report.ssrc))
      return;
    this.#earlyReports.set(report.ssrc, report);
  }

  #observes(lane: Lane, nowMs: number): boolean {
    const { kind } = lane.track;
    if (kind === 'audio' || this.#observed === lane) return true;
    const lastMs = this.#observed?.flow?.lastMs;
    if (lastMs !== undefined && nowMs - lastMs < OBSERVED_SILENT_MS) return false;
    this.#observed = lane;
    return true;
  }

  #drain(flow: Flow, nowMs: number): void {
    for (let packet = flow.receiver.poll(); packet; packet = flow.receiver.poll()) {
      this.#intakeOf(flow, packet)?.push(packet, nowMs);
    }
    if (flow.lane.track.kind === 'video' && flow.receiver.lost > flow.lostSeen) {
      // What follows builds on a picture that never came.
      flow.lostSeen = flow.receiver.lost;
      this.#requestKeyframe(flow.lane, nowMs);
    }
    const missing = flow.receiver.pollNack(nowMs);
    if (!missing) return;
    const compound = new RtcpWriter().receiverReport(OUR_SSRC, []);
    this.#session?.sendRtcp(compound.nack(OUR_SSRC, flow.ssrc, missing).bytes(), nowMs);
  }

  /** How loud a packet of sound is, where its sender says so (RFC 6464 §3); the highest bit is of no interest. */
  #noteLevel({ lane }: Flow, bytes: Uint8Array, nowMs: number): void {
    const { audioLevel } = lane.track.extensions;
    if (audioLevel === undefined) return;
    const value = findExtension(bytes, audioLevel)?.[0];
    if (value !== undefined) this.#findings?.audio.meter.packet(value & 0x7f, undefined, nowMs);
  }

  /** Every packet of the session counts, whatever it carries. */
  #noteArrival(bytes: Uint8Array, nowMs: number): void {
    if (this.#transportCcId === undefined) return;
    const value = findExtension(bytes, this.#transportCcId);
    if (value?.length === 2) this.#arrivals?.receive(readUint16(value, 0), nowMs);
  }

  #sendFeedback(nowMs: number): void {
    const flow = this.#flows.currentOf('video') ?? this.#flows.currentOf('audio');
    const body = this.#arrivals?.poll(nowMs);
    if (!flow || !body) return;
    // Alone, without a report: reduced size (RFC 5506), as the receivers that libwebrtc's senders know do it.
    const compound = new RtcpWriter().transportFeedback(OUR_SSRC, flow.ssrc, body);
    this.#session?.sendRtcp(compound.bytes(), nowMs);
  }

  #report(nowMs: number): void {
    this.#nextReportMs = nowMs + REPORT_MS;
    this.#lookAtPath(nowMs);
    const blocks = this.#flows.lanes
      .map(({ flow }) => flow?.receiver.takeReportBlock(nowMs))
      .filter((block) => block !== undefined);
    this.#session?.sendRtcp(new RtcpWriter().receiverReport(OUR_SSRC, blocks).bytes(), nowMs);
  }

  #lookAtPath(nowMs: number): void {
    const total = { received: 0, lost: 0, repaired: 0, jitterMs: 0 };
    for (const { flow } of this.#flows.lanes) {
      total.received += flow?.receiver.received ?? 0;
      total.lost += flow?.receiver.lost ?? 0;
      total.repaired += flow?.receiver.repaired ?? 0;
    }
    // Senders space the packets of a picture, which share a timestamp: that would look like jitter.
    const flow = this.#flows.currentOf('audio') ?? this.#flows.currentOf('video');
    total.jitterMs = flow?.receiver.jitterMs ?? 0;
    this.#findings?.path.counted(total, nowMs);
    this.#findings?.advance(nowMs);
  }

  #videoLane(layer: string | undefined): Lane | undefined {
    return this.#flows.lanes.find(({ track, rid }) => track.kind === 'video' && rid === layer);
  }

  /** Once a second for the whole publisher: libwebrtc begins all layers anew when one is asked for. */
  #requestKeyframe(lane: Lane | undefined, nowMs: number): void {
    if (!lane?.flow || !lane.track.pli) return;
    const askedMs = this.#keyframeRequestsMs.get(lane) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - askedMs < KEYFRAME_REQUEST_MS_MIN) return;
    if (nowMs - this.#lastKeyframeRequestMs < KEYFRAME_REQUEST_MS_MIN) {
      this.#waitingLanes.add(lane);
      return;
    }
    const compound = new RtcpWriter().receiverReport(OUR_SSRC, []);
    for (const { flow } of this.#waitingLanes.add(lane)) {
      if (flow) compound.pictureLoss(OUR_SSRC, flow.ssrc);
    }
    for (const each of this.#waitingLanes) this.#keyframeRequestsMs.set(each, nowMs);
    this.#waitingLanes.clear();
    this.#lastKeyframeRequestMs = nowMs;
    this.#findings?.video.keyframeRequested(nowMs);
    this.#session?.sendRtcp(compound.bytes(), nowMs);
  }
}

/** Over TCP the kernel measures it, over UDP our checks do. */
function rttOf({ way, peer }: PeerSession): number | undefined {
  if (way?.transport !== 'tcp') return peer.roundTripMs;
  const state = way.state();
  return state && state.rttUs / 1000;
}
