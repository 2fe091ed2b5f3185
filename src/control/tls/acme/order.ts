/** One certificate, from the order to the chain (RFC 8555 §7.4). */
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from '../certificate.ts';
import type { KeyPair } from '../certificates.ts';
import { certificateRequest } from '../x509.ts';
import { AcmeFailure, refusal } from './failure.ts';
import {
  type Authorization,
  type Challenge,
  type Order,
  parseAuthorization,
  parseOrder,
} from './messages.ts';
import type { ChallengeKind, Proof, Prover } from './prover.ts';
import { type AcmeSession, header, retryAfterMs } from './session.ts';

export type CertificateOrder = {
  readonly names: readonly string[];
  /** In the order of preference. */
  readonly kinds: readonly ChallengeKind[];
  readonly prover: Prover;
  readonly profile: string | undefined;
  /** The id of the certificate that this one is to follow (RFC 9773 §5). */
  readonly replaces: string | undefined;
};

const FIRST_POLL_MS = 1000;
const POLL_MS_MAX = 10_000;
/** Authorities look from several places and are done within seconds; past this they have lost it. */
const POLLING_MS_MAX = 180_000;

/** Obtains a certificate with a new key; fails with an {@link AcmeFailure}. */
export async function obtain(session: AcmeSession, wanted: CertificateOrder): Promise<KeyPair> {
  const { url, order } = await place(session, wanted);
  await authorise(session, order, wanted);
  const ready = await pollOrder(session, url, (status) => status === 'pending');
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (ready.status === 'ready') {
    const csr = certificateRequest(wanted.names, keys).toString('base64url');
    await session.post(ready.finalize, { csr });
  }
  const done = await pollOrder(
    session,
    url,
    (status) => status === 'processing' || status === 'ready',
  );
  if (done.status !== 'valid' || done.certificate === undefined)
    throw unusable(`an order that is "${done.status}"`);
  const chain = (await session.post(done.certificate)).body.toString();
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const found = inspect({ certificate: chain, key });
  if ('problem' in found) throw unusable(`a certificate that cannot be used (${found.problem})`);
  const missing = wanted.names.find((name) => !found.covers(name));
  if (missing !== undefined) throw unusable(`a certificate without ${missing}`);
  return { certificate: chain, key };
}

async function place(
  session: AcmeSession,
  { names, profile, replaces }: CertificateOrder,
): Promise<{ readonly url: string; readonly order: Order }> {
  const identifiers = names.map((value) => ({ type: 'dns', value }));
  const { newOrder, renewalInfo } = session.directory;
  const body = { identifiers, ...(profile !== undefined && { profile }) };
  const answer =
    replaces === undefined || renewalInfo === undefined
      ? await session.post(newOrder, body)
      : await session.post(newOrder, { ...body, replaces }).catch((error: unknown) => {
          // RFC 9773 §5 lets it refuse what the order is to replace; the certificate matters more than its ancestry.
          if (!(error instanceof AcmeFailure) || !ABOUT_ANCESTRY.has(error.type ?? '')) throw error;
          return session.post(newOrder, body);
        });
  const url = header(answer, 'location');
  const order = parseOrder(answer.body);
  if (url === undefined || order === undefined) throw unusable('no order');
  return { url, order };
}

const ABOUT_ANCESTRY: ReadonlySet<string> = new Set([
  'alreadyReplaced',
  'malformed',
  'conflict',
  '',
]);

/** Proves that every name is ours: answers all challenges first, so that the authority can look at them at once. */
async function authorise(
  session: AcmeSession,
  { authorizations }: Order,
  wanted: CertificateOrder,
): Promise<void> {
  const proofs: Proof[] = [];
  try {
    const asked: string[] = [];
    for (const url of authorizations) {
      const authorization = await readAuthorization(session, url);
      if (authorization.status === 'valid') continue;
      const challenge = choose(authorization, wanted.kinds);
      proofs.push(
        await wanted.prover.prove(challenge.kind, {
          name: authorization.name,
          token: challenge.token,
          keyAuthorization: session.key.keyAuthorization(challenge.token),
        }),
      );
      await session.post(challenge.url, {}, authorization.name);
      asked.push(url);
    }
    for (const url of asked) await pollAuthorization(session, url);
  } finally {
    for (const proof of proofs) proof.withdraw();
  }
}

