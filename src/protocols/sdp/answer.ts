/** Builds session descriptions as objects; sdp-transform writes them. */
import { type MediaDescription, type SessionDescription, write } from 'sdp-transform';
import type { PeerParameters } from '../../base/session.ts';
import { candidateLines } from './candidates.ts';
import type { CodecRow, FormatParameters } from './codecs.ts';
import type { Description, MediaSection } from './description.ts';
import type { AcceptedSection } from './negotiation.ts';
import type { LocalPeer } from './parameters.ts';

/** The port of an m-line whose candidates tell the real one (RFC 9429 §5.2.1). */
const DISCARD_PORT = 9;

/** What an answer or offer of ours says in one m= section, beyond what is the same in all of them. */
export type SectionBody = {
  readonly direction: 'sendonly' | 'recvonly';
  readonly payloads: readonly {
    readonly match: { readonly row: Pick<CodecRow, 'name' | 'clockRate' | 'channels'> };
    readonly payloadType: number;
    readonly parameters: FormatParameters;
    readonly feedback: readonly string[];
  }[];
  readonly extras?: Partial<MediaDescription>;
};

/** Writes the answer to `offer`; every section that is not accepted is rejected with port 0 (RFC 3264 §6). */
export function writeAnswer(
  offer: Description,
  local: LocalPeer,
  dtlsRole: PeerParameters['dtlsRole'],
  bodies: ReadonlyMap<AcceptedSection, SectionBody>,
): string {
  const accepted = new Map([...bodies].map(([{ section }, body]) => [section, body] as const));
  const [first] = accepted.keys();
  const media = offer.sections.map((section) => {
    const body = accepted.get(section);
    if (body === undefined) return rejectedSection(section);
    return {
      ...openSection(section.type, section.protocol, body),
      ...transportLines(local, dtlsRole === 'server' ? 'passive' : 'active'),
      ...(section.mid === undefined ? {} : { mid: section.mid }),
      ...(section.rtcpRsize ? { rtcpRsize: 'rtcp-rsize' as const } : {}),
      ...(section === first ? candidateBlock(local) : {}),
    };
  });
  return writeSession(local, answeredGroups(offer, [...accepted.keys()]), media);
}

/** Everything above the first m-line is the same in an offer and in an answer of ours. */
export function writeSession(
  local: LocalPeer,
  groups: readonly { readonly type: string; readonly mids: string }[],
  media: MediaDescription[],
): string {
  const session: SessionDescription = {
    version: 0,
    origin: {
      username: '-',
      sessionId: local.originId,
      sessionVersion: 1,
      netType: 'IN',
      ipVer: 4,
      address: '127.0.0.1',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    icelite: 'ice-lite',
    msidSemantic: { semantic: 'WMS', token: '*' },
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    media,
  };
  return write(session);
}

/** An m= section that is in use, without its transport. */
export function openSection(type: string, protocol: string, body: SectionBody): MediaDescription {
  return {
    type,
    port: DISCARD_PORT,
    protocol,
    payloads: body.payloads.map(({ payloadType }) => payloadType).join(' '),
    connection: { version: 4, ip: '0.0.0.0' },
    rtp: body.payloads.map(({ match, payloadType }) => ({
      payload: payloadType,
      codec: match.row.name,
      rate: match.row.clockRate,
      ...(match.row.channels === undefined ? {} : { encoding: match.row.channels }),
    })),
    fmtp: body.payloads.flatMap(({ payloadType, parameters }) => {
      const config = writeParameters(parameters);
      return config === '' ? [] : { payload: payloadType, config };
    }),
    rtcpFb: body.payloads.flatMap(({ payloadType, feedback }) =>
      feedback.map((type) => ({ payload: payloadType, type })),
    ),
    direction: body.direction,
    rtcpMux: 'rtcp-mux',
    ...body.extras,
  };
}

/** ICE and DTLS lines; at media level, where every client looks. */
export function transportLines(
  local: LocalPeer,
  setup: 'actpass' | 'active' | 'passive',
): Partial<MediaDescription> {
  return {
    setup,
    iceUfrag: local.ufrag,
    icePwd: local.pwd,
    fingerprint: { type: 'sha-256', hash: colonHex(local.fingerprint) },
  };
}

/** All our candidates: there are never later ones (RFC 9725 §4.3). In the first section only, the bundle's. */
function candidateBlock(local: LocalPeer): Partial<MediaDescription> {
  return {
    candidates: candidateLines(local.candidates),
    endOfCandidates: 'end-of-candidates',
  };
}

function rejectedSection(section: MediaSection): MediaDescription {
  return {
    type: section.type,
    port: 0,
    protocol: section.protocol,
    payloads: section.formats[0] ?? '0',
    connection: { version: 4, ip: '0.0.0.0' },
    rtp: [],
    fmtp: [],
    direction: 'inactive',
    ...(section.mid === undefined ? {} : { mid: section.mid }),
  };
}

/** A rejected section leaves its groups (RFC 5888 §9.2); only the groups whose meaning we know are answered. */
function answeredGroups(
  offer: Description,
  accepted: readonly MediaSection[],
): { type: string; mids: string }[] {
  const kept = accepted.map((section) => section.mid);
  return offer.groups
    .filter((group) => group.type === 'BUNDLE' || group.type === 'LS')
    .map(({ type, mids }) => ({ type, mids: mids.filter((mid) => kept.includes(mid)).join(' ') }))
    .filter((group) => group.mids !== '');
}

function writeParameters(parameters: FormatParameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

function colonHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}
