import { STATUS_CODES } from 'node:http';

/** Why an HTTP request was not served, for programs (status, reason) and for people (detail). */
export type Problem = {
  readonly status: number;
  /** A literal word. */
  readonly reason: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A problem as RFC 9457 has it. */
export function problemResponse(
  problem: Problem,
  headers: Readonly<Record<string, string>>,
): Response {
  const body = JSON.stringify({
    type: `urn:millrace:problem:${problem.reason}`,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.detail,
  });
  return new Response(body, {
    status: problem.status,
    headers: {
      ...headers,
      ...problem.headers,
      'Content-Type': 'application/problem+json',
      'Content-Length': String(Buffer.byteLength(body)),
    },
  });
}

export function isProblem(value: object): value is Problem {
  return 'detail' in value && 'status' in value;
}
