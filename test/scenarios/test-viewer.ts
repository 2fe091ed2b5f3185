/** A browser that watches: its network, its eye, and what it tells the server. */
import { readUint16 } from '../../src/base/bytes.ts';
import { findExtension, type RtpPacket } from '../../src/protocols/rtp/packet.ts';
import { RtpReceiver } from '../../src/protocols/rtp/receiver.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import { ArrivalRecorder } from '../../src/protocols/rtp/transport-feedback.ts';
import type { ClientHost, OpenClient } from './client-host.ts';
import { Eye } from './eye.ts';
import { TcpLeg, UdpLeg } from './legs.ts';
import type { Timed } from './network.ts';
import type { TestClientOutput } from './test-client.ts';

export const VIEWED_TYPES = { video: 96, audio: 97, rtx: 98 } as const;
export const TRANSPORT_CC_ID = 3;
/** Browsers report about once a second, and ask for a keyframe no more often than twice. */
const REPORT_MS = 1000;
const PLI_MS_MIN = 500;
const OUR_SSRC = 7;

export class TestViewer implements Timed {
  readonly session: string;
  readonly host: ClientHost;
  readonly eye: Eye;
  /** When the session's keys were agreed. */
  connectedMs: number | undefined;
  plis = 0;
  /** Packets that were asked for again. */
  nacked = 0;
  /** Packets that came again, asked for or not. */
  repeated = 0;
  readonly #videoSsrc: number;
  readonly #pli: boolean;
  /** What the server learns of the path by; over UDP alone. */
  readonly #arrivals: ArrivalRecorder | undefined;
  /** Asks for what is missing, waits for it a little, and puts it in its place; over UDP alone. */
  readonly #receiver: RtpReceiver | undefined;
  #nextReportMs = Infinity;
  #lastPliMs = -Infinity;

  constructor(
    session: string,
    client: OpenClient,
    ssrcs: { readonly video: number; readonly audio: number },
    options: {
      readonly pli: boolean;
      readonly feedback: boolean;
      readonly violate: (what: string, nowMs: number) => void;
    },
  ) {
    this.session = session;
    this.host = client.host;
    this.#videoSsrc = ssrcs.video;
    this.#pli = options.pli;
    if (options.feedback) {
      this.#arrivals = new ArrivalRecorder();
      this.#receiver = new RtpReceiver({ ssrc: ssrcs.video, clockRate: 90_000, nack: true });
    }
    this.eye = new Eye({
      videoSsrc: ssrcs.video,
      audioSsrc: ssrcs.audio,
      videoType: VIEWED_TYPES.video,
      audioType: VIEWED_TYPES.audio,
      violate: options.violate,
    });
    client.onOutput = (output, nowMs) => this.#take(output, nowMs);
  }

