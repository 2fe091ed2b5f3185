/** What two sides agree on against loss and congestion: retransmission, and feedback on every packet. */
import type { MediaDescription } from 'sdp-transform';
import { TRANSPORT_CC_URI } from '../rtp/transport-feedback.ts';
import type { SectionBody } from './answer.ts';
import { type CodecRow, codecRows } from './codecs.ts';
import type { HeaderExtension, MediaSection } from './description.ts';

/** As in a=rtcp-fb. */
export const TRANSPORT_CC = 'transport-cc';

/** The header extension's id in our own offers; nothing else is offered beside it. */
const OWN_TRANSPORT_CC_ID = 1;
/** Dynamic payload types (RFC 3551 §3). */
const DYNAMIC_TYPE_MIN = 96;
const DYNAMIC_TYPE_MAX = 127;

/** The payload type that retransmissions of `payloadType` have (RFC 4588 §8.6); undefined: there is none. */
export function rtxPayloadTypeOf(section: MediaSection, payloadType: number): number | undefined {
  return section.payloads.find(
    ({ name, parameters }) => name === 'rtx' && parameters['apt'] === String(payloadType),
  )?.payloadType;
}

/** What retransmissions of a codec have in our own offers: the dynamic types that no codec has, from the top. */
export function ownRtxPayloadType(row: CodecRow): number | undefined {
  if (row.kind !== 'video') return undefined;
  const taken = new Set(codecRows.map(({ ownPayloadType }) => ownPayloadType));
  const free: number[] = [];
  for (let type = DYNAMIC_TYPE_MAX; type >= DYNAMIC_TYPE_MIN; type--) {
    if (!taken.has(type)) free.push(type);
  }
  return free[codecRows.filter(({ kind }) => kind === 'video').indexOf(row)];
}

/** Retransmission as a payload of its own. */
export function rtxPayload(
  payloadType: number,
  apt: number,
  clockRate: number,
): SectionBody['payloads'][number] {
  return {
    match: { row: { name: 'rtx', clockRate, channels: undefined } },
    payloadType,
    parameters: { apt: String(apt) },
    feedback: [],
  };
}

/** The transport-wide sequence numbers that the offer knows, both as header extension and as feedback. */
export function transportCcOf(section: MediaSection): HeaderExtension | undefined {
  const asFeedback = section.payloads.some(({ feedback }) => feedback.includes(TRANSPORT_CC));
  return asFeedback ? section.extensions.find(({ uri }) => uri === TRANSPORT_CC_URI) : undefined;
}

/** The extension as offered, in an answer. */
export function transportCcLine(
  extension: HeaderExtension | undefined,
): NonNullable<MediaDescription['ext']> {
  return extension === undefined ? [] : [{ value: extension.id, uri: extension.uri }];
}

/** The same in an offer of ours. */
export const ownTransportCcLine: NonNullable<MediaDescription['ext']> = [
  { value: OWN_TRANSPORT_CC_ID, uri: TRANSPORT_CC_URI },
];
