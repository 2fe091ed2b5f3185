/** What WHIP, WHEP and OvenPlayer's signalling need from the rest of the control plane. */
import { randomBytes, randomInt } from 'node:crypto';
import type { PublishRequest, ViewRequest } from '../access/request.ts';
import { appOf, type StreamName } from '../base/names.ts';
import type { AccessDecision, Transport } from '../channel/messages.ts';
import type { HostCandidate } from '../protocols/sdp/candidates.ts';
import type { LocalPeer, SendSsrcs } from '../protocols/sdp/parameters.ts';
import type { Gate } from './access/gate.ts';
import { newCredentials } from './ice-credentials.ts';
import type { MediaLink } from './media-link.ts';
import type { Sessions } from './sessions.ts';

/** As in URLs and in the configuration. */
export type TransportChoice = 'udp' | 'tcp' | 'udptcp';

export type AppTransports = {
  readonly viewerTransport: TransportChoice;
  readonly publisherTransport: TransportChoice;
};

/** The part of the media link that sessions are opened and closed through. */
export type MediaGate = Pick<
  MediaLink,
  | 'live'
  | 'videoCodecs'
  | 'fingerprint'
  | 'open'
  | 'restartIce'
  | 'close'
  | 'stats'
  | 'publisher'
  | 'onEvent'
>;

/** Something that a client may have and did not get all the same, for the log. */
export type Refusal = {
  readonly protocol: 'whip' | 'whep' | 'ovenplayer';
  readonly stream: string;
  readonly address: string;
  readonly reason: string;
  readonly message: string;
};

export type SignallingDeps = {
  readonly media: MediaGate;
  readonly sessions: Sessions;
  readonly gate: Pick<Gate, 'ended'> & {
    authorise(request: PublishRequest | ViewRequest): AccessDecision | Promise<AccessDecision>;
  };
  /** Our addresses for these transports, best first. */
  readonly candidates: (transports: readonly Transport[]) => readonly HostCandidate[];
  /** Undefined where the app is not served. */
  readonly app: (app: string) => AppTransports | undefined;
  readonly onRefused: (refusal: Refusal) => void;
};

const TRANSPORTS: Readonly<Record<TransportChoice, readonly Transport[]>> = {
  udp: ['udp'],
  tcp: ['tcp'],
  udptcp: ['udp', 'tcp'],
};

/** OvenMediaEngine's further words, by what comes nearest: its relay is a tunnel over TCP. */
const ALIASES: Readonly<Record<string, TransportChoice>> = {
  udp: 'udp',
  tcp: 'tcp',
  udptcp: 'udptcp',
  relay: 'tcp',
  all: 'udptcp',
};

/** `?transport=` of a URL, or what the app has by default; undefined for a word that nobody knows. */
export function chooseTransports(
  wanted: string | undefined,
  byDefault: TransportChoice,
): readonly Transport[] | undefined {
  if (wanted === undefined || wanted === '') return TRANSPORTS[byDefault];
  const word = wanted.toLowerCase();
  const choice = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;
  return choice && TRANSPORTS[choice];
}

/** What the app of this stream has set; undefined where it is not served. */
export function appTransports(deps: SignallingDeps, stream: StreamName): AppTransports | undefined {
  return deps.app(appOf(stream));
}

/** o= wants a number that fits 63 bits (RFC 9429 §5.2.1). */
const ORIGIN_BYTES = 7;
const SSRC_END = 2 ** 32;

/** Our side of a new session; undefined where we have no address to be reached at. */
export function newLocalPeer(
  deps: SignallingDeps,
  transports: readonly Transport[],
): LocalPeer | undefined {
  const candidates = deps.candidates(transports);
  if (candidates.length === 0) return undefined;
  return {
    ...newCredentials(),
    fingerprint: deps.media.fingerprint,
    originId: BigInt(`0x${randomBytes(ORIGIN_BYTES).toString('hex')}`).toString(),
    candidates,
  };
}

/** Different from each other and from 0, which some receivers take for none. */
export function newSsrcs(): SendSsrcs {
  const ssrcs = { audio: newSsrc(), video: newSsrc(), rtx: newSsrc() };
  return new Set(Object.values(ssrcs)).size === 3 ? ssrcs : newSsrcs();
}

function newSsrc(): number {
  return randomInt(1, SSRC_END);
}
