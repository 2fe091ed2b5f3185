/** Trickle ICE fragments, `application/trickle-ice-sdpfrag` (RFC 8840 §9, used as in RFC 9725 §4.3). */
import { readCredentials } from './description.ts';
import { refuse, type SdpRefusal } from './refusal.ts';

/** What a PATCH may carry (RFC 8840 §9): ICE credentials and candidates. */
export type IceFragment = {
  /** Undefined: candidates for whatever session the sender means. */
  readonly credentials: { readonly ufrag: string; readonly pwd: string } | undefined;
  /** How many there were. They are not used: a peer's address is learnt from its checks (RFC 8445 §7.3.1.3). */
  readonly candidates: number;
  readonly endOfCandidates: boolean;
};

/** A browser with every network interface under the sun has some dozens of lines. */
const LINES_MAX = 500;
const CHARACTERS_MAX = 64 * 1024;
/** RFC 8839 §5.1: foundation, component, transport, priority, address, port, type. An empty one ends the list. */
const CANDIDATE =
  /^candidate:(?:$|[A-Za-z0-9+/-]{1,64} \d{1,5} \w{1,10} \d{1,10} \S{1,255} \d{1,5} typ \w{1,16}(?: |$))/;

/** Reads one fragment; its candidates are checked for syntax and counted. */
export function parseFragment(text: string): IceFragment | SdpRefusal {
  if (text.length > CHARACTERS_MAX) return refuse('too-large');
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '');
  if (lines.length > LINES_MAX) return refuse('too-large');
  // Firefox ends its candidates with an empty one, of which clients make `a=` with nothing behind it.
  if (!lines.every((line) => /^(?:[am]=.|a=$)/.test(line))) return refuse('bad-fragment');
  const attributes = lines.filter((line) => line.startsWith('a=')).map((line) => line.slice(2));
  const candidates = attributes.filter((attribute) => attribute.startsWith('candidate:'));
  if (!candidates.every((candidate) => CANDIDATE.test(candidate))) return refuse('bad-fragment');
  const ufrag = attributeValue(attributes, 'ice-ufrag');
  const pwd = attributeValue(attributes, 'ice-pwd');
  const credentials = readCredentials(ufrag, pwd);
  if (credentials === undefined && (ufrag !== undefined || pwd !== undefined)) {
    return refuse('bad-credentials');
  }
  return {
    credentials,
    candidates: candidates.length,
    endOfCandidates: attributes.includes('end-of-candidates'),
  };
}

/** The answer to an ICE restart: our new credentials. Our candidates stay what they were (RFC 9725 §4.3.2). */
export function writeFragment(local: { readonly ufrag: string; readonly pwd: string }): string {
  return `a=ice-lite\r\na=ice-ufrag:${local.ufrag}\r\na=ice-pwd:${local.pwd}\r\n`;
}

function attributeValue(attributes: readonly string[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.startsWith(`${name}:`))?.slice(name.length + 1);
}