  get deadlineMs(): number | undefined {
    const feedbackMs = this.host.isClosed ? Infinity : (this.#arrivals?.deadlineMs ?? Infinity);
    const repairMs = this.host.isClosed ? Infinity : (this.#receiver?.deadlineMs ?? Infinity);
    const deadlineMs = Math.min(
      this.host.deadlineMs ?? Infinity,
      this.#reportMs,
      feedbackMs,
      repairMs,
    );
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  /** The connection in use or, of several, the first. */
  get tcp(): TcpLeg {
    const leg = this.host.legs.find((leg) => leg instanceof TcpLeg);
    if (!leg) throw new Error(`${this.session} has no TCP`);
    return leg;
  }

  get udp(): UdpLeg {
    const leg = this.host.legs.find((leg) => leg instanceof UdpLeg);
    if (!leg) throw new Error(`${this.session} has no UDP`);
    return leg;
  }

  advance(nowMs: number): void {
    if ((this.host.deadlineMs ?? Infinity) <= nowMs) this.host.advance(nowMs);
    if (nowMs >= this.#reportMs) this.#report(nowMs);
    this.#repair(nowMs);
    const body = this.host.isClosed ? undefined : this.#arrivals?.poll(nowMs);
    if (!body) return;
    const feedback = new RtcpWriter().transportFeedback(OUR_SSRC, this.#videoSsrc, body);
    this.host.client.sendRtcp(feedback.bytes());
    this.host.flush(nowMs);
  }

  /** Asks for a keyframe now, whatever it has. */
  askForKeyframe(nowMs: number): void {
    this.plis++;
    this.#lastPliMs = nowMs;
    const compound = new RtcpWriter().receiverReport(OUR_SSRC, []);
    this.host.client.sendRtcp(compound.pictureLoss(OUR_SSRC, this.#videoSsrc).bytes());
    this.host.flush(nowMs);
  }

  /** The tab's process is gone, the cable is cut. */
  vanish(): void {
    this.#nextReportMs = Infinity;
    this.host.client.vanish();
  }

  leave(nowMs: number): void {
    this.#nextReportMs = Infinity;
    this.host.client.close();
    this.host.flush(nowMs);
  }

  get #reportMs(): number {
    return this.host.isClosed ? Infinity : this.#nextReportMs;
  }

  #take(output: TestClientOutput, nowMs: number): void {
    if (output.type === 'connected') {
      this.connectedMs = nowMs;
      this.#nextReportMs = nowMs + REPORT_MS;
    } else if (output.type === 'rtp') {
      this.#see(output.packet, output.bytes, nowMs);
      if (!this.#pli || !this.eye.isLost || nowMs - this.#lastPliMs < PLI_MS_MIN) return;
      this.askForKeyframe(nowMs);
    } else if (output.type === 'rtcp') {
      this.eye.rtcp(output.packets, nowMs);
    }
  }

  #see(packet: RtpPacket, bytes: Uint8Array, nowMs: number): void {
    const number = findExtension(bytes, TRANSPORT_CC_ID);
    if (number) this.#arrivals?.receive(readUint16(number, 0), nowMs);
    if (packet.payloadType !== VIEWED_TYPES.rtx) {
      this.#show(packet, nowMs);
      return;
    }
    this.repeated++;
    const { payload } = packet;
    const original = { ...packet, ssrc: this.#videoSsrc, payloadType: VIEWED_TYPES.video };
    const sequenceNumber = readUint16(payload, 0);
    this.#show({ ...original, sequenceNumber, payload: payload.subarray(2) }, nowMs);
  }

  #show(packet: RtpPacket, nowMs: number): void {
    if (!this.#receiver || packet.ssrc !== this.#videoSsrc) {
      this.eye.rtp(packet, nowMs);
      return;
    }
    this.#receiver.receive(packet, nowMs);
    this.#repair(nowMs);
  }

  /** Asks for what is missing; what is in order goes to the eye. */
  #repair(nowMs: number): void {
    const receiver = this.#receiver;
    if (!receiver || this.host.isClosed) return;
    receiver.advance(nowMs);
    for (let packet = receiver.poll(); packet; packet = receiver.poll()) {
      this.eye.rtp(packet, nowMs);
    }
    const missing = receiver.pollNack(nowMs);
    if (!missing) return;
    this.nacked += missing.length;
    const compound = new RtcpWriter().receiverReport(OUR_SSRC, []);
    this.host.client.sendRtcp(compound.nack(OUR_SSRC, this.#videoSsrc, missing).bytes());
    this.host.flush(nowMs);
  }

  #report(nowMs: number): void {
    this.#nextReportMs = nowMs + REPORT_MS;
    const { lastReport } = this.eye;
    const block = {
      ssrc: this.#videoSsrc,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequenceNumber: 0,
      jitter: 0,
      lastSenderReport: lastReport?.middle ?? 0,
      delaySinceLastSenderReport: lastReport
        ? Math.round(((nowMs - lastReport.atMs) * 65_536) / 1000)
        : 0,
    };
    this.host.client.sendRtcp(new RtcpWriter().receiverReport(OUR_SSRC, [block]).bytes());
    this.host.flush(nowMs);
  }
}
