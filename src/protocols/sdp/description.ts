/**
 * Reads a session description into the few facts that we use. sdp-transform does the grammar; only lines on the
 * list below reach it, so that nothing else can surprise us, and every value is checked before it leaves here.
 */
import { type MediaDescription, parse, type SessionDescription } from 'sdp-transform';
import type { FormatParameters, MediaKind } from './codecs.ts';
import { isRefusal, refuse, type SdpRefusal } from './refusal.ts';

/** Of one m-line (RFC 8866 §6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
/** a=setup (RFC 4145 §4, RFC 8842). */
export type SetupRole = 'actpass' | 'active' | 'passive' | 'holdconn';

/** What we read of a session description; everything else in it is ignored. */
export type Description = {
  readonly iceLite: boolean;
  /** Each a=group as offered: semantics and mids. */
  readonly groups: readonly { readonly type: string; readonly mids: readonly string[] }[];
  readonly sections: readonly MediaSection[];
};

/** One m= section. What may stand at session level too is already filled in from there. */
export type MediaSection = {
  readonly index: number;
  /** As in the m-line; undefined kind: data channels and whatever else comes along. */
  readonly type: string;
  readonly kind: MediaKind | undefined;
  readonly port: number;
  readonly protocol: string;
  /** The m-line's formats, in the peer's order of preference. */
  readonly formats: readonly string[];
  readonly mid: string | undefined;
  readonly bundleOnly: boolean;
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  readonly rtcpRsize: boolean;
  readonly payloads: readonly Payload[];
  readonly extensions: readonly HeaderExtension[];
  /** Of the media itself: those of retransmission and error correction are left out. */
  readonly ssrcs: readonly number[];
  /** Restriction identifiers that the peer sends (RFC 8851), in the order of a=simulcast. */
  readonly simulcastRids: readonly string[];
  /** Of b=TIAS, else of b=AS, in bits a second. */
  readonly bandwidthBps: number | undefined;
  readonly transport: TransportAttributes;
};

/** One payload type of an m-line, with what a=rtpmap, a=fmtp and a=rtcp-fb say of it. */
export type Payload = {
  readonly payloadType: number;
  /** Lower case. */
  readonly name: string;
  readonly clockRate: number;
  readonly channels: number;
  readonly parameters: FormatParameters;
  /** As in a=rtcp-fb: `nack`, `nack pli`. */
  readonly feedback: readonly string[];
};

/** One a=extmap line (RFC 8285 §5). */
export type HeaderExtension = {
  readonly id: number;
  readonly uri: string;
  readonly direction: string | undefined;
};

/** What ICE and DTLS need; the section's own values win over the session's (RFC 8839 §5.4, RFC 8122 §5). */
export type TransportAttributes = {
  readonly ufrag: string | undefined;
  readonly pwd: string | undefined;
  readonly setup: SetupRole | undefined;
  readonly fingerprint: Uint8Array | undefined;
};

/** An HTTP body of ours is never larger; a browser's longest offer has 6 kB. */
const CHARACTERS_MAX = 64 * 1024;
/** Chromium's longest offer has 230 lines. */
const LINES_MAX = 2000;
/** sprop-parameter-sets are the longest that occur, with a few hundred. */
const LINE_CHARACTERS_MAX = 4096;
/** We use two; browsers that recycle connections bring along some rejected ones. */
const SECTIONS_MAX = 16;
/** RTP has no more payload types. */
const FORMATS_MAX = 128;
/** Of one section: media, retransmission and correction of some simulcast layers. */
const SSRCS_MAX = 32;
/** More layers than any encoder makes; OBS makes 4. */
const RIDS_MAX = 8;
const MID = /^[\x21-\x7e]{1,64}$/;
/** ice-char, with the lengths of RFC 8839 §5.4. */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PWD = /^[A-Za-z0-9+/]{22,256}$/;
const RID = /^[A-Za-z0-9_]{1,32}$/;
const SHA256_HEX = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/i;
/** One-byte header extensions (RFC 8285 §4.2): 15 is reserved, 0 is padding. */
const EXTENSION_ID_MAX = 14;

