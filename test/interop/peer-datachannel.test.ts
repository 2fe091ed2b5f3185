/** A Peer with real cryptography behind real sockets, against the library inside OBS, over loopback. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import * as rtc from 'node-datachannel';
import type { CloseReason } from '../../src/base/reasons.ts';
import { type IcePath, newPathId } from '../../src/media/ice/ice-path.ts';
import { IceRouter, type RouterSession } from '../../src/media/ice/router.ts';
import { IceTcpListener } from '../../src/media/ice/tcp-listener.ts';
import { IceUdpListener } from '../../src/media/ice/udp-listener.ts';
import { createNativeCrypto } from '../../src/native/crypto.ts';
import { loadAddon } from '../../src/native/load.ts';
import { parseRtpPacket, writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { RtpReceiver } from '../../src/protocols/rtp/receiver.ts';
import { parseRtcp, type RtcpPacket } from '../../src/protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import type { DtlsRole } from '../../src/protocols/webrtc/crypto.ts';
import { packetKind } from '../../src/protocols/webrtc/demux.ts';
import { PEER_IDLE_MS, Peer, type PeerOutput } from '../../src/protocols/webrtc/peer.ts';

const SSRC = 0x4d696c6c;
const OUR_SSRC = 0x12345678;
const PAYLOAD_TYPE = 96;
const WAIT_MS_MAX = 10_000;

const clockMs = () => performance.now();
const addon = loadAddon();
const crypto = createNativeCrypto(addon, addon.certificateNew());
const router = new IceRouter();
const complaints: string[] = [];
const common = {
  address: '127.0.0.1',
  port: 0,
  router,
  addon,
  clockMs,
  complain: (text: string) => complaints.push(text),
};
const udp = await IceUdpListener.open(common);
const tcp = await IceTcpListener.open(common);

after(() => {
  udp.close();
  tcp.close();
  rtc.cleanup();
  kept.length = 0;
  assert.deepEqual(complaints, []);
});

/** What stands between sockets and Peer in the server, in small: outputs, one timer, a receiver for one flow. */
class Session implements RouterSession {
  readonly ufrag = randomBytes(6).toString('hex');
  readonly pwd = randomBytes(18).toString('base64url');
  readonly peer: Peer;
  readonly receiver = new RtpReceiver({ ssrc: SSRC, clockRate: 90_000, nack: true });
  readonly received: number[] = [];
  readonly reports: RtcpPacket[] = [];
  closed: CloseReason | undefined;
  /** One RTP packet in so many is dropped before the Peer sees it; 0 for none. */
  dropEvery = 0;
  #rtpCount = 0;
  #remote: string | undefined;
  #moved: IcePath | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    remote: { readonly ufrag: string; readonly pwd: string },
    remoteFingerprint: Uint8Array,
    dtlsRole: DtlsRole,
    transport: 'udp' | 'tcp',
    role: keyof typeof PEER_IDLE_MS,
  ) {
    const options = {
      localUfrag: this.ufrag,
      localPwd: this.pwd,
      remoteUfrag: remote.ufrag,
      remotePwd: remote.pwd,
      remoteFingerprint,
      dtlsRole,
      transports: [transport],
      idleMs: PEER_IDLE_MS[role],
    };
    this.peer = new Peer(crypto, options, clockMs());
    router.register(this.ufrag, this);
    // As the server's own timer does: what lies unread in the kernel is read before a deadline counts.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), 5);
  }

  isValidPath(path: IcePath): boolean {
    return this.peer.isValidPath(path);
  }

  onPacket(bytes: Uint8Array, path: IcePath, nowMs: number): void {
    if (packetKind(bytes) === 'rtp') {
      this.#rtpCount++;
      if (this.dropEvery > 0 && this.#rtpCount % this.dropEvery === 0) return;
    }
    this.peer.receive(bytes, this.#seenAs(path), nowMs);
    this.settle(nowMs);
  }

  onPathClosed(path: IcePath, nowMs: number): void {
    this.peer.pathClosed(path, nowMs);
    this.settle(nowMs);
  }

  settle(nowMs: number): void {
    for (let output = this.peer.poll(); output !== undefined; output = this.peer.poll()) {
      this.#carryOut(output, nowMs);
    }
    for (let packet = this.receiver.poll(); packet; packet = this.receiver.poll()) {
      this.received.push(packet.sequenceNumber);
    }
    const missing = this.receiver.pollNack(nowMs);
    if (missing === undefined) return;
    const nack = new RtcpWriter().receiverReport(OUR_SSRC, []).nack(OUR_SSRC, SSRC, missing);
    this.peer.sendRtcp(nack.bytes());
    this.settle(nowMs);
  }

  end(): void {
    this.peer.close('left');
    this.settle(clockMs());
  }

  /** From now on packets seem to come from another address; what is sent there reaches the library all the same. */
  seeAs(remote: string): void {
    this.#remote = remote;
    this.#moved = undefined;
  }

  #seenAs(path: IcePath): IcePath {
    if (this.#remote === undefined) return path;
    const { way, transport } = path;
    const write = (packet: Uint8Array) => path.write(packet);
    this.#moved ??= { id: newPathId(), transport, remote: this.#remote, way, write };
    return this.#moved;
  }

  #tick(): void {
    const nowMs = clockMs();
    if ((this.peer.deadlineMs ?? nowMs + 1) <= nowMs) this.peer.advance(nowMs);
    this.receiver.advance(nowMs);
    this.settle(nowMs);
  }

  #carryOut(output: PeerOutput, nowMs: number): void {
    if (output.type === 'transmit') {
      (output.path as IcePath).write(output.bytes);
    } else if (output.type === 'rtp') {
      const packet = parseRtpPacket(output.bytes);
      if (typeof packet === 'object' && packet.ssrc === SSRC) this.receiver.receive(packet, nowMs);
    } else if (output.type === 'rtcp') {
      const packets = parseRtcp(output.bytes);
      assert.ok(typeof packets === 'object', `${packets}`);
      this.reports.push(...packets);
    } else if (output.type === 'closed') {
      this.closed = output.reason;
      clearInterval(this.#timer);
      router.unregister(this);
      this.peer.free();
    }
  }
}

