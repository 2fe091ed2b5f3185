/**
 * OvenMediaEngine's SignedPolicy: a URL that carries until when, from when and from where it is good, signed with a
 * secret that its maker and the server share. Who has such a URL needs nothing else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AddressRange, isInRange, parseRange } from './address-range.ts';
import { withPort } from './request-url.ts';
import type { Secret } from './secret.ts';

export type PolicySettings = {
  readonly secret: Secret;
  /** The URL parameters' names; `policy` and `signature` there by default. */
  readonly policyName: string;
  readonly signatureName: string;
};

/** Who shows the URL. */
export type PolicyBearer = {
  /** Secret: as the client asked for it. */
  readonly url: string;
  readonly address: string;
};

export type PolicyVerdict =
  | {
      readonly isGood: true;
      /** The session ends then; undefined for never. */
      readonly untilMs: number | undefined;
    }
  | {
      readonly isGood: false;
      readonly reason: 'policy-missing' | 'policy-wrong' | 'policy-expired' | 'policy-address';
    };

type Policy = {
  readonly expiresMs: number;
  readonly startsMs: number;
  readonly untilMs: number | undefined;
  readonly ranges: readonly AddressRange[];
};

/** URLs of viewers and encoders are some hundred bytes; nobody signs a longer one. */
const URL_LENGTH_MAX = 4096;

export function verifyPolicy(
  { url, address }: PolicyBearer,
  { secret, policyName, signatureName }: PolicySettings,
  nowMs: number,
): PolicyVerdict {
  const parameters = parametersOf(url);
  const encoded = parameters.get(policyName) ?? '';
  const signature = parameters.get(signatureName) ?? '';
  if (encoded === '' || signature === '') return bad('policy-missing');
  if (url.length > URL_LENGTH_MAX) return bad('policy-wrong');
  const signed = without(withPort(url), signatureName);
  if (!isSignature(signature, createHmac('sha1', secret.reveal()).update(signed).digest())) {
    return bad('policy-wrong');
  }
  const policy = readPolicy(encoded);
  if (policy === undefined) return bad('policy-wrong');
  const { expiresMs, startsMs, untilMs, ranges } = policy;
  if (expiresMs < nowMs || startsMs > nowMs || (untilMs ?? nowMs) < nowMs) {
    return bad('policy-expired');
  }
  const isNear = ranges.every((range) => isInRange(range, address));
  return isNear ? { isGood: true, untilMs } : bad('policy-address');
}

function bad(reason: Extract<PolicyVerdict, { isGood: false }>['reason']): PolicyVerdict {
  return { isGood: false, reason };
}

/** First of each name; as they stand: they are base64url, which needs no decoding. */
function parametersOf(url: string): ReadonlyMap<string, string> {
  const pairs = queryOf(url).map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  return new Map(pairs.reverse());
}

function queryOf(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [] : url.slice(at + 1).split('&');
}

/** The URL that was signed: everything but the signature. */
function without(url: string, name: string): string {
  const rest = queryOf(url).filter((pair) => pair !== name && !pair.startsWith(`${name}=`));
  const [base = ''] = url.split('?', 1);
  return rest.length === 0 ? base : `${base}?${rest.join('&')}`;
}

function isSignature(text: string, wanted: Buffer): boolean {
  const given = Buffer.from(text, 'base64url');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Times are milliseconds since 1970. Whoever signs a policy that cannot be read wants nobody let in. */
function readPolicy(encoded: string): Policy | undefined {
  const policy = parseObject(Buffer.from(encoded, 'base64url').toString());
  if (policy === undefined || !isTime(policy['url_expire'])) return undefined;
  const { url_activate: startsMs = 0, stream_expire: untilMs } = policy;
  if (!isTime(startsMs) || (untilMs !== undefined && !isTime(untilMs))) return undefined;
  // Behind a proxy `real_ip` was the client's own address, and `allow_ip` the proxy's: here both are the client's.
  const texts = [policy['allow_ip'], policy['real_ip']].filter((text) => text !== undefined);
  const ranges = texts.map((text) => (typeof text === 'string' ? parseRange(text) : undefined));
  if (!ranges.every((range) => range !== undefined)) return undefined;
  return { expiresMs: policy['url_expire'], startsMs, untilMs, ranges };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
