/**
 * An ACME server in memory, in virtual time, as strict as RFC 8555 asks: nonces are good once, signatures are verified, orders
 * go their way. It signs real certificates. What it shall do wrong, tests say by its fields; what it looks at, they answer.
 */
import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import type { OutboundAnswer, OutboundFailure } from '../../src/control/outbound/outbound.ts';
import type { AcmeRequest } from '../../src/control/tls/acme/session.ts';
import {
  implicit,
  octetString,
  oid,
  readElement,
  readElements,
  sequence,
} from '../../src/control/tls/der.ts';
import { signed, subjectAltName, toBeSigned, toPem } from '../../src/control/tls/x509.ts';

const BASE = 'https://ca.example';
export const DIRECTORY = `${BASE}/dir`;
const AUTHORITY_KEY_ID = Buffer.from('0102030405060708', 'hex');

export type Problem = { readonly status: number; readonly type: string; readonly detail?: string };
type Account = {
  readonly jwk: JsonWebKey;
  readonly url: string;
  readonly contact: readonly string[];
};
type Order = {
  readonly id: number;
  readonly names: readonly string[];
  readonly request: Record<string, unknown>;
  status: string;
  readonly authorizations: Authorization[];
  certificate?: string;
  polls: number;
};
type Authorization = {
  readonly name: string;
  readonly id: string;
  status: string;
  error?: object;
  type?: string;
};

export class AcmeAuthority {
  /** The time that it gives certificates by. */
  readonly nowMs: () => number;
  lifetimeMs = 90 * 86_400_000;
  /** How many of the next nonces are refused. */
  badNonces = 0;
  /** What every request is answered with, while it is set. */
  outage: OutboundFailure | { readonly status: number; readonly retryAfter?: string } | undefined;
  /** What the next request for an order is refused with. */
  refusal: (Problem & { readonly retryAfter?: string }) | undefined;
  /** Looks whether the challenge is shown; a problem where it is not. */
  validate: (challenge: {
    type: string;
    name: string;
    token: string;
    keyAuthorization: string;
  }) => Problem | undefined | Promise<Problem | undefined> = () => undefined;
  /** RFC 9773, from when the newest certificate was given; undefined: it has no such thing. */
  window: { readonly startMs: number; readonly endMs: number } | undefined;
  windowRetryAfter: string | undefined;
  profiles: Record<string, string> | undefined;
  macKeys: Record<string, string> | undefined;
  /** How often an order is asked for before it is done. */
  slowness = 0;
  readonly orders: Order[] = [];
  readonly accounts: Account[] = [];
  /** Method and path of each request, as it came. */
  readonly requests: string[] = [];
  readonly #nonces = new Set<string>();
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #serial = 0;
  #issuedMs = 0;

  readonly #base: string;

  /** @param base what its URLs begin with */
  constructor(nowMs: () => number, base = BASE) {
    this.nowMs = nowMs;
    this.#base = base;
  }