async function until(isTrue: () => boolean, what: string, waitMsMax = WAIT_MS_MAX): Promise<void> {
  const endMs = clockMs() + waitMsMax;
  while (!isTrue()) {
    assert.ok(clockMs() < endMs, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * The library's cleanup() closes every track that was ever made, those too whose JavaScript objects were collected
 * meanwhile, and crashes on them: so none is let go.
 */
const kept: unknown[] = [];

type Connection = { session: Session; remote: rtc.PeerConnection; track: rtc.Track };

/** The library offers, we answer with the least that it takes. */
async function connect(
  direction: 'SendOnly' | 'RecvOnly',
  transport: 'udp' | 'tcp',
  dtlsRole: DtlsRole,
): Promise<Connection> {
  const remote = new rtc.PeerConnection('remote', {
    iceServers: [],
    disableAutoNegotiation: true,
    enableIceTcp: transport === 'tcp',
  });
  const video = new rtc.Video('0', direction);
  video.addH264Codec(PAYLOAD_TYPE);
  if (direction === 'SendOnly') video.addSSRC(SSRC, 'name', 'stream', 'track');
  const track = remote.addTrack(video);
  kept.push(remote, video, track);
  remote.setLocalDescription('offer');
  const offer = remote.localDescription()?.sdp ?? '';
  const fingerprint = /a=fingerprint:sha-256 ([0-9A-F:]+)/i.exec(offer)?.[1] ?? '';
  const value = (name: string) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(offer)?.[1] ?? '';
  const session = new Session(
    { ufrag: value('ice-ufrag'), pwd: value('ice-pwd') },
    Buffer.from(fingerprint.replaceAll(':', ''), 'hex'),
    dtlsRole,
    transport,
    direction === 'SendOnly' ? 'publisher' : 'viewer',
  );
  remote.setRemoteDescription(answerOf(session, transport, dtlsRole, direction), 'answer');
  await until(() => remote.state() === 'connected', `${transport}, DTLS ${dtlsRole}`);
  await until(() => session.peer.srtp !== undefined && track.isOpen(), 'keys');
  return { session, remote, track };
}

function answerOf(
  session: Session,
  transport: 'udp' | 'tcp',
  dtlsRole: DtlsRole,
  direction: 'SendOnly' | 'RecvOnly',
): string {
  const fingerprint = Buffer.from(crypto.fingerprint).toString('hex').toUpperCase();
  const candidate =
    transport === 'udp'
      ? `1 1 UDP 2130706431 127.0.0.1 ${udp.port} typ host`
      : `1 1 TCP 2105458943 127.0.0.1 ${tcp.port} typ host tcptype passive`;
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=ice-lite',
    `m=video 9 UDP/TLS/RTP/SAVPF ${PAYLOAD_TYPE}`,
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    direction === 'SendOnly' ? 'a=recvonly' : 'a=sendonly',
    'a=rtcp-mux',
    `a=rtpmap:${PAYLOAD_TYPE} H264/90000`,
    `a=rtcp-fb:${PAYLOAD_TYPE} nack`,
    `a=rtcp-fb:${PAYLOAD_TYPE} nack pli`,
    ...(direction === 'RecvOnly' ? [`a=ssrc:${OUR_SSRC} cname:name`] : []),
    `a=ice-ufrag:${session.ufrag}`,
    `a=ice-pwd:${session.pwd}`,
    `a=fingerprint:sha-256 ${fingerprint.replace(/..(?=.)/g, '$&:')}`,
    `a=setup:${dtlsRole === 'server' ? 'passive' : 'active'}`,
    `a=candidate:${candidate}`,
    'a=end-of-candidates',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Packetizes, reports and answers NACKs as OBS does. */
function publishOn(track: rtc.Track): (picture: Buffer) => void {
  const rtp = new rtc.RtpPacketizationConfig(SSRC, 'name', PAYLOAD_TYPE, 90_000);
  const packetizer = new rtc.H264RtpPacketizer('StartSequence', rtp, 1200);
  packetizer.addToChain(new rtc.RtcpSrReporter(rtp));
  packetizer.addToChain(new rtc.RtcpNackResponder(4000));
  track.setMediaHandler(packetizer);
  return (picture) => {
    rtp.timestamp = (rtp.timestamp + 3000) % 2 ** 32;
    track.sendMessageBinary(picture);
  };
}

const PICTURES = 60;
/** Several packets: one NAL unit of 6000 bytes behind its start code. */
const PICTURE = Buffer.concat([Buffer.from('0000000165', 'hex'), Buffer.alloc(6000, 0x55)]);

for (const transport of ['udp', 'tcp'] as const) {
  for (const dtlsRole of ['server', 'client'] as const) {
    test(`libdatachannel publishes over ${transport}, DTLS ${dtlsRole} here`, async () => {
      const { session, remote, track } = await connect('SendOnly', transport, dtlsRole);
      const publish = publishOn(track);
      session.dropEvery = transport === 'udp' ? 10 : 0;
      for (let picture = 0; picture < PICTURES; picture++) {
        publish(PICTURE);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const { received, receiver } = session;
      await until(() => received.length + receiver.lost >= PICTURES * 6 - 1, 'all packets');
      const gaps = received.filter((number, index) => {
        return index > 0 && number !== ((received[index - 1]! + 1) & 0xffff);
      });
      const story = `lost ${receiver.lost}, late ${receiver.late}, gaps at ${gaps}`;
      assert.ok(receiver.lost === 0 && gaps.length === 0, story);
      if (transport === 'udp') assert.ok(receiver.repaired > 20, `${receiver.repaired} repaired`);
      assert.ok(session.reports.some(({ type }) => type === 'sender-report'));
      assert.equal(session.peer.path?.transport, transport);
      assert.equal(session.peer.rejects['wrong-tag'], 0);
      remote.close();
      if (dtlsRole === 'client') return session.end();
      // The library says no goodbye by DTLS: TCP tells that it left, over UDP only its silence does.
      await until(() => session.closed !== undefined, 'the end');
      assert.equal(session.closed, transport === 'tcp' ? 'left' : 'timed-out');
    });

    test(`libdatachannel watches over ${transport}, DTLS ${dtlsRole} here`, async () => {
      const { session, remote, track } = await connect('RecvOnly', transport, dtlsRole);
      const heard: Buffer[] = [];
      track.onMessage((message) => heard.push(message));
      const { srtp, path } = session.peer;
      assert.ok(srtp && path);
      for (let index = 0; index < 50; index++) {
        const sequenceNumber = (65_520 + index) & 0xffff;
        const packet = writeRtpPacket({
          payloadType: PAYLOAD_TYPE,
          marker: true,
          sequenceNumber,
          timestamp: index * 3000,
          ssrc: OUR_SSRC,
          payload: Buffer.from(`picture ${index}`),
        });
        const roc = sequenceNumber < 65_520 ? 1 : 0;
        (path as IcePath).write(srtp.protectRtp(packet, 12, roc));
      }
      const isMedia = (message: Buffer) => message.toString('latin1').includes('picture ');
      await until(() => heard.filter(isMedia).length === 50, 'all packets');
      session.end();
      await until(() => ['closed', 'disconnected'].includes(remote.state()), 'our goodbye');
      remote.close();
    });
  }
}

test('libdatachannel answers when asked whether it is where it seems to have moved', async () => {
  const { session, remote } = await connect('RecvOnly', 'udp', 'server');
  session.seeAs('198.51.100.7:4000');
  // It nominates no more: its second check from there, 8 to 12 s from now, tells that it moved.
  await until(() => session.peer.path?.remote === '198.51.100.7:4000', 'the move', 15_000);
  assert.equal(session.closed, undefined);
  session.end();
  remote.close();
});
