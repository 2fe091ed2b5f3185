/** Problems that WHIP and WHEP share. */
import { appOf, type StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { SendTrack, Transport } from '../channel/messages.ts';
import { labelOf } from '../protocols/sdp/codecs.ts';
import type { SdpRefusal } from '../protocols/sdp/refusal.ts';
import type { Problem } from './problem.ts';
import type { SignallingDeps } from './signalling.ts';

export function noSuchApp(stream: StreamName): Problem {
  return {
    status: 404,
    reason: 'unknown-app',
    detail: `This server has no app "${appOf(stream)}".`,
  };
}

export function noSuchTransport(): Problem {
  return {
    status: 400,
    reason: 'unknown-transport',
    detail: 'The transport can be udp, tcp or udptcp.',
  };
}

/** The operator's to mend; said to the client as it is the one who asks. */
export function noAddress(transports: readonly Transport[]): Problem {
  return {
    status: 503,
    reason: 'no-address',
    detail: `The server knows no address of its own to be reached at over ${transports.join(' or ')}.`,
  };
}

/**
 * A live stream that this player could only hear; undefined where it can see it, wants sound alone, or nothing is live.
 * One that is not live yet may come in any codec.
 */
export function codecProblem(
  { media }: SignallingDeps,
  stream: StreamName,
  tracks: readonly SendTrack[],
): Problem | undefined {
  const codec = media.live.has(stream) ? media.videoCodecs.get(stream) : undefined;
  const video = tracks.find(({ kind }) => kind === 'video');
  if (codec === undefined || video === undefined) return undefined;
  if (video.payloadTypes.some((payload) => payload.codec === codec)) return undefined;
  const label = labelOf(codec);
  return {
    status: 422,
    reason: 'codec-not-playable',
    detail: `This stream is ${label}, which this player cannot show. Another browser or device may.`,
  };
}

/** What a refused session description means in HTTP: 400 cannot be read, 422 read and not acceptable (RFC 9725 §4.4). */
export function sdpProblem(refusal: SdpRefusal): Problem {
  const unreadable = ['not-sdp', 'too-large', 'too-many-media', 'bad-media-line', 'bad-fragment'];
  const status = unreadable.includes(refusal.refused) ? 400 : 422;
  return { status, reason: refusal.refused, detail: refusal.message };
}

/** What a refusal of the media plane means in HTTP. */
export function openProblem(reason: CloseReason): Problem {
  if (reason === 'refused') {
    return { status: 403, reason, detail: 'This server does not let you do that.' };
  }
  return {
    status: 503,
    reason,
    detail: 'The server can take no further session now. Try again in a few seconds.',
    headers: { 'Retry-After': '5' },
  };
}
