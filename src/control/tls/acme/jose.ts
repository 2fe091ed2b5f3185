/** Signed messages as ACME wants them: flattened JSON Web Signatures (RFC 7515 §7.2.2) by an ES256 key. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { Secret } from '../../../access/secret.ts';

export class AccountKey {
  readonly #key: KeyObject;
  /** Members in the order that the thumbprint wants (RFC 7638 §3.2). */
  readonly jwk: {
    readonly crv: string;
    readonly kty: string;
    readonly x: string;
    readonly y: string;
  };

  private constructor(key: KeyObject) {
    this.#key = key;
    const { crv = '', kty = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
    this.jwk = { crv, kty, x, y };
  }

  static generate(): AccountKey {
    return new AccountKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  }

  /** Fails where it is no private key. */
  static fromPem(pem: string): AccountKey {
    return new AccountKey(createPrivateKey(pem));
  }

  toPem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** A POST's body (RFC 8555 §6.2). `payload` undefined is POST-as-GET (§6.3). */
  sign(header: Readonly<Record<string, unknown>>, payload: object | undefined): string {
    const body = payload === undefined ? '' : base64url(JSON.stringify(payload));
    const head = base64url(JSON.stringify({ alg: 'ES256', ...header }));
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
      key: this.#key,
      dsaEncoding: 'ieee-p1363', // as JWS has it (RFC 7518 §3.4)
    });
    const text = { protected: head, payload: body, signature: signature.toString('base64url') };
    return JSON.stringify(text);
  }

  /** RFC 8555 §8.1: what answers a challenge. */
  keyAuthorization(token: string): string {
    const thumbprint = createHash('sha256').update(JSON.stringify(this.jwk)).digest('base64url');
    return `${token}.${thumbprint}`;
  }
}

/** An account at the authority's own, which it wants ours to belong to (RFC 8555 §7.3.4). */
export type ExternalAccount = { readonly id: string; readonly hmacKey: Secret };

/** Says, by the key that the authority gave out, that the account with `key` is meant. */
export function externalBinding(account: ExternalAccount, key: AccountKey, url: string): object {
  const head = base64url(JSON.stringify({ alg: 'HS256', kid: account.id, url }));
  const payload = base64url(JSON.stringify(key.jwk));
  const signature = createHmac('sha256', Buffer.from(account.hmacKey.reveal(), 'base64url'))
    .update(`${head}.${payload}`)
    .digest('base64url');
  return { protected: head, payload, signature };
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
