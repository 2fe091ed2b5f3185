/** Our account at the authority (RFC 8555 §7.3). */
import { AcmeFailure } from './failure.ts';
import { type ExternalAccount, externalBinding } from './jose.ts';
import { type AcmeSession, header } from './session.ts';

export type AccountOptions = {
  /** Where the authority can write to. */
  readonly email: string | undefined;
  readonly external: ExternalAccount | undefined;
};

/** What is remembered of an account besides its key. */
export type KnownAccount = { readonly url: string; readonly email: string | undefined };

/** Signs the session's further requests with our account, made where there is none. @returns what to remember */
export async function useAccount(
  session: AcmeSession,
  known: KnownAccount | undefined,
  options: AccountOptions,
): Promise<KnownAccount> {
  if (known !== undefined && (await isStillGood(session, known, options))) {
    return { url: known.url, email: options.email };
  }
  const { newAccount } = session.directory;
  const external = options.external && externalBinding(options.external, session.key, newAccount);
  session.account = undefined;
  const answer = await session.post(newAccount, {
    // Whoever sets a domain has read what the guide says of the authority's terms.
    termsOfServiceAgreed: true,
    ...contactOf(options),
    ...(external && { externalAccountBinding: external }),
  });
  const url = header(answer, 'location');
  if (url === undefined) {
    throw new AcmeFailure('the certificate authority makes an account without a URL', {
      remedy: 'Check tls.directory; it will be asked again.',
    });
  }
  session.account = url;
  return { url, email: options.email };
}

/** Tells it of a new e-mail address, where that changed; otherwise the next request shows whether it knows us. */
async function isStillGood(
  session: AcmeSession,
  known: KnownAccount,
  options: AccountOptions,
): Promise<boolean> {
  session.account = known.url;
  try {
    const change =
      known.email === options.email ? undefined : { contact: [], ...contactOf(options) };
    await session.post(known.url, change);
    return true;
  } catch (error) {
    if (error instanceof AcmeFailure && GONE.has(error.type ?? '')) return false;
    throw error;
  }
}

/** It was deactivated, or the authority has lost it. */
const GONE: ReadonlySet<string> = new Set(['accountDoesNotExist', 'unauthorized', 'malformed']);

function contactOf({ email }: AccountOptions): { readonly contact?: readonly string[] } {
  return email === undefined ? {} : { contact: [`mailto:${email}`] };
}
