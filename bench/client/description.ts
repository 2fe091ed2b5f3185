/** The few lines of SDP that the tool's own offers and answers need. */
import type { DtlsRole, WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';
import type { IceCredentials } from './ice-agent.ts';
import type { Candidate, Transport } from './path.ts';
import type { RemoteDescription } from './peer.ts';

export type MediaLine = {
  readonly kind: 'audio' | 'video';
  readonly mid: string;
  readonly direction: 'sendonly' | 'recvonly';
  readonly payloadType: number;
  /** Of a stream that we send. */
  readonly ssrc: number | undefined;
};

const CODEC_LINES: Readonly<Record<MediaLine['kind'], (payloadType: number) => string[]>> = {
  audio: (payloadType) => [
    `a=rtpmap:${payloadType} opus/48000/2`,
    `a=fmtp:${payloadType} minptime=10;useinbandfec=1;stereo=1`,
  ],
  video: (payloadType) => [
    `a=rtpmap:${payloadType} H264/90000`,
    `a=fmtp:${payloadType} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f`,
    `a=rtcp-fb:${payloadType} nack`,
    `a=rtcp-fb:${payloadType} nack pli`,
  ],
};

/** A bundled offer or answer with our credentials. */
export function writeDescription(
  crypto: WebRtcCrypto,
  local: IceCredentials,
  setup: 'actpass' | 'active' | 'passive',
  media: readonly MediaLine[],
): string {
  const hex = Buffer.from(crypto.fingerprint).toString('hex').toUpperCase();
  const lines = [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0'],
    `a=group:BUNDLE ${media.map(({ mid }) => mid).join(' ')}`,
    'a=msid-semantic: WMS *',
    `a=fingerprint:sha-256 ${hex.match(/../g)?.join(':')}`,
    ...media.flatMap((line) => mediaLines(line, local, setup)),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function mediaLines(line: MediaLine, local: IceCredentials, setup: string): string[] {
  return [
    `m=${line.kind} 9 UDP/TLS/RTP/SAVPF ${line.payloadType}`,
    ...['c=IN IP4 0.0.0.0', 'a=rtcp-mux', `a=mid:${line.mid}`, `a=${line.direction}`],
    ...[`a=ice-ufrag:${local.ufrag}`, `a=ice-pwd:${local.pwd}`, `a=setup:${setup}`],
    ...CODEC_LINES[line.kind](line.payloadType),
    ...(line.ssrc === undefined
      ? []
      : [`a=msid:bench ${line.kind}`, `a=ssrc:${line.ssrc} cname:bench`]),
  ];
}

/** What a server's description says about how to reach it. */
export function readDescription(sdp: string, transport: Transport): RemoteDescription {
  const candidate = candidates(sdp).find((one) => one.transport === transport);
  if (!candidate) throw new Error(`the server gives no ${transport} candidate`);
  const hex = value(sdp, 'fingerprint')
    .replace(/^sha-256 /i, '')
    .replace(/:/g, '');
  return {
    ufrag: value(sdp, 'ice-ufrag'),
    pwd: value(sdp, 'ice-pwd'),
    fingerprint: Buffer.from(hex, 'hex'),
    candidate,
  };
}

/** Our role, given what the server's answer says of its own. */
export function dtlsRoleAgainst(sdp: string): DtlsRole {
  return value(sdp, 'setup') === 'active' ? 'server' : 'client';
}

/** First payload type of each kind, for an answer. */
export function offeredMedia(
  sdp: string,
): { kind: 'audio' | 'video'; mid: string; payloadType: number }[] {
  return sdp
    .split(/\r?\n(?=m=)/)
    .slice(1)
    .flatMap((section) => {
      const match = /^m=(audio|video) \d+ \S+ (\d+)/.exec(section);
      if (!match) return [];
      const kind = match[1] as 'audio' | 'video';
      return [{ kind, mid: value(section, 'mid'), payloadType: Number(match[2]) }];
    });
}

/** IPv4 host candidates in the server's order of preference; a TCP one must be passive (RFC 6544). */
function candidates(sdp: string): Candidate[] {
  const pattern = /^a=candidate:\S+ 1 (udp|tcp) (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host(.*)$/gim;
  return [...sdp.matchAll(pattern)]
    .filter((match) => /udp/i.test(match[1]!) || /tcptype passive/.test(match[5]!))
    .toSorted((a, b) => Number(b[2]) - Number(a[2]))
    .map((match) => ({
      transport: match[1]!.toLowerCase() as Transport,
      address: match[3]!,
      port: Number(match[4]),
    }));
}

function value(sdp: string, name: string): string {
  const match = new RegExp(`^a=${name}:(.*?)\\r?$`, 'm').exec(sdp);
  if (!match) throw new Error(`the server's description has no a=${name}`);
  return match[1]!.trim();
}
