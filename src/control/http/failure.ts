/** What went wrong on our side of a request, as HTTP says it. The log says more. */
import type { Log } from '../log.ts';
import { MediaSilent } from '../media-link.ts';
import type { Problem } from '../problem.ts';
import { StoreError } from '../store/database.ts';

/** A database that is locked takes some seconds, a full disk its owner. */
const RETRY_S = 10;

/** Streams go on meanwhile: only this request did not get what it wanted. */
export function failureProblem(error: Error, path: string, log: Log): Problem {
  const headers = { 'Retry-After': String(RETRY_S) };
  if (error instanceof StoreError) {
    log.error({ path }, error.message);
    return {
      status: 503,
      reason: 'storage-failed',
      detail: 'The database does not work now; the log of the server says why, and what to do.',
      headers,
    };
  }
  if (error instanceof MediaSilent) {
    log.error({ path }, error.message);
    return {
      status: 503,
      reason: 'media-silent',
      detail: 'The part of the server that moves media does not answer: it has too much to do.',
      headers,
    };
  }
  log.error({ err: error, path }, 'a request failed: this is a bug');
  return {
    status: 500,
    reason: 'internal-error',
    detail: 'The server made a mistake; its log tells.',
  };
}
