/** What reading an offer to publish and reading an offer to view have in common. */

import type { PeerParameters } from '../../base/session.ts';
import { type Codec, type CodecRow, codecRows, type MediaKind } from './codecs.ts';
import type { Description, Direction, MediaSection, Payload } from './description.ts';
import { type LocalPeer, transportsOf } from './parameters.ts';
import { refuse, type SdpRefusal } from './refusal.ts';

/** One payload type that we accept in a section, and the codec it carries. */
export type Match = { readonly row: CodecRow; readonly payload: Payload };

/** A section that we answer: at least one codec in common. */
export type AcceptedSection = {
  readonly section: MediaSection;
  readonly kind: MediaKind;
  /** At most one for each codec, in the peer's order of preference. */
  readonly matches: readonly Match[];
};

/** Sections of audio and video in which the peer's direction is one of these; rejected ones are left out. */
export function activeSections(
  description: Description,
  directions: readonly Direction[],
): MediaSection[] {
  return description.sections.filter(
    (section) =>
      section.kind !== undefined &&
      // Port 0 rejects, except where it says that the section lives in the bundle only (RFC 9143 §6).
      (section.port !== 0 || section.bundleOnly) &&
      directions.includes(section.direction),
  );
}

/** The best payload of each codec in the table. */
export function acceptSection(
  section: MediaSection,
  rank: (row: CodecRow, payload: Payload) => number | undefined,
): AcceptedSection | undefined {
  if (section.kind === undefined) return undefined;
  const best = new Map<Codec, Match & { readonly rank: number }>();
  for (const payload of section.payloads) {
    const row = codecRows.find((candidate) => isCodec(candidate, section.kind, payload));
    const suits = row && rank(row, payload);
    if (row === undefined || suits === undefined) continue;
    const rival = best.get(row.codec);
    if (rival === undefined || suits > rival.rank) {
      best.set(row.codec, { row, payload, rank: suits });
    }
  }
  if (best.size === 0) return undefined;
  const matches = section.payloads.flatMap(
    (payload) => [...best.values()].find((match) => match.payload === payload) ?? [],
  );
  return { section, kind: section.kind, matches };
}

function isCodec(row: CodecRow, kind: MediaKind | undefined, payload: Payload): boolean {
  return (
    row.kind === kind &&
    row.name.toLowerCase() === payload.name &&
    row.clockRate === payload.clockRate &&
    (row.channels === undefined || row.channels === payload.channels)
  );
}

/** Why these sections cannot share one transport with us; undefined when they can. */
export function checkShared(
  description: Description,
  sections: readonly MediaSection[],
): SdpRefusal | undefined {
  if (description.iceLite) return refuse('both-ice-lite');
  if (sections.some((section) => !section.rtcpMux)) return refuse('no-rtcp-mux');
  if (sections.length > 1) {
    if (sections.some((section) => section.mid === undefined)) return refuse('bad-mid');
    const bundles = description.groups.filter((group) => group.type === 'BUNDLE');
    const together = bundles.some((group) =>
      sections.every((section) => section.mid !== undefined && group.mids.includes(section.mid)),
    );
    if (!together) return refuse('not-bundled');
  }
  return undefined;
}

/**
 * ICE and DTLS for the whole bundle, from the section that stands for it: the first that has attributes of its own,
 * as those of the others do not count (RFC 9143 §7.1.3).
 */
export function agreeOnPeer(
  sections: readonly MediaSection[],
  local: LocalPeer,
  dtlsRole: (section: MediaSection) => PeerParameters['dtlsRole'] | undefined,
): PeerParameters | SdpRefusal {
  const tagged = sections.find((section) => !section.bundleOnly) ?? sections[0];
  if (tagged === undefined) return refuse('no-media');
  const { ufrag, pwd, fingerprint } = tagged.transport;
  if (ufrag === undefined || pwd === undefined) return refuse('bad-credentials');
  if (fingerprint === undefined) return refuse('no-fingerprint');
  const role = dtlsRole(tagged);
  if (role === undefined) return refuse('bad-setup');
  return {
    localUfrag: local.ufrag,
    localPwd: local.pwd,
    remoteUfrag: ufrag,
    remotePwd: pwd,
    remoteFingerprint: fingerprint,
    dtlsRole: role,
    transports: transportsOf(local.candidates),
  };
}

/** Our DTLS role towards an offer: server wherever we may, as large ClientHellos fail at OBS when it is the server. */
export function roleTowardsOffer(section: MediaSection): PeerParameters['dtlsRole'] | undefined {
  const { setup } = section.transport;
  if (setup === 'passive') return 'client';
  return setup === 'holdconn' ? undefined : 'server';
}

/** The accepted sections, or why a kind that the peer needs has no codec in common. */
export function acceptSections(
  sections: readonly MediaSection[],
  rank: (row: CodecRow, payload: Payload) => number | undefined,
  explain: (offered: string) => string,
): readonly AcceptedSection[] | SdpRefusal {
  const accepted: AcceptedSection[] = [];
  for (const kind of ['audio', 'video'] as const) {
    const ofKind = sections.filter((section) => section.kind === kind);
    const first = ofKind.map((section) => acceptSection(section, rank)).find(Boolean);
    if (first !== undefined) accepted.push(first);
    else if (ofKind.length > 0) return refuse('no-common-codec', explain(codecList(ofKind)));
  }
  return accepted.toSorted((a, b) => a.section.index - b.section.index);
}

/** What a peer offered, for people: repair formats are no codecs. */
function codecList(sections: readonly MediaSection[]): string {
  const noCodecs = ['rtx', 'red', 'ulpfec', 'flexfec-03', 'telephone-event', 'cn'];
  const names = sections
    .flatMap((section) => section.payloads)
    .map((payload) => payload.name)
    .filter((name) => !noCodecs.includes(name) && /^[\w.-]{1,16}$/.test(name))
    .map((name) => name.toUpperCase());
  const some = [...new Set(names)].slice(0, 6);
  return some.length === 0 ? 'nothing we know' : some.join(', ');
}
