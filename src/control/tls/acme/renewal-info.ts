/** When the authority would like a certificate to be renewed (RFC 9773). */
import { AcmeFailure } from './failure.ts';
import { parseRenewalWindow, type RenewalWindow } from './messages.ts';
import { type AcmeSession, retryAfterMs } from './session.ts';

export type RenewalInfo = {
  /** Undefined: it says nothing, or nothing that makes sense. */
  readonly window: RenewalWindow | undefined;
  /** When to ask again; undefined where it does not say. */
  readonly askAgainMs: number | undefined;
};

/** Asks the authority about a certificate by its id; undefined where it knows no such question. */
export async function askRenewalInfo(
  session: AcmeSession,
  id: string,
): Promise<RenewalInfo | undefined> {
  const { renewalInfo } = session.directory;
  if (renewalInfo === undefined) return undefined;
  const answer = await session.get(`${renewalInfo.replace(/\/$/, '')}/${id}`);
  if (answer.status >= 400) {
    throw new AcmeFailure(`renewal information is answered with ${answer.status}`, {
      remedy: 'The certificate is renewed in time without it.',
      retryAfterMs: retryAfterMs(answer, 0),
    });
  }
  return {
    window: parseRenewalWindow(answer.body),
    askAgainMs: retryAfterMs(answer, session.clock.nowMs()),
  };
}
