/** What an ACME server answers with (RFC 8555 §7.1), read with care: it is another program. */
import type { AcmeProblem } from './failure.ts';

export type Directory = {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** RFC 9773 §4. */
  readonly renewalInfo: string | undefined;
  /** Names of the profiles that it offers. */
  readonly profiles: readonly string[];
};

export type Order = {
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: AcmeProblem | undefined;
};

export type Authorization = {
  readonly status: string;
  readonly name: string;
  readonly challenges: readonly Challenge[];
};

export type Challenge = {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly status: string;
  readonly error: AcmeProblem | undefined;
};

/** When the authority would like a certificate to be renewed (RFC 9773 §4.2). */
export type RenewalWindow = { readonly startMs: number; readonly endMs: number };

/** RFC 8555 §8.3: base64url. Anything else could lead out of the path that it is put in. */
const TOKEN = /^[A-Za-z0-9_-]{1,512}$/;
/** Of what it says, a log line's worth. */
const DETAIL_CHARS_MAX = 400;

export function parseDirectory(body: Buffer): Directory | undefined {
  const json = readJson(body);
  const newNonce = url(json['newNonce']);
  const newAccount = url(json['newAccount']);
  const newOrder = url(json['newOrder']);
  if (!newNonce || !newAccount || !newOrder) return undefined;
  const profiles = Object.keys(object(object(json['meta'])['profiles']));
  return { newNonce, newAccount, newOrder, renewalInfo: url(json['renewalInfo']), profiles };
}

export function parseOrder(body: Buffer): Order | undefined {
  const json = readJson(body);
  const finalize = url(json['finalize']);
  const authorizations = list(json['authorizations']).map(url);
  if (!finalize || !authorizations.every((one) => one !== undefined)) return undefined;
  return {
    status: text(json['status']),
    authorizations,
    finalize,
    certificate: url(json['certificate']),
    error: problemIn(json['error']),
  };
}

export function parseAuthorization(body: Buffer): Authorization | undefined {
  const json = readJson(body);
  const name = text(object(json['identifier'])['value']);
  if (name === '') return undefined;
  const challenges = list(json['challenges']).map(challengeIn);
  return {
    status: text(json['status']),
    name,
    challenges: challenges.filter((challenge) => challenge !== undefined),
  };
}

export function parseRenewalWindow(body: Buffer): RenewalWindow | undefined {
  const { start, end } = object(readJson(body)['suggestedWindow']);
  const startMs = Date.parse(text(start));
  const endMs = Date.parse(text(end));
  // RFC 9773 §4.2: one that ends before it begins is to be ignored.
  return endMs > startMs ? { startMs, endMs } : undefined;
}

/** RFC 7807, as ACME uses it (RFC 8555 §6.7). */
export function parseProblem(body: Buffer): AcmeProblem | undefined {
  return problemIn(readJson(body));
}

function problemIn(value: unknown): AcmeProblem | undefined {
  const json = object(value);
  const type = text(json['type']).replace(/^urn:ietf:params:acme:error:/, '');
  if (type === '') return undefined;
  // Of several names, the first that is named with its trouble says more than "compound" (RFC 8555 §6.7.1).
  const [first] = list(json['subproblems']).map(problemIn);
  return type === 'compound' && first ? first : { type, detail: printable(json['detail']) };
}

function challengeIn(value: unknown): Challenge | undefined {
  const json = object(value);
  const to = url(json['url']);
  const token = text(json['token']);
  if (to === undefined || !TOKEN.test(token)) return undefined;
  const { type, status, error } = json;
  return { type: text(type), url: to, token, status: text(status), error: problemIn(error) };
}

/** What is logged of another program's words. */
function printable(value: unknown): string {
  return text(value)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, DETAIL_CHARS_MAX);
}

/** An empty object where it is none. */
function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    return object(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

function url(value: unknown): string | undefined {
  return typeof value === 'string' && /^https?:\/\//.test(value) ? value : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
