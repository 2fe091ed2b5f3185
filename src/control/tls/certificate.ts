/** Looking at a certificate and its key before anybody is served with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { KeyPair } from './certificates.ts';

/** Why they cannot be used at all. */
export type CertificateProblem =
  | 'no-certificate'
  | 'no-key'
  | 'key-has-a-password'
  | 'key-of-another-certificate';

export type Inspected = {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly names: readonly string[];
  /** Whether it is good for that host name. */
  readonly covers: (name: string) => boolean;
  /** The chain leads from the certificate to somebody else's signature, as browsers' stores have it. */
  readonly isChain: boolean;
};

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Checks that the two belong together and gives what they are for. */
export function inspect({
  certificate,
  key,
}: KeyPair): Inspected | { readonly problem: CertificateProblem } {
  const chain = readChain(certificate);
  const [own] = chain;
  if (own === undefined) return { problem: 'no-certificate' };
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(key))
    return { problem: 'key-has-a-password' };
  const privateKey = readKey(key);
  if (privateKey === undefined) return { problem: 'no-key' };
  if (!own.checkPrivateKey(privateKey)) return { problem: 'key-of-another-certificate' };
  return {
    notBeforeMs: Date.parse(own.validFrom),
    notAfterMs: Date.parse(own.validTo),
    names: namesOf(own),
    covers: (name) => own.checkHost(name) !== undefined,
    isChain: chain.length > 1 || own.checkIssued(own),
  };
}

function readChain(text: string): readonly X509Certificate[] {
  try {
    return (text.match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return [];
  }
}

function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name);
}
