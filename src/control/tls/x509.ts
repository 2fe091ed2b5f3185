/** What ACME needs of X.509 beyond reading certificates, which node:crypto does: writing two kinds, and naming one. */
import { type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import {
  bitString,
  boolean,
  implicit,
  integer,
  octetString,
  oid,
  readElement,
  readElements,
  sequence,
  set,
  tagged,
  utcTime,
} from './der.ts';

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  extensionRequest: '1.2.840.113549.1.9.14',
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  authorityKeyIdentifier: '2.5.29.35',
  /** RFC 8737 §3. */
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
} as const;

/** Of the P-256 curve. */
export type EcKeys = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

const DAY_MS = 86_400_000;
const SERIAL_BYTES = 16;
/** RFC 5280 §4.2.1.6: the tag of a DNS name. */
const DNS_NAME = 2;
/** `v1` of a request (RFC 2986 §4.1) and `v3` of a certificate (RFC 5280 §4.1.2.1). */
const REQUEST_VERSION = Buffer.of(0);
const CERTIFICATE_VERSION = Buffer.of(2);

/** A request for a certificate (RFC 2986), in DER. Its names stand in subjectAltName alone, where browsers look. */
export function certificateRequest(names: readonly string[], keys: EcKeys): Buffer {
  const wanted = sequence(oid(OID.extensionRequest), set(sequence(subjectAltName(names))));
  return signed(
    sequence(integer(REQUEST_VERSION), sequence(), publicKeyOf(keys), tagged(0, wanted)),
    keys,
  );
}

/** RFC 8737 §3: signed by itself, with the digest that proves that we know of the challenge. PEM. */
export function proofCertificate(
  name: string,
  digest: Uint8Array,
  keys: EcKeys,
  nowMs: number,
): string {
  return toPem(
    signed(
      toBeSigned({
        subject: name,
        issuer: name,
        // A clock that differs by a day shall not matter.
        notBeforeMs: nowMs - DAY_MS,
        notAfterMs: nowMs + DAY_MS,
        publicKey: keys.publicKey,
        extensions: [
          subjectAltName([name]),
          sequence(oid(OID.acmeIdentifier), boolean(true), octetString(octetString(digest))),
        ],
      }),
      keys,
    ),
  );
}

export type CertificateFields = {
  readonly subject: string;
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
};

/** RFC 5280 §4.1.2. */
export function toBeSigned(fields: CertificateFields): Buffer {
  return sequence(
    tagged(0, integer(CERTIFICATE_VERSION)),
    integer(randomBytes(SERIAL_BYTES)),
    ECDSA_WITH_SHA256,
    distinguishedName(fields.issuer),
    sequence(utcTime(fields.notBeforeMs), utcTime(fields.notAfterMs)),
    distinguishedName(fields.subject),
    publicKeyOf(fields),
    tagged(3, sequence(...fields.extensions)),
  );
}

/** `{ what, algorithm, signature }`, as certificates and requests end. */
export function signed(what: Uint8Array, { privateKey }: Pick<EcKeys, 'privateKey'>): Buffer {
  return sequence(what, ECDSA_WITH_SHA256, bitString(sign('sha256', what, privateKey)));
}

export function subjectAltName(names: readonly string[]): Buffer {
  const list = names.map((name) => implicit(DNS_NAME, Buffer.from(name, 'latin1')));
  return sequence(oid(OID.subjectAltName), octetString(sequence(...list)));
}

export function toPem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/**
 * By which the authority knows a certificate when asked about its renewal (RFC 9773 §4.1): its authority key identifier and
 * its serial number. Undefined where the certificate has no such identifier.
 */
export function renewalId(pem: string): string | undefined {
  const { raw } = new X509Certificate(pem);
  const fields = readElements(readElement(readElement(raw)?.content ?? raw)?.content ?? raw);
  const serial = fields?.[1]?.content;
  const keyId = authorityKeyId(fields?.find(({ tag }) => tag === EXTENSIONS_TAG)?.content);
  if (serial === undefined || keyId === undefined) return undefined;
  return `${keyId.toString('base64url')}.${serial.toString('base64url')}`;
}

const ECDSA_WITH_SHA256 = sequence(oid(OID.ecdsaWithSha256));
/** `[3]` of the certificate, `[0] IMPLICIT` of the extension's value. */
const EXTENSIONS_TAG = 0xa3;
const KEY_IDENTIFIER_TAG = 0x80;
const OCTET_STRING_TAG = 0x04;

function authorityKeyId(extensions: Buffer | undefined): Buffer | undefined {
  if (extensions === undefined) return undefined;
  const wanted = oid(OID.authorityKeyIdentifier);
  for (const { content } of readElements(readElement(extensions)?.content ?? extensions) ?? []) {
    if (!content.subarray(0, wanted.length).equals(wanted)) continue;
    const value = readElements(content)?.find(({ tag }) => tag === OCTET_STRING_TAG)?.content;
    const parts = value && readElements(readElement(value)?.content ?? value);
    return parts?.find(({ tag }) => tag === KEY_IDENTIFIER_TAG)?.content;
  }
  return undefined;
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid(OID.commonName), utf8String(commonName))));
}

/** RFC 5280 §4.1.2.4. */
function utf8String(text: string): Buffer {
  const bytes = octetString(Buffer.from(text));
  bytes[0] = 0x0c;
  return bytes;
}

function publicKeyOf({ publicKey }: Pick<EcKeys, 'publicKey'>): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}