  /** Answers one request. */
  readonly send = async (request: AcmeRequest): Promise<OutboundAnswer | OutboundFailure> => {
    const path = request.url.slice(this.#base.length);
    this.requests.push(`${request.method} ${path}`);
    if (this.outage !== undefined) {
      if ('failed' in this.outage) return this.outage;
      const { status, retryAfter } = this.outage;
      return answer(status, {}, retryAfter ? { 'retry-after': retryAfter } : {});
    }
    const response = request.method === 'GET' ? this.#get(path) : await this.#post(path, request);
    const nonce = `nonce-${++this.#serial}`;
    this.#nonces.add(nonce);
    return { ...response, headers: { 'replay-nonce': nonce, ...response.headers } };
  };

  #get(path: string): OutboundAnswer {
    if (path === '/dir') {
      return answer(200, {
        newNonce: `${this.#base}/nonce`,
        newAccount: `${this.#base}/account`,
        newOrder: `${this.#base}/order`,
        ...(this.window && { renewalInfo: `${this.#base}/renewal` }),
        meta: { ...(this.profiles && { profiles: this.profiles }) },
      });
    }
    if (path === '/nonce') return answer(204, undefined);
    if (path.startsWith('/renewal/')) {
      const retry = this.windowRetryAfter;
      return answer(
        200,
        { suggestedWindow: this.#window() },
        retry ? { 'retry-after': retry } : {},
      );
    }
    return answer(404, {});
  }

  async #post(path: string, { body = '', url }: AcmeRequest): Promise<OutboundAnswer> {
    const jws = JSON.parse(body) as Record<'protected' | 'payload' | 'signature', string>;
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString());
    if (header.url !== url) return problem({ status: 400, type: 'malformed', detail: 'url' });
    if (!this.#nonces.delete(header.nonce) || this.badNonces-- > 0) {
      return problem({ status: 400, type: 'badNonce' });
    }
    this.badNonces = Math.max(0, this.badNonces);
    const account = this.accounts.find((one) => one.url === header.kid);
    const jwk = header.jwk ?? account?.jwk;
    if (jwk === undefined) return problem({ status: 400, type: 'accountDoesNotExist' });
    const data = Buffer.from(`${jws.protected}.${jws.payload}`);
    const key = {
      key: createPublicKey({ key: jwk, format: 'jwk' }),
      dsaEncoding: 'ieee-p1363',
    } as const;
    if (!verify('sha256', data, key, Buffer.from(jws.signature, 'base64url'))) {
      return problem({ status: 400, type: 'malformed', detail: 'signature' });
    }
    const text = Buffer.from(jws.payload, 'base64url').toString();
    const payload = text === '' ? undefined : JSON.parse(text);
    if (path === '/account') return this.#newAccount(jwk, payload);
    if (account === undefined) return problem({ status: 401, type: 'unauthorized' });
    return this.#serve(path, payload, account);
  }

  #newAccount(jwk: JsonWebKey, payload: Record<string, unknown>): OutboundAnswer {
    const known = this.accounts.find((one) => one.jwk.x === jwk.x);
    if (known !== undefined) return answer(200, {}, { location: known.url });
    if (payload['termsOfServiceAgreed'] !== true)
      return problem({ status: 403, type: 'userActionRequired' });
    if (this.macKeys !== undefined && !this.#isBound(jwk, payload['externalAccountBinding'])) {
      return problem({ status: 403, type: 'externalAccountRequired' });
    }
    const account = {
      jwk,
      url: `${this.#base}/account/${this.accounts.length + 1}`,
      contact: (payload['contact'] ?? []) as string[],
    };
    this.accounts.push(account);
    return answer(201, {}, { location: account.url });
  }

  #isBound(jwk: JsonWebKey, binding: unknown): boolean {
    if (binding === undefined) return false;
    const { protected: head, payload, signature } = binding as Record<string, string>;
    const { kid, alg } = JSON.parse(Buffer.from(head ?? '', 'base64url').toString());
    const key = Buffer.from(this.macKeys?.[kid] ?? '', 'base64url');
    const mac = createHmac('sha256', key).update(`${head}.${payload}`).digest('base64url');
    const bound = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    return alg === 'HS256' && mac === signature && bound.x === jwk.x;
  }

  async #serve(
    path: string,
    payload: Record<string, unknown> | undefined,
    account: Account,
  ): Promise<OutboundAnswer> {
    const [, what, id = '', index = ''] = path.split('/');
    if (path === '/order') return this.#newOrder(payload ?? {});
    if (path === account.url.slice(this.#base.length)) return answer(200, {});
    const order = this.orders[Number(id)];
    if (order === undefined) return problem({ status: 404, type: 'malformed' });
    if (what === 'order') {
      if (order.polls++ < this.slowness)
        return answer(
          200,
          { ...this.#order(order), status: order.status === 'valid' ? 'processing' : order.status },
          { 'retry-after': '3' },
        );
      return answer(200, this.#order(order));
    }
    if (what === 'finalize') return this.#finalize(order, String(payload?.['csr']));
    if (what === 'certificate') return answer(200, order.certificate);
    const authorization = order.authorizations[Number(index)];
    if (authorization === undefined) return problem({ status: 404, type: 'malformed' });
    if (what === 'challenge')
      await this.#check(order, authorization, path.split('/')[4] ?? '', account);
    return answer(200, this.#authorization(order, authorization, Number(index)));
  }

  #newOrder(request: Record<string, unknown>): OutboundAnswer {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal)
      return problem(refusal, refusal.retryAfter ? { 'retry-after': refusal.retryAfter } : {});
    const names = (request['identifiers'] as { value: string }[]).map(({ value }) => value);
    const authorizations = names.map((name, index) => ({
      name,
      id: String(index),
      status: 'pending',
    }));
    const order = {
      id: this.orders.length,
      names,
      request,
      status: 'pending',
      authorizations,
      polls: 0,
    };
    this.orders.push(order);
    return answer(201, this.#order(order), { location: `${this.#base}/order/${order.id}` });
  }

  async #check(
    order: Order,
    authorization: Authorization,
    type: string,
    { jwk }: Account,
  ): Promise<void> {
    const { crv, kty, x, y } = jwk;
    const thumbprint = createHash('sha256')
      .update(JSON.stringify({ crv, kty, x, y }))
      .digest('base64url');
    const token = tokenOf(order, authorization);
    const error = await this.validate({
      type,
      name: authorization.name,
      token,
      keyAuthorization: `${token}.${thumbprint}`,
    });
    authorization.type = type;
    authorization.status = error ? 'invalid' : 'valid';
    if (error) {
      authorization.error = {
        type: `urn:ietf:params:acme:error:${error.type}`,
        detail: error.detail,
      };
      order.status = 'invalid';
    } else if (order.authorizations.every(({ status }) => status === 'valid'))
      order.status = 'ready';
  }

  #finalize(order: Order, csr: string): OutboundAnswer {
    if (order.status !== 'ready') return problem({ status: 403, type: 'orderNotReady' });
    const publicKey = publicKeyIn(Buffer.from(csr, 'base64url'));
    order.certificate = this.issue(order.names, publicKey);
    this.#issuedMs = this.nowMs();
    order.status = 'valid';
    return answer(200, this.#order(order));
  }

  /** A chain of two, PEM. */
  issue(names: readonly string[], publicKey: KeyObject): string {
    const nowMs = Math.floor(this.nowMs() / 1000) * 1000;
    const leaf = toBeSigned({
      subject: names[0] ?? '',
      issuer: 'stub authority',
      notBeforeMs: nowMs,
      notAfterMs: nowMs + this.lifetimeMs,
      publicKey,
      extensions: [
        subjectAltName(names),
        sequence(oid('2.5.29.35'), octetString(sequence(implicit(0, AUTHORITY_KEY_ID)))),
      ],
    });
    const own = toBeSigned({
      subject: 'stub authority',
      issuer: 'stub authority',
      notBeforeMs: nowMs,
      notAfterMs: nowMs + this.lifetimeMs,
      publicKey: this.#keys.publicKey,
      extensions: [],
    });
    return toPem(signed(leaf, this.#keys)) + toPem(signed(own, this.#keys));
  }

  #window(): object {
    const { startMs = 0, endMs = 0 } = this.window ?? {};
    const iso = (ms: number) => new Date(this.#issuedMs + ms).toISOString();
    return { start: iso(startMs), end: iso(endMs) };
  }

  #order({ id, status, authorizations, certificate }: Order): object {
    return {
      status,
      authorizations: authorizations.map((one) => `${this.#base}/authorization/${id}/${one.id}`),
      finalize: `${this.#base}/finalize/${id}`,
      ...(certificate !== undefined && { certificate: `${this.#base}/certificate/${id}` }),
    };
  }

  #authorization(order: Order, authorization: Authorization, index: number): object {
    const types = ['http-01', 'dns-01', 'tls-alpn-01'];
    return {
      status: authorization.status,
      identifier: { type: 'dns', value: authorization.name },
      challenges: types.map((type) => ({
        type,
        status: authorization.type === type ? authorization.status : 'pending',
        url: `${this.#base}/challenge/${order.id}/${index}/${type}`,
        token: tokenOf(order, authorization),
        ...(authorization.type === type && { error: authorization.error }),
      })),
    };
  }
}

type JsonWebKey = {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
};

function tokenOf(order: Order, authorization: Authorization): string {
  return `token-${order.id}-${authorization.id}-0123456789abcdef`;
}

function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): OutboundAnswer {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

function problem(
  { status, type, detail = type }: Problem,
  headers: Record<string, string> = {},
): OutboundAnswer {
  return answer(status, { type: `urn:ietf:params:acme:error:${type}`, detail }, headers);
}

/** Out of CertificationRequest { info { version, subject, subjectPKInfo, … }, … }; RFC 2986 §4. */
function publicKeyIn(csr: Buffer): KeyObject {
  const info = readElement(readElement(csr)?.content ?? csr)?.content ?? csr;
  const [, , key] = readElements(info) ?? [];
  if (key === undefined) throw new Error('no public key in the request');
  const end = info.length - key.rest.length;
  const [first, second] = readElements(info) ?? [];
  const start = info.length - (second?.rest.length ?? 0);
  if (first === undefined) throw new Error('no version in the request');
  return createPublicKey({ key: info.subarray(start, end), format: 'der', type: 'spki' });
}
