/**
 * Discord's webhooks: one message for each live period, written when it begins and edited when it ends.
 * https://docs.discord.com/developers/resources/webhook
 */

import { duration, sentenceOf, viewers } from '../../api/event-sentences.ts';
import type { EventType, ServerEvent } from '../../api/events.ts';
import type { OutboundAnswer } from '../outbound/outbound.ts';
import { retryAfterMs, type Verdict } from './verdict.ts';

export type DiscordCall = {
  readonly method: 'POST' | 'PATCH';
  readonly url: string;
  readonly body: string;
};

/** Of the bar at a message's left, 0xRRGGBB. */
const COLOURS = { live: 0xe5_39_35, over: 0x75_75_75, good: 0x43_a0_47, bad: 0xfb_8c_00 } as const;
/** What Discord takes. */
const DESCRIPTION_LENGTH_MAX = 4096;
/** Its words for what is not there any more (https://docs.discord.com/developers/topics/opcodes-and-status-codes). */
const UNKNOWN_MESSAGE = 10008;
const UNKNOWN_WEBHOOK = 10015;

/** @param message the one to edit; undefined: a new one */
export function discordCall(
  webhook: string,
  event: ServerEvent,
  message: string | undefined,
): DiscordCall {
  const url = new URL(webhook);
  url.pathname = url.pathname.replace(/\/$/, '');
  const body = JSON.stringify({
    embeds: [embedOf(event)],
    // Nobody is pinged by what a stream is called or a message says.
    allowed_mentions: { parse: [] },
  });
  if (message === undefined) {
    url.searchParams.set('wait', 'true'); // or the answer would not say which message it became
    return { method: 'POST', url: url.href, body };
  }
  url.pathname += `/messages/${message}`;
  return { method: 'PATCH', url: url.href, body };
}

/** What Discord's answer means. */
export function discordVerdict(answer: OutboundAnswer, nowMs: number): Verdict {
  const { status, headers } = answer;
  const body = bodyOf(answer);
  if (status >= 200 && status < 300) {
    const message = typeof body['id'] === 'string' ? body['id'] : undefined;
    return { outcome: 'done', message, holdMs: holdMs(headers) };
  }
  const own = typeof body['code'] === 'number' ? refusal(status, body['code']) : undefined;
  if (own !== undefined) return own;
  const seconds = body['retry_after']; // finer than the header
  const asked = typeof seconds === 'number' ? String(seconds) : headers['retry-after'];
  return {
    outcome: 'again',
    afterMs: retryAfterMs(asked, nowMs),
    why: `Discord answers ${status}`,
    attemptsMax: undefined,
  };
}

/** What will not change by itself. A code tells Discord's own word from that of a gateway in front of it, which passes. */
function refusal(status: number, code: number): Verdict | undefined {
  const why = `Discord answers ${status}`;
  if (status === 401 || status === 403 || code === UNKNOWN_WEBHOOK) {
    return { outcome: 'stopped', why: `${why}: this webhook was deleted` };
  }
  // Somebody deleted it in the channel, and wants to read no more of it.
  if (code === UNKNOWN_MESSAGE) return { outcome: 'done', message: undefined, holdMs: 0 };
  return status === 404 || status === 400 ? { outcome: 'dropped', why } : undefined;
}

/** Discord says with each answer whether the next would be too early. */
function holdMs(headers: OutboundAnswer['headers']): number {
  const header = (name: string) => String(headers[name] ?? '');
  if (header('x-ratelimit-remaining') !== '0') return 0;
  return retryAfterMs(header('x-ratelimit-reset-after'), 0) ?? 0;
}

function bodyOf({ body }: OutboundAnswer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {}; // a gateway's page in front of it
  }
}

type Embed = {
  readonly title: string;
  readonly description: string;
  readonly url?: string;
  readonly color: number;
  readonly timestamp: string;
};

function embedOf(event: ServerEvent): Embed {
  if (event.type === 'stream.live') {
    const { stream, since, watchUrl } = event.data;
    return {
      title: `${escaped(stream)} is live`,
      description: `Watch: ${watchUrl}`,
      ...linkTo(watchUrl),
      color: COLOURS.live,
      timestamp: since,
    };
  }
  if (event.type === 'stream.ended') {
    const { stream, since, durationMs, peakViewers, watchUrl } = event.data;
    return {
      title: `${escaped(stream)} was live`,
      description: `Ended after ${duration(durationMs)}, peak ${viewers(peakViewers)}.`,
      ...linkTo(watchUrl),
      color: COLOURS.over,
      timestamp: since,
    };
  }
  return {
    title: TITLES[event.type],
    description: escaped(sentenceOf(event)).slice(0, DESCRIPTION_LENGTH_MAX),
    color: isGood(event) ? COLOURS.good : COLOURS.bad,
    timestamp: event.timestamp,
  };
}

const TITLES: Readonly<Record<Exclude<EventType, 'stream.live' | 'stream.ended'>, string>> = {
  'stream.replaced': 'Another publisher',
  'publisher.finding': 'Publisher',
  'viewers.changed': 'Viewers',
  'tally.changed': 'Tally',
  'invite.opened': 'Guest',
  'invite.revoked': 'Invite revoked',
  'key.refused': 'Publishing refused',
  'limit.reached': 'Limit reached',
  'allowance.used': 'Monthly allowance',
  'certificate.trouble': 'Certificate',
  'disk.low': 'Disk',
  'target.failing': 'Notifications',
  'target.test': 'Test',
};

const GOOD: ReadonlySet<EventType> = new Set([
  ...(['target.test', 'viewers.changed', 'stream.replaced'] as const),
  ...(['tally.changed', 'invite.opened'] as const),
]);

function isGood({ type, data }: ServerEvent): boolean {
  if ('isOver' in data) return data.isOver;
  return GOOD.has(type);
}

/** Discord refuses a message whose title links to where it sees no host of the internet, such as localhost. */
function linkTo(url: string): { readonly url: string } | object {
  return URL.parse(url)?.hostname.includes('.') ? { url } : {};
}

/** Markdown's own characters, as `_` of a stream's name. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()]/g, '\\$&');
}
