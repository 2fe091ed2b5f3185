/** A viewer that keeps what it gets instead of decoding it, in whatever codec it says it knows. */
import { loadCrypto } from '../../bench/client/crypto.ts';
import {
  dtlsRoleAgainst,
  type MediaLine,
  readDescription,
  writeDescription,
} from '../../bench/client/description.ts';
import { type Exchange, exchange } from '../../bench/client/exchange.ts';
import { iceCredentials } from '../../bench/client/ice-agent.ts';
import { ClientPeer } from '../../bench/client/peer.ts';
import { parseRtpPacket, rtpHeaderLength } from '../../src/protocols/rtp/packet.ts';

const VIDEO_TYPE = 102;
const MEDIA: readonly MediaLine[] = [
  { kind: 'video', mid: '0', direction: 'recvonly', payloadType: VIDEO_TYPE, ssrc: undefined },
  { kind: 'audio', mid: '1', direction: 'recvonly', payloadType: 111, ssrc: undefined },
];

export class RawViewer {
  /** RTP payloads of the picture, by frame. */
  readonly frames: Uint8Array[][] = [];
  readonly #session: Exchange;
  #peer: ClientPeer | undefined;
  /** What came before the handshake's end had got round to us. */
  #early: Buffer[] = [];
  #timestamp: number | undefined;

  private constructor(session: Exchange) {
    this.#session = session;
  }

  /** @param codec as in a=rtpmap: `H265` */
  static async watch(url: string, codec: string): Promise<RawViewer> {
    const crypto = loadCrypto();
    const local = iceCredentials();
    const ofH264 = writeDescription(crypto, local, 'actpass', MEDIA);
    const offer =
      codec === 'H264'
        ? ofH264
        : ofH264.replace('H264/90000', `${codec}/90000`).replace(/a=fmtp:102 .*\r\n/, '');
    const session = await exchange(url, offer, undefined);
    const viewer = new RawViewer(session);
    const { answer } = session;
    const remote = readDescription(answer, 'tcp');
    const dtlsRole = dtlsRoleAgainst(answer);
    viewer.#peer = await ClientPeer.connect(
      { crypto, local, remote, iceRole: 'controlling', dtlsRole },
      {
        onRtp: (bytes, start, end) => viewer.#take(bytes.subarray(start, end)),
        onRtcp: () => {},
        onClosed: () => {},
      },
    );
    for (const packet of viewer.#early.splice(0)) viewer.#take(packet);
    return viewer;
  }

  async waitForFrames(count: number, timeoutMs: number): Promise<void> {
    const limitMs = performance.now() + timeoutMs;
    while (this.frames.length < count) {
      if (performance.now() > limitMs) throw new Error(`${this.frames.length} frames only`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    this.#peer?.close('left');
    await this.#session.leave();
  }

  #take(packet: Buffer): void {
    if (!this.#peer) {
      this.#early.push(Buffer.from(packet));
      return;
    }
    const headerLength = rtpHeaderLength(packet);
    if (typeof headerLength === 'string') return;
    const length = this.#peer.srtp?.unprotect(packet, headerLength, 0) ?? -1;
    const plain = length < 0 ? 'too-short' : parseRtpPacket(packet.subarray(0, length));
    if (typeof plain === 'string' || plain.payloadType !== VIDEO_TYPE) return;
    if (plain.timestamp !== this.#timestamp) this.frames.push([]);
    this.#timestamp = plain.timestamp;
    this.frames.at(-1)?.push(new Uint8Array(plain.payload)); // the path reuses its buffer
  }
}
