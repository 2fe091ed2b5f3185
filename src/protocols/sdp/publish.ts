import type { MediaDescription } from 'sdp-transform';
import type { PeerParameters, ReceiveTrack } from '../../base/session.ts';
import { type SectionBody, writeAnswer } from './answer.ts';
import { acceptedCodecs } from './codecs.ts';
import { type HeaderExtension, type MediaSection, parseDescription } from './description.ts';
import {
  type AcceptedSection,
  acceptSections,
  activeSections,
  agreeOnPeer,
  checkShared,
  roleTowardsOffer,
} from './negotiation.ts';
import type { LocalPeer } from './parameters.ts';
import {
  rtxPayload,
  rtxPayloadTypeOf,
  TRANSPORT_CC,
  transportCcLine,
  transportCcOf,
} from './recovery.ts';
import { isRefusal, refuse, type SdpRefusal } from './refusal.ts';

/**
 * What a publisher’s offer led to: the session for the media plane, the answer for the publisher.
 */
export type PublishAgreement = {
  readonly peer: PeerParameters;
  readonly tracks: readonly ReceiveTrack[];
  /** The session description to answer with. */
  readonly answer: string;
};

const EXTENSION_URIS = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
} as const;

const EXTENSIONS = ['mid', 'rid', 'repairedRid', 'audioLevel'] as const;

/** The feedback that we send to a publisher, as in a=rtcp-fb; anything else in an offer is not answered. */
const FEEDBACK = ['nack', 'nack pli', TRANSPORT_CC];

/** Opus goes to 510 kbit/s. */
const OPUS_BPS = /^[1-9]\d{3,5}$/;

/** Answers a publisher's offer (WHIP). */
export function answerPublisher(text: string, local: LocalPeer): PublishAgreement | SdpRefusal {
  const offer = parseDescription(text);
  if (isRefusal(offer)) return offer;
  const sections = activeSections(offer, ['sendonly', 'sendrecv']);
  if (sections.length === 0) return refuse('no-media');
  // A session that goes half way misleads the streamer: refuse it whole (RFC 9725 §4.4.2 and §4.4.3).
  if (hasTwoOfAKind(sections)) return refuse('too-many-tracks');
  const unfit = checkShared(offer, sections);
  if (unfit !== undefined) return unfit;
  const accepted = acceptSections(
    sections,
    (row, payload) => row.rankReceived(payload.parameters),
    (offered) => `The offer has ${offered}; this server takes ${acceptedCodecs()}.`,
  );
  if (isRefusal(accepted)) return accepted;
  const peer = agreeOnPeer(sections, local, roleTowardsOffer);
  if (isRefusal(peer)) return peer;
  const bodies = new Map(accepted.map((section) => [section, bodyOf(section)] as const));
  return {
    peer,
    tracks: accepted.map(trackOf),
    answer: writeAnswer(offer, local, peer.dtlsRole, bodies),
  };
}

function hasTwoOfAKind(sections: readonly MediaSection[]): boolean {
  return new Set(sections.map((section) => section.kind)).size < sections.length;
}

function trackOf({ section, kind, matches }: AcceptedSection): ReceiveTrack {
  return {
    mid: section.mid ?? String(section.index),
    kind,
    payloads: matches.map(({ row, payload }) => ({
      payloadType: payload.payloadType,
      codec: row.codec,
      clockRate: payload.clockRate,
      channels: payload.channels,
      rtxPayloadType: rtxPayloadTypeOf(section, payload.payloadType),
      parameters: payload.parameters,
    })),
    ssrcs: section.ssrcs,
    // Layers that nothing tells apart are one flow to us.
    rids: extensionOf(section, 'rid') ? section.simulcastRids : [],
    nack: hasFeedback(matches, 'nack'),
    pli: hasFeedback(matches, 'nack pli'),
    declaredBps: declaredBps(section, matches),
    extensions: {
      mid: extensionOf(section, 'mid')?.id,
      rid: extensionOf(section, 'rid')?.id,
      repairedRid: extensionOf(section, 'repairedRid')?.id,
      transportCc: transportCcOf(section)?.id,
      audioLevel: kind === 'audio' ? extensionOf(section, 'audioLevel')?.id : undefined,
    },
  };
}

function bodyOf({ section, matches }: AcceptedSection): SectionBody {
  return {
    direction: 'recvonly',
    payloads: [
      ...matches.map((match) => ({
        match,
        payloadType: match.payload.payloadType,
        parameters: match.row.receiveParameters(match.payload.parameters),
        feedback: FEEDBACK.filter((type) => match.payload.feedback.includes(type)),
      })),
      ...matches.flatMap(({ row, payload: { payloadType } }) => {
        const rtx = rtxPayloadTypeOf(section, payloadType);
        return rtx === undefined ? [] : rtxPayload(rtx, payloadType, row.clockRate);
      }),
    ],
    extras: { ...extensionLines(section), ...simulcastLines(section) },
  };
}

/** The m-line's bandwidth, or what Opus is limited to (RFC 7587 §6.1). */
function declaredBps(
  { bandwidthBps }: MediaSection,
  matches: AcceptedSection['matches'],
): number | undefined {
  if (bandwidthBps !== undefined) return bandwidthBps;
  const [limit] = matches.flatMap(({ payload }) => payload.parameters['maxaveragebitrate'] ?? []);
  return limit !== undefined && OPUS_BPS.test(limit) ? Number(limit) : undefined;
}

function hasFeedback(matches: AcceptedSection['matches'], type: string): boolean {
  return matches.some(({ payload }) => payload.feedback.includes(type));
}

/** A header extension that the publisher will stamp on what it sends. */
function extensionOf(
  section: MediaSection,
  name: keyof typeof EXTENSION_URIS,
): HeaderExtension | undefined {
  return section.extensions.find(
    ({ uri, direction }) =>
      uri === EXTENSION_URIS[name] && direction !== 'recvonly' && direction !== 'inactive',
  );
}

function extensionLines(section: MediaSection): Partial<MediaDescription> {
  const ext = EXTENSIONS.flatMap((name) => {
    const offered = extensionOf(section, name);
    // How loud a sound is (RFC 6464) is nothing that a picture has.
    const isOfOtherKind = name === 'audioLevel' && section.kind !== 'audio';
    if (offered === undefined || isOfOtherKind) return [];
    const { id, uri, direction } = offered;
    // The direction turns round with the point of view (RFC 8285 §6).
    return { value: id, uri, ...(direction === 'sendonly' ? { direction: 'recvonly' } : {}) };
  });
  ext.push(...transportCcLine(transportCcOf(section)));
  return ext.length === 0 ? {} : { ext };
}

/** OBS counts the layers of the answer and gives up when one is missing. */
function simulcastLines(section: MediaSection): Partial<MediaDescription> {
  const rids = section.simulcastRids;
  if (rids.length === 0) return {};
  return {
    rids: rids.map((id) => ({ id, direction: 'recv' })),
    simulcast: { dir1: 'recv', list1: rids.join(';') },
  };
}