function choose(
  { challenges, name, status }: Authorization,
  kinds: readonly ChallengeKind[],
): Challenge & { readonly kind: ChallengeKind } {
  if (status !== 'pending') throw failedAuthorization({ challenges, name, status });
  for (const kind of kinds) {
    const challenge = challenges.find(({ type }) => type === kind);
    if (challenge !== undefined) return { ...challenge, kind };
  }
  throw new AcmeFailure(
    `${name} would have to be proved by ${challenges.map(({ type }) => type).join(' or ')}, and can be by ${kinds.join(' or ') || 'nothing'}`,
    {
      remedy:
        'Let Millrace listen on the ports 80 and 443 (tls.http_port, tls.https_port). Names with a * need another program that changes DNS: use its certificate with tls.mode: files.',
    },
  );
}

async function pollAuthorization(session: AcmeSession, url: string): Promise<void> {
  const poll = new Poll(session, 'the check of a challenge');
  for (;;) {
    const answer = await session.post(url);
    const authorization = parseAuthorization(answer.body);
    if (authorization?.status === 'valid') return;
    if (authorization !== undefined && authorization.status !== 'pending') {
      throw failedAuthorization(authorization);
    }
    await poll.pause(retryAfterMs(answer, session.clock.nowMs()));
  }
}

function failedAuthorization({ challenges, name, status }: Authorization): AcmeFailure {
  const error = challenges.find((challenge) => challenge.error !== undefined)?.error;
  return refusal(error ?? { type: 'unauthorized', detail: `the name is "${status}"` }, name);
}

async function readAuthorization(session: AcmeSession, url: string): Promise<Authorization> {
  const authorization = parseAuthorization((await session.post(url)).body);
  if (authorization === undefined) throw unusable('no authorization');
  return authorization;
}

async function pollOrder(
  session: AcmeSession,
  url: string,
  isUnderWay: (status: string) => boolean,
): Promise<Order> {
  const poll = new Poll(session, 'an order');
  for (;;) {
    const answer = await session.post(url);
    const order = parseOrder(answer.body);
    if (order === undefined) throw unusable('no order');
    if (order.status === 'invalid') {
      throw refusal(order.error ?? { type: '', detail: 'the order is invalid' }, undefined);
    }
    if (!isUnderWay(order.status)) return order;
    await poll.pause(retryAfterMs(answer, session.clock.nowMs()));
  }
}

/** Asking again and again, ever more slowly, and not for ever. */
class Poll {
  readonly #session: AcmeSession;
  readonly #what: string;
  readonly #endMs: number;
  #waitMs = FIRST_POLL_MS;

  constructor(session: AcmeSession, what: string) {
    this.#session = session;
    this.#what = what;
    this.#endMs = session.clock.nowMs() + POLLING_MS_MAX;
  }

  async pause(askedMs: number | undefined): Promise<void> {
    const { clock } = this.#session;
    const waitMs = Math.max(FIRST_POLL_MS, askedMs ?? this.#waitMs);
    if (clock.nowMs() + waitMs > this.#endMs) {
      throw new AcmeFailure(
        `the certificate authority is not done with ${this.#what} after ${POLLING_MS_MAX / 1000} s`,
        { remedy: 'It will be asked again.' },
      );
    }
    await clock.wait(waitMs);
    this.#waitMs = Math.min(this.#waitMs * 1.5, POLL_MS_MAX);
  }
}

function unusable(what: string): AcmeFailure {
  return new AcmeFailure(`the certificate authority answers with ${what}`, {
    remedy: 'Check tls.directory; it will be asked again.',
  });
}
