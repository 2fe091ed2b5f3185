import type { MediaDescription } from 'sdp-transform';
import type { PeerParameters, SendTrack } from '../../base/session.ts';
import {
  openSection,
  type SectionBody,
  transportLines,
  writeAnswer,
  writeSession,
} from './answer.ts';
import { acceptedCodecs, type CodecRow, codecRows, type MediaKind } from './codecs.ts';
import { type MediaSection, parseDescription } from './description.ts';
import {
  type AcceptedSection,
  acceptSection,
  acceptSections,
  activeSections,
  agreeOnPeer,
  checkShared,
  roleTowardsOffer,
} from './negotiation.ts';
import { type LocalPeer, type SendSsrcs, transportsOf } from './parameters.ts';
import {
  ownRtxPayloadType,
  ownTransportCcLine,
  rtxPayload,
  rtxPayloadTypeOf,
  TRANSPORT_CC,
  transportCcLine,
  transportCcOf,
} from './recovery.ts';
import { isRefusal, refuse, type SdpRefusal } from './refusal.ts';

/** What a viewer’s offer, or its answer to ours, led to. */
export type ViewAgreement = {
  readonly peer: PeerParameters;
  readonly tracks: readonly SendTrack[];
};

/**
 * RTCP's canonical name and the media stream id of everything that we send to a viewer. Audio and video share it:
 * players synchronise by it, and OvenPlayer shows only the last stream that it is given.
 */
export const CNAME = 'millrace';

const PROTOCOL = 'UDP/TLS/RTP/SAVPF';

/** The m-lines of our own offers; mids as in {@link offerSection}. */
const OWN_SECTIONS: readonly { readonly kind: MediaKind; readonly mid: string }[] = [
  { kind: 'video', mid: '0' },
  { kind: 'audio', mid: '1' },
];

/** Answers a viewer's offer (WHEP). */
export function answerViewer(
  text: string,
  local: LocalPeer,
  ssrcs: SendSsrcs,
): (ViewAgreement & { readonly answer: string }) | SdpRefusal {
  const offer = parseDescription(text);
  if (isRefusal(offer)) return offer;
  const sections = activeSections(offer, ['recvonly', 'sendrecv']);
  if (sections.length === 0) return refuse('no-media');
  const accepted = acceptSections(
    sections,
    (row, payload) => row.rankSent(payload.parameters),
    (offered) => `This player can show ${offered}; this server sends ${acceptedCodecs()}.`,
  );
  if (isRefusal(accepted)) return accepted;
  const used = accepted.map(({ section }) => section);
  const unfit = checkShared(offer, used);
  if (unfit !== undefined) return unfit;
  const peer = agreeOnPeer(used, local, roleTowardsOffer);
  if (isRefusal(peer)) return peer;
  const bodies = new Map(
    accepted.map((section) => [section, bodyOf(section, local, ssrcs)] as const),
  );
  return {
    peer,
    tracks: accepted.map((section) => trackOf(section, peer, ssrcs)),
    answer: writeAnswer(offer, local, peer.dtlsRole, bodies),
  };
}

/** Our own offer, for players that ask to be offered (OvenPlayer). Its candidates travel beside it. */
export function offerViewer(local: LocalPeer, ssrcs: SendSsrcs): string {
  const mids = OWN_SECTIONS.map(({ mid }) => mid).join(' ');
  return writeSession(
    local,
    [{ type: 'BUNDLE', mids }],
    OWN_SECTIONS.map(({ kind, mid }) => ({
      ...offerSection(kind, local, ssrcs),
      ...transportLines(local, 'actpass'),
      mid,
      rtcpRsize: 'rtcp-rsize',
    })),
  );
}

/** Reads the answer to {@link offerViewer}. */
export function acceptViewerAnswer(
  text: string,
  local: LocalPeer,
  ssrcs: SendSsrcs,
): ViewAgreement | SdpRefusal {
  const answer = parseDescription(text);
  if (isRefusal(answer)) return answer;
  if (!fitsOwnOffer(answer.sections)) return refuse('answer-mismatch');
  const sections = activeSections(answer, ['recvonly', 'sendrecv']);
  const accepted = sections.flatMap(
    (section) => acceptSection(section, (row, payload) => rankAnswered(row, payload)) ?? [],
  );
  if (accepted.length === 0) return refuse('no-media');
  const used = accepted.map(({ section }) => section);
  const unfit = checkShared(answer, used);
  if (unfit !== undefined) return unfit;
  const peer = agreeOnPeer(used, local, roleTowardsAnswer);
  if (isRefusal(peer)) return peer;
  return { peer, tracks: accepted.map((section) => trackOf(section, peer, ssrcs)) };
}

/** An answer has the offer's m-lines, in the offer's order (RFC 3264 §6). */
function fitsOwnOffer(sections: readonly MediaSection[]): boolean {
  return (
    sections.length === OWN_SECTIONS.length &&
    OWN_SECTIONS.every(({ kind, mid }, index) => {
      const section = sections[index];
      return section?.type === kind && (section.mid === undefined || section.mid === mid);
    })
  );
}

