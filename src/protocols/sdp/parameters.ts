/** What goes into a negotiation besides the peer's description. */
import type { Transport } from '../../base/session.ts';
import type { HostCandidate } from './candidates.ts';
import type { MediaKind } from './codecs.ts';

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

/** The SSRCs that a viewer's session keeps for its whole life; `rtx` is for what of the video is sent again. */
export type SendSsrcs = Readonly<Record<MediaKind | 'rtx', number>>;

/** The transports that a peer can reach us by. */
export function transportsOf(candidates: readonly HostCandidate[]): Transport[] {
  return [...new Set(candidates.map((candidate) => candidate.transport))];
}
