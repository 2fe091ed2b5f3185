/**
 * What OvenMediaEngine's admission webhooks say and are told, byte for byte: handlers that were written for them go on
 * working, also those that compare text or check the signature.
 */
import { withPort } from '../../access/request-url.ts';
import { appOf, parseStreamName, type StreamName } from '../../base/names.ts';

/** One session, as the hook hears of it. */
export type HookSession = {
  readonly protocol: 'rtmp' | 'whip' | 'whep' | 'ovenplayer';
  /** Secret: what the client asked for, with all parameters. */
  readonly url: string;
  readonly client: {
    readonly address: string;
    readonly port: number;
    readonly userAgent: string | undefined;
    readonly proxy?: string;
  };
};

/** What a handler has said: JSON of the right shape, or what is wrong with it. */
export type HookAnswer =
  | {
      readonly allowed: boolean;
      /** Undefined where it is as the client asked. */
      readonly stream: StreamName | undefined;
      /** Undefined for as long as it likes. */
      readonly lifetimeMs: number | undefined;
      /** For the log. */
      readonly reason: string | undefined;
    }
  | { readonly wrong: string };

/** The longest time that a timer takes, 24 days; a longer lifetime is none. */
const LIFETIME_MS_MAX = 2 ** 31 - 1;
/** A sentence. */
const REASON_LENGTH_MAX = 200;

/** Its words for protocols, in its capitals. */
const PROTOCOLS = {
  rtmp: 'RTMP',
  whip: 'WebRTC',
  whep: 'WebRTC',
  ovenplayer: 'WebRTC',
} as const;

export function isIncoming({ protocol }: Pick<HookSession, 'protocol'>): boolean {
  return protocol === 'rtmp' || protocol === 'whip';
}

/** The request's body: keys in alphabetical order, no spaces, ASCII only. */
export function writeHookBody(
  session: HookSession,
  status: 'opening' | 'closing',
  stream: StreamName,
  now: Date,
): string {
  const { protocol, client } = session;
  const url = withPort(session.url);
  // WHIP's closing has none there either.
  const isTold = status === 'closing' && protocol !== 'whip';
  const body = JSON.stringify({
    client: {
      address: client.proxy ?? client.address,
      port: client.port,
      real_ip: client.address,
      user_agent: protocol === 'rtmp' ? undefined : client.userAgent,
    },
    request: {
      direction: isIncoming(session) ? 'incoming' : 'outgoing',
      new_url: isTold ? renamed(url, stream) : undefined,
      protocol: PROTOCOLS[protocol],
      status,
      time: localTime(now),
      url,
    },
  });
  return body.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Reads the answer to an opening. */
export function readHookAnswer(body: Buffer): HookAnswer {
  const answer = parseObject(body);
  if (answer === undefined) return { wrong: 'its answer is no JSON object' };
  const { allowed, new_url: newUrl, lifetime, reason } = answer;
  if (typeof allowed !== 'boolean') return { wrong: 'its answer has no "allowed": true or false' };
  const stream = typeof newUrl === 'string' && newUrl !== '' ? streamOf(newUrl) : undefined;
  if (stream === 'none') return { wrong: 'its "new_url" is not scheme://host/app/stream' };
  return {
    allowed,
    stream,
    lifetimeMs: isLifetime(lifetime) ? lifetime : undefined,
    reason: typeof reason === 'string' ? reason.slice(0, REASON_LENGTH_MAX) : undefined,
  };
}

/** `/app/stream` of a URL; what follows them was ours to say. */
function streamOf(url: string): StreamName | 'none' {
  const [, name = ''] = /^[a-z]+:\/\/[^/?#]*\/([^/?#]+\/[^/?#]+)/i.exec(url) ?? [];
  return parseStreamName(name) ?? 'none';
}

/** The same URL for another stream. */
function renamed(url: string, stream: StreamName): string {
  const parts = /^([a-z]+:\/\/[^/?#]*\/)([^/?#]+)\/([^/?#]+)(.*)$/is.exec(url);
  if (parts === null || `${parts[2]}/${parts[3]}` === stream) return url;
  return `${parts[1]}${appOf(stream)}/${stream.slice(appOf(stream).length + 1)}${parts[4]}`;
}

/** ISO 8601 with the offset of the server's zone, as in `2026-08-20T14:06:30.123+09:00`. */
function localTime(now: Date): string {
  const offset = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + offset * 60_000).toISOString().slice(0, -1);
  const pad = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function isLifetime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= LIFETIME_MS_MAX;
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
