/** A no of the gate, as HTTP says it. */
import type { DenialReason } from '../../base/reasons.ts';
import type { AccessDecision } from '../../channel/messages.ts';
import type { Problem } from '../problem.ts';

export type Denied = Extract<AccessDecision, { allowed: false }>;

const STATUS: Readonly<Record<DenialReason, number>> = {
  'no-key': 401,
  'wrong-key': 401,
  'key-revoked': 401,
  'key-expired': 401,
  'key-elsewhere': 403,
  'key-address': 403,
  'key-protocol': 403,
  'unknown-app': 404,
  'unknown-stream': 404,
  'protocol-off': 403,
  'publishing-closed': 403,
  'app-closed': 403,
  'outside-hours': 403,
  'closed-idle': 403,
  'invite-needed': 401,
  'invite-over': 401,
  'invite-elsewhere': 403,
  'slot-taken': 409,
  'link-needed': 401,
  'link-wrong': 401,
  'link-expired': 401,
  'link-taken': 403,
  'password-needed': 401,
  'sign-in-needed': 401,
  'not-allowed': 403,
  'other-origin': 403,
  'other-site': 403,
  banned: 403,
  'too-many-attempts': 429,
  'limit-reached': 503,
  contested: 409,
  'policy-missing': 401,
  'policy-wrong': 401,
  'policy-expired': 401,
  'policy-address': 401,
  'admission-denied': 401,
  'not-decided': 503,
};

export function statusOf(reason: DenialReason): number {
  return STATUS[reason];
}

export function deniedProblem({ reason, message, retryAfterS }: Denied): Problem {
  const status = STATUS[reason];
  return {
    status,
    reason,
    detail: message,
    headers: {
      ...(status === 401 && { 'WWW-Authenticate': challengeFor(reason) }),
      ...(retryAfterS !== undefined && { 'Retry-After': String(retryAfterS) }),
    },
  };
}

/** RFC 6750 §3: the error code only where a token was given. */
function challengeFor(reason: DenialReason): string {
  const isToken = reason === 'wrong-key' || reason === 'key-revoked' || reason === 'key-expired';
  return `Bearer realm="millrace"${isToken ? ', error="invalid_token"' : ''}`;
}
