/** What comes out of a negotiation: plain data of the shapes that the channel between the planes carries. */
import type { HostCandidate } from './candidates.ts';
import type { Codec, FormatParameters, MediaKind } from './codecs.ts';

export type Transport = 'udp' | 'tcp';

/** Our side of one session; the random parts are made by the caller. */
export type LocalPeer = {
  readonly ufrag: string;
  readonly pwd: string;
  /** SHA-256 over our certificate. */
  readonly fingerprint: Uint8Array;
  /** Best first. The session uses the transports that occur here. */
  readonly candidates: readonly HostCandidate[];
  /** Decimal, unique: the session id of the o= line (RFC 8866 §5.2). */
  readonly originId: string;
};

/** ICE and DTLS of one session, as both session descriptions agreed on it. */
export type PeerParameters = {
  readonly localUfrag: string;
  readonly localPwd: string;
  readonly remoteUfrag: string;
  readonly remotePwd: string;
  readonly remoteFingerprint: Uint8Array;
  readonly dtlsRole: 'client' | 'server';
  readonly transports: readonly Transport[];
};

/** One m-line that a publisher sends on. */
export type ReceiveTrack = {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly payloads: readonly {
    readonly payloadType: number;
    readonly codec: Codec;
    readonly clockRate: number;
    readonly channels: number;
    readonly rtxPayloadType: number | undefined;
    readonly parameters: FormatParameters;
  }[];
  readonly ssrcs: readonly number[];
  readonly nack: boolean;
  readonly pli: boolean;
  readonly extensions: { readonly mid: number | undefined; readonly rid: number | undefined };
};

/** One m-line that a viewer receives on. */
export type SendTrack = {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly ssrc: number;
  readonly payloadTypes: readonly { readonly codec: Codec; readonly payloadType: number }[];
  readonly nack: boolean;
};

/** The SSRCs that a viewer's session keeps for its whole life. */
export type SendSsrcs = Readonly<Record<MediaKind, number>>;

/** The transports that a peer can reach us by. */
export function transportsOf(candidates: readonly HostCandidate[]): Transport[] {
  return [...new Set(candidates.map((candidate) => candidate.transport))];
}