/** The attributes that we read; a=fingerprint only where it is SHA-256, of several the one that we can check. */
const READ_ATTRIBUTES =
  /^a=(?:group|ice-lite|ice-ufrag|ice-pwd|setup|mid|bundle-only|sendrecv|sendonly|recvonly|inactive|rtcp-mux|rtcp-mux-only|rtcp-rsize|rtpmap|fmtp|rtcp-fb|extmap|ssrc|ssrc-group|rid|simulcast)(?::|$)|^a=fingerprint:sha-256 /i;

const READ_BANDWIDTH = /^b=(?:AS|TIAS):\d{1,10}$/;

/** Reads an offer or answer. Never throws, whatever the text. */
export function parseDescription(text: string): Description | SdpRefusal {
  if (text.length > CHARACTERS_MAX) return refuse('too-large');
  if (!text.startsWith('v=0')) return refuse('not-sdp');
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > LINES_MAX || lines.some(isTooLong)) return refuse('too-large');
  const session = parse(lines.filter(isRead).join('\r\n'));
  if (session.media.length > SECTIONS_MAX) return refuse('too-many-media');
  const sections: MediaSection[] = [];
  for (const [index, media] of session.media.entries()) {
    const section = readSection(index, media, session);
    if (isRefusal(section)) return section;
    sections.push(section);
  }
  const mids = sections.flatMap((section) => section.mid ?? []);
  if (new Set(mids).size < mids.length) return refuse('bad-mid');
  return { iceLite: session.icelite !== undefined, groups: readGroups(session), sections };
}

/** Reads a ufrag and a password that belong together; undefined when either is not well-formed. */
export function readCredentials(
  ufrag: unknown,
  pwd: unknown,
): { readonly ufrag: string; readonly pwd: string } | undefined {
  // Numbers come back to the very text they were read from.
  const texts = { ufrag: String(ufrag ?? ''), pwd: String(pwd ?? '') };
  return UFRAG.test(texts.ufrag) && PWD.test(texts.pwd) ? texts : undefined;
}

function isTooLong(line: string): boolean {
  return line.length > LINE_CHARACTERS_MAX;
}

function isRead(line: string): boolean {
  return line.startsWith('m=') || READ_BANDWIDTH.test(line) || READ_ATTRIBUTES.test(line);
}

function readGroups(session: SessionDescription): Description['groups'] {
  return (session.groups ?? []).map((group) => ({
    type: String(group.type),
    mids: words(group.mids),
  }));
}

function readSection(
  index: number,
  media: MediaDescription,
  session: SessionDescription,
): MediaSection | SdpRefusal {
  const formats = words(media.payloads);
  // A line that the grammar does not know leaves these undefined.
  const readable = typeof media.type === 'string' && Number.isInteger(media.port);
  if (!readable || formats.length === 0 || formats.length > FORMATS_MAX) {
    return refuse('bad-media-line');
  }
  const mid = media.mid === undefined ? undefined : String(media.mid);
  if (mid !== undefined && !MID.test(mid)) return refuse('bad-mid');
  return {
    index,
    type: media.type,
    kind: media.type === 'audio' || media.type === 'video' ? media.type : undefined,
    port: media.port,
    protocol: String(media.protocol),
    formats,
    mid,
    bundleOnly: media.bundleOnly !== undefined,
    direction: media.direction ?? session.direction ?? 'sendrecv',
    rtcpMux: media.rtcpMux !== undefined,
    rtcpRsize: media.rtcpRsize !== undefined,
    payloads: readPayloads(media, formats),
    extensions: readExtensions(media),
    ssrcs: readSsrcs(media),
    simulcastRids: readSimulcast(media),
    bandwidthBps: readBandwidth(media),
    transport: readTransport(media, session),
  };
}

function readTransport(media: MediaDescription, session: SessionDescription): TransportAttributes {
  const own = readCredentials(media.iceUfrag, media.icePwd);
  const shared = readCredentials(session.iceUfrag, session.icePwd);
  const said = media.iceUfrag !== undefined || media.icePwd !== undefined;
  const credentials = said ? own : shared;
  return {
    ufrag: credentials?.ufrag,
    pwd: credentials?.pwd,
    setup: readSetup(media.setup ?? session.setup),
    fingerprint: readFingerprint(media.fingerprint ?? session.fingerprint),
  };
}

