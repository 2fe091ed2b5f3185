/** Requests to an ACME server: nonces, signatures, and patience with what passes (RFC 8555 §6). */
import type { OutboundAnswer, OutboundFailure } from '../../outbound/outbound.ts';
import type { Clock } from '../clock.ts';
import { AcmeFailure, refusal } from './failure.ts';
import type { AccountKey } from './jose.ts';
import { type Directory, parseDirectory, parseProblem } from './messages.ts';

export type AcmeRequest = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};
/** Sends one request; what goes wrong is a value. */
export type Send = (request: AcmeRequest) => Promise<OutboundAnswer | OutboundFailure>;

/** A server restarted, a nonce expired: each is news only when it repeats. */
const BAD_NONCES_MAX = 5;
/** Requests that got no answer, or one of 500 to 599. */
const RETRIES_MAX = 3;
const FIRST_RETRY_MS = 2000;
/** Whoever asks for longer gets it between attempts, not within one. */
const WAIT_MS_MAX = 60_000;

export class AcmeSession {
  readonly clock: Clock;
  readonly directory: Directory;
  readonly key: AccountKey;
  /** The account's URL, once it is known (RFC 8555 §6.2). */
  account: string | undefined;
  readonly #send: Send;
  /** The newest; one is as good as another. */
  #nonce: string | undefined;

  private constructor(send: Send, clock: Clock, directory: Directory, key: AccountKey) {
    this.#send = send;
    this.clock = clock;
    this.directory = directory;
    this.key = key;
  }

  static async open(
    send: Send,
    clock: Clock,
    { url, key }: { readonly url: string; readonly key: AccountKey },
  ): Promise<AcmeSession> {
    const directory = parseDirectory((await patiently(send, clock, get(url))).body);
    if (directory === undefined) {
      throw new AcmeFailure(`${url} is no ACME directory`, {
        remedy: 'Check tls.directory.',
      });
    }
    return new AcmeSession(send, clock, directory, key);
  }

  /** Without a signature: renewal information. */
  get(url: string): Promise<OutboundAnswer> {
    return patiently(this.#send, this.clock, get(url));
  }

  /** A signed POST; without a payload, POST-as-GET. Anything but success is thrown. `name`: the host that it is about. */
  async post(url: string, payload?: object, name?: string): Promise<OutboundAnswer> {
    for (let refused = 0; ; refused++) {
      const answer = await this.#postOnce(url, payload);
      if (answer.status < 400) return answer;
      const problem = parseProblem(answer.body) ?? {
        type: '',
        detail: `the answer's status is ${answer.status}`,
      };
      // RFC 8555 §6.5: the refusal brings a nonce that is good.
      if (problem.type === 'badNonce' && refused < BAD_NONCES_MAX) continue;
      throw refusal(problem, name, retryAfterMs(answer, this.clock.nowMs()));
    }
  }

  /** Signed anew for each try: a nonce is good for one. */
  async #postOnce(url: string, payload: object | undefined): Promise<OutboundAnswer> {
    const send: Send = async () => {
      const nonce = this.#nonce ?? (await this.#freshNonce());
      this.#nonce = undefined;
      const identity = this.account === undefined ? { jwk: this.key.jwk } : { kid: this.account };
      const answer = await this.#send({
        method: 'POST',
        url,
        headers: { ...HEADERS, 'Content-Type': 'application/jose+json' },
        body: this.key.sign({ ...identity, nonce, url }, payload),
      });
      if (!('failed' in answer)) this.#nonce = header(answer, 'replay-nonce');
      return answer;
    };
    return patiently(send, this.clock, { ...get(url), method: 'POST' });
  }

  async #freshNonce(): Promise<string> {
    // By GET (RFC 8555 §7.2), as HEAD has no place among our requests.
    const answer = await patiently(this.#send, this.clock, get(this.directory.newNonce));
    const nonce = header(answer, 'replay-nonce');
    if (nonce !== undefined) return nonce;
    throw new AcmeFailure('the certificate authority gives no nonce', {
      remedy: 'Check tls.directory; it will be asked again.',
    });
  }
}

/** RFC 8555 §6.1. */
const HEADERS = {
  'User-Agent': 'Millrace',
  Accept: 'application/json, application/pem-certificate-chain',
};

function get(url: string): AcmeRequest {
  return { method: 'GET', url, headers: HEADERS };
}

/** Sends until there is an answer that is the authority's own word. */
async function patiently(send: Send, clock: Clock, request: AcmeRequest): Promise<OutboundAnswer> {
  for (let tries = 0; ; tries++) {
    const answer = await send(request);
    const nowMs = clock.nowMs();
    if (!('failed' in answer) && answer.status < 500) return answer;
    if (tries >= RETRIES_MAX) throw unavailable(answer, request.url, nowMs);
    const askedMs = 'failed' in answer ? undefined : retryAfterMs(answer, nowMs);
    if (askedMs !== undefined && askedMs > WAIT_MS_MAX)
      throw unavailable(answer, request.url, nowMs);
    await clock.wait(askedMs ?? FIRST_RETRY_MS * 2 ** tries * (1 + clock.random()));
  }
}

function unavailable(
  answer: OutboundAnswer | OutboundFailure,
  url: string,
  nowMs: number,
): AcmeFailure {
  const { host } = new URL(url);
  if ('failed' in answer) {
    return new AcmeFailure(`the certificate authority at ${host}: ${answer.message}`, {
      remedy: `Check that this machine can reach ${host} by HTTPS, and tls.directory; it will be asked again.`,
    });
  }
  return new AcmeFailure(`the certificate authority at ${host} answers with ${answer.status}`, {
    remedy: 'It is the one that has trouble; it will be asked again.',
    retryAfterMs: retryAfterMs(answer, nowMs),
  });
}

/** RFC 9110 §10.2.3: seconds, or a date. */
export function retryAfterMs(answer: OutboundAnswer, nowMs: number): number | undefined {
  const text = header(answer, 'retry-after');
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

export function header({ headers }: OutboundAnswer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
