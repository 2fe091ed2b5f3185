/** A target of notifications: where to, what of, and how it may be shown. */

import type { Secret } from '../../access/secret.ts';
import { covers, type Target as StreamTarget } from '../../access/target.ts';
import type { EventType, ServerEvent } from '../../api/events.ts';
import type { targetKinds } from '../../api/targets.ts';
import type { StreamName } from '../../base/names.ts';
import { streamOf } from '../events/event.ts';

export type TargetKind = (typeof targetKinds)[number];

export type NotifyTarget = {
  readonly id: string;
  readonly name: string;
  readonly kind: TargetKind;
  /** A Discord webhook's URL is all that is needed to write to its channel. */
  readonly url: Secret;
  /** Signs; undefined for Discord. */
  readonly secret: Secret | undefined;
  readonly events: readonly EventType[];
  /** Events of these streams alone; empty: of all. Events that are about no stream always come. */
  readonly streams: readonly StreamTarget[];
  /** Whether it may be in a private network: the owner's word. */
  readonly mayBePrivate: boolean;
  /** From the configuration, and changed there only. */
  readonly isConfigured: boolean;
};

/** Whether it is to be told. */
export function wants(target: NotifyTarget, event: ServerEvent): boolean {
  if (!target.events.includes(event.type)) return false;
  // It would only grow the queue that does not empty.
  if (event.type === 'target.failing' && event.data.target === target.name) return false;
  const stream = streamOf(event);
  if (stream === undefined || target.streams.length === 0) return true;
  return target.streams.some((one) => covers(one, stream as StreamName));
}

/** `https://discord.com/api/webhooks/<id>/<token>`, with a version and a thread where there is one. */
const DISCORD_PATH = /^\/api\/(v\d+\/)?webhooks\/\d+\/[\w-]+\/?$/;

/** What is wrong with a target's URL, for who typed it: completes "it must be ...". */
export function urlProblem(kind: TargetKind, text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'a URL that begins with https:// or http://';
  }
  if (kind === 'discord' && !DISCORD_PATH.test(url.pathname)) {
    return 'the webhook URL as Discord copies it: https://discord.com/api/webhooks/NUMBER/TOKEN';
  }
  return undefined;
}

/** The part of a URL that may be shown: path, query and password can be secrets. */
export function shownUrl(url: Secret): string {
  return `${URL.parse(url.reveal())?.origin ?? ''}/…`;
}
