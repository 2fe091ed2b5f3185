import type { Transport } from '../../base/session.ts';

/** An address of ours that a peer may connect to. */
export type HostCandidate = {
  readonly transport: Transport;
  /** IPv4 or IPv6 literal, as the peer is to dial it. */
  readonly address: string;
  readonly port: number;
};

/** One a=candidate line in the form that sdp-transform writes. */
export type CandidateLine = {
  readonly foundation: string;
  readonly component: number;
  readonly transport: string;
  readonly priority: number;
  readonly ip: string;
  readonly port: number;
  readonly type: string;
  readonly tcptype?: string;
};

/** RTP and, multiplexed with it, RTCP. */
const COMPONENT = 1;
/** RFC 8445 §5.1.2.1 for host candidates; TCP below it, so that UDP is tried first where both are given (RFC 6544 §4.2). */
const TYPE_PREFERENCES: Readonly<Record<Transport, number>> = { udp: 126, tcp: 90 };
const LOCAL_PREFERENCE_MAX = 0xffff;
/** Of a passive candidate: 4 in the top three bits of the local preference (RFC 6544 §4.2). */
const PASSIVE_DIRECTION = 4 << 13;
const OTHER_PREFERENCE_MAX = (1 << 13) - 1;

/** Orders candidates by their place in the list: the first address is the one we like best. */
export function candidateLines(candidates: readonly HostCandidate[]): CandidateLine[] {
  const foundations = new Map<string, string>();
  return candidates.map((candidate, index) => ({
    foundation: foundationOf(candidate, foundations),
    component: COMPONENT,
    transport: candidate.transport.toUpperCase(),
    priority: priorityOf(candidate.transport, index),
    ip: candidate.address,
    port: candidate.port,
    type: 'host',
    ...(candidate.transport === 'tcp' ? { tcptype: 'passive' } : {}),
  }));
}

/** The candidate-attribute as JavaScript's addIceCandidate takes it, without `a=`. */
export function candidateText(line: CandidateLine): string {
  const end = line.tcptype === undefined ? '' : ` tcptype ${line.tcptype}`;
  return `candidate:${line.foundation} ${line.component} ${line.transport} ${line.priority} ${line.ip} ${line.port} typ ${line.type}${end}`;
}

/** Equal for the same type, address and transport, different otherwise (RFC 8445 §5.1.1.3). */
function foundationOf(candidate: HostCandidate, known: Map<string, string>): string {
  const base = `${candidate.transport} ${candidate.address}`;
  const foundation = known.get(base) ?? String(known.size + 1);
  known.set(base, foundation);
  return foundation;
}

function priorityOf(transport: Transport, index: number): number {
  const localPreference =
    transport === 'udp'
      ? LOCAL_PREFERENCE_MAX - index
      : PASSIVE_DIRECTION + OTHER_PREFERENCE_MAX - index;
  return TYPE_PREFERENCES[transport] * 2 ** 24 + localPreference * 2 ** 8 + (256 - COMPONENT);
}