function rankAnswered(
  row: CodecRow,
  payload: { readonly payloadType: number },
): number | undefined {
  return row.ownPayloadType === payload.payloadType ? 1 : undefined;
}

/** We offered actpass: the answer has to choose (RFC 8842 §5.3). */
function roleTowardsAnswer(section: MediaSection): PeerParameters['dtlsRole'] | undefined {
  const roles = { active: 'server', passive: 'client', actpass: undefined, holdconn: undefined };
  const role = section.transport.setup && roles[section.transport.setup];
  return role === 'server' || role === 'client' ? role : undefined;
}

function trackOf(
  { section, kind, matches }: AcceptedSection,
  peer: PeerParameters,
  ssrcs: SendSsrcs,
): SendTrack {
  const overUdp = peer.transports.includes('udp');
  const payloadTypes = matches.map(({ row, payload: { payloadType } }) => ({
    codec: row.codec,
    payloadType,
    rtxPayloadType: rtxFor(section, payloadType, overUdp),
  }));
  const nack =
    feedbackFor(kind, overUdp).includes('nack') &&
    matches.some(({ payload }) => payload.feedback.includes('nack'));
  const isRepaired = nack && payloadTypes.some(({ rtxPayloadType }) => rtxPayloadType);
  return {
    mid: section.mid ?? String(section.index),
    kind,
    ssrc: ssrcs[kind],
    rtxSsrc: isRepaired ? ssrcs.rtx : undefined,
    payloadTypes,
    nack,
    transportCcId: overUdp ? transportCcOf(section)?.id : undefined,
  };
}

function bodyOf(
  { section, kind, matches }: AcceptedSection,
  local: LocalPeer,
  ssrcs: SendSsrcs,
): SectionBody {
  const overUdp = transportsOf(local.candidates).includes('udp');
  const transportCc = overUdp ? transportCcOf(section) : undefined;
  const feedback = feedbackFor(kind, overUdp).filter(
    (type) => type !== TRANSPORT_CC || transportCc !== undefined,
  );
  const repairs = matches.flatMap(({ row, payload: { payloadType } }) => {
    const rtx = rtxFor(section, payloadType, overUdp);
    return rtx === undefined ? [] : rtxPayload(rtx, payloadType, row.clockRate);
  });
  const ext = transportCcLine(transportCc);
  return {
    direction: 'sendonly',
    payloads: [
      ...matches.map((match) => ({
        match,
        payloadType: match.payload.payloadType,
        parameters: match.row.sendParameters(match.payload.parameters),
        feedback: feedback.filter((type) => match.payload.feedback.includes(type)),
      })),
      ...repairs,
    ],
    extras: {
      ...sourceLines(kind, ssrcs, repairs.length > 0),
      ...(ext.length > 0 ? { ext } : {}),
    },
  };
}

function offerSection(kind: MediaKind, local: LocalPeer, ssrcs: SendSsrcs): MediaDescription {
  const overUdp = transportsOf(local.candidates).includes('udp');
  const feedback = feedbackFor(kind, overUdp).filter((type) => type !== REMB);
  const rows = codecRows.filter((row) => row.kind === kind);
  const repairs = rows.flatMap((row) => {
    const rtx = overUdp ? ownRtxPayloadType(row) : undefined;
    return rtx === undefined ? [] : rtxPayload(rtx, row.ownPayloadType, row.clockRate);
  });
  return openSection(kind, PROTOCOL, {
    direction: 'sendonly',
    payloads: [
      ...rows.map((row) => ({
        match: { row },
        payloadType: row.ownPayloadType,
        parameters: row.sendParameters(undefined),
        feedback,
      })),
      ...repairs,
    ],
    extras: {
      ...sourceLines(kind, ssrcs, repairs.length > 0),
      ...(overUdp ? { ext: ownTransportCcLine } : {}),
    },
  });
}

const REMB = 'goog-remb';

/** TCP repeats what is lost by itself, and says how fast it gets through: feedback on that would cost more than it tells. */
function feedbackFor(kind: MediaKind, overUdp: boolean): readonly string[] {
  if (kind === 'audio') return overUdp ? [TRANSPORT_CC] : [];
  return overUdp ? ['nack', 'nack pli', TRANSPORT_CC, REMB] : ['nack pli'];
}

function rtxFor(section: MediaSection, payloadType: number, overUdp: boolean): number | undefined {
  return overUdp && section.kind === 'video' ? rtxPayloadTypeOf(section, payloadType) : undefined;
}

function sourceLines(
  kind: MediaKind,
  ssrcs: SendSsrcs,
  isRepaired: boolean,
): Partial<MediaDescription> {
  const ids = isRepaired ? [ssrcs[kind], ssrcs.rtx] : [ssrcs[kind]];
  return {
    msid: [{ id: CNAME, appdata: kind }],
    ssrcs: ids.flatMap((id) => [
      { id, attribute: 'cname', value: CNAME },
      { id, attribute: 'msid', value: `${CNAME} ${kind}` },
    ]),
    ...(isRepaired ? { ssrcGroups: [{ semantics: 'FID', ssrcs: ids.join(' ') }] } : {}),
  };
}