function readSetup(value: unknown): SetupRole | undefined {
  const role = String(value ?? '');
  return role === 'actpass' || role === 'active' || role === 'passive' || role === 'holdconn'
    ? role
    : undefined;
}

function readFingerprint(value: MediaDescription['fingerprint']): Uint8Array | undefined {
  const hash = String(value?.hash ?? '');
  if (!SHA256_HEX.test(hash)) return undefined;
  return Uint8Array.from(hash.split(':'), (octet) => Number.parseInt(octet, 16));
}

function readPayloads(media: MediaDescription, formats: readonly string[]): Payload[] {
  return formats.flatMap((format) => {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : undefined;
    const map = media.rtp.find((line) => line.payload === payloadType);
    if (payloadType === undefined || payloadType >= FORMATS_MAX || map === undefined) return [];
    const feedback = (media.rtcpFb ?? []).filter(
      (line) => line.payload === payloadType || line.payload === '*',
    );
    return {
      payloadType,
      name: String(map.codec).toLowerCase(),
      clockRate: Number(map.rate ?? 0),
      channels: Number(map.encoding ?? 1),
      parameters: readParameters(media.fmtp.find((line) => line.payload === payloadType)?.config),
      feedback: feedback.map(({ type, subtype }) =>
        subtype === undefined ? String(type) : `${type} ${subtype}`,
      ),
    };
  });
}

/** `name=value;name=value`, some write `; `; the values stay text. */
function readParameters(config: unknown): FormatParameters {
  const entries = String(config ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? [pair.toLowerCase(), '']
        : [pair.slice(0, equals).trim().toLowerCase(), pair.slice(equals + 1).trim()];
    });
  return Object.fromEntries(entries);
}

function readExtensions(media: MediaDescription): HeaderExtension[] {
  return (media.ext ?? [])
    .filter(({ value, uri }) => isWithin(value, 1, EXTENSION_ID_MAX) && uri !== undefined)
    .map(({ value, uri, direction }) => ({ id: value, uri: String(uri), direction }));
}

function readSsrcs(media: MediaDescription): number[] {
  // FID: media then retransmission (RFC 5576 §4.2); FEC-FR: media then repair (RFC 5956 §4.3).
  const repairs = (media.ssrcGroups ?? [])
    .filter((group) => group.semantics === 'FID' || group.semantics === 'FEC-FR')
    .flatMap((group) => words(group.ssrcs).slice(1));
  const ids = (media.ssrcs ?? [])
    .map((line) => line.id)
    .filter((id) => isWithin(id, 0, 0xffff_ffff) && !repairs.includes(String(id)));
  return [...new Set(ids)].slice(0, SSRCS_MAX);
}

/** The first choice of each layer of `a=simulcast:send 0;1,2;~3` that has its `a=rid:… send` line (RFC 8853 §5.1). */
function readSimulcast(media: MediaDescription): string[] {
  const { simulcast } = media;
  if (simulcast === undefined) return [];
  const sent = simulcast.dir1 === 'send' ? simulcast.list1 : simulcast.list2;
  const declared = new Set(
    (media.rids ?? []).filter((rid) => rid.direction === 'send').map((rid) => String(rid.id)),
  );
  return String(sent ?? '')
    .split(';')
    .map((layer) => (layer.split(',')[0] ?? '').replace(/^~/, ''))
    .filter((rid) => RID.test(rid) && declared.has(rid))
    .slice(0, RIDS_MAX);
}

/** TIAS counts bits (RFC 3890 §6.2), AS thousands of them (RFC 8866 §5.8). */
function readBandwidth({ bandwidth }: MediaDescription): number | undefined {
  const limit = (type: string) => bandwidth?.find((line) => line.type === type)?.limit;
  const tias = Number(limit('TIAS') ?? 0);
  const bps = tias > 0 ? tias : Number(limit('AS') ?? 0) * 1000;
  return bps > 0 ? bps : undefined;
}

function words(value: unknown): string[] {
  return String(value ?? '')
    .split(' ')
    .filter((word) => word !== '');
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
