/** All targets: those of the configuration, and those that were added while the server ran. */

import { Secret } from '../../access/secret.ts';
import { parseTarget, type Target as StreamTarget } from '../../access/target.ts';
import { EVENT_TYPES, type EventType } from '../../api/events.ts';
import type { NewTarget, TargetChange } from '../../api/targets.ts';
import { usualEvents } from '../../api/usual-events.ts';
import { newId } from '../store/ids.ts';
import { newWebhookSecret, parseWebhookSecret } from './standard-webhook.ts';
import { type NotifyTarget, urlProblem } from './target.ts';
import type { TargetTable } from './target-table.ts';

/** Each costs a connection for every event. */
const TARGETS_MAX = 50;
/** As people name things. */
const NAME = /^[^\p{C}]{1,64}$/u;

/** What is wrong with a new target: `<field> must be <mustBe>`. */
export type TargetProblem = {
  readonly field: keyof NewTarget | 'targets';
  readonly mustBe: string;
};

export class TargetList {
  readonly #table: TargetTable;
  readonly #configured: readonly NotifyTarget[];

  constructor(table: TargetTable, configured: readonly NotifyTarget[]) {
    this.#table = table;
    this.#configured = configured;
  }

  get all(): readonly NotifyTarget[] {
    return [...this.#configured, ...this.#table.list()];
  }

  find(id: string): NotifyTarget | undefined {
    return this.all.find((target) => target.id === id);
  }

  /** @param mayBePrivate whether who adds it may have us call addresses of our own network */
  add(wanted: NewTarget, mayBePrivate: boolean, nowMs: number): NotifyTarget | TargetProblem {
    if (this.all.length >= TARGETS_MAX) {
      return { field: 'targets', mustBe: `${TARGETS_MAX} at most: remove one first` };
    }
    const target = toTarget(newId(), wanted, { mayBePrivate, isConfigured: false });
    if ('mustBe' in target) return target;
    this.#table.add(target, nowMs);
    return target;
  }

  /**
   * What it is to be, as far as it can be. Stores nothing.
   * @param mayBePrivate of a new address
   */
  changed(
    before: NotifyTarget,
    change: TargetChange,
    mayBePrivate: boolean,
  ): NotifyTarget | TargetProblem {
    const { id, kind, isConfigured } = before;
    const {
      name = before.name,
      url = before.url.reveal(),
      secret = before.secret?.reveal(),
      events = before.events,
      streams = before.streams,
    } = change;
    const isThere = url === before.url.reveal();
    const from = { mayBePrivate: isThere ? before.mayBePrivate : mayBePrivate, isConfigured };
    return toTarget(id, { name, kind, url, secret: secret ?? undefined, events, streams }, from);
  }

  /** Stores it. */
  replace(target: NotifyTarget): void {
    this.#table.update(target);
  }

  remove(id: string): 'removed' | 'unknown' | 'configured' {
    if (this.find(id)?.isConfigured) return 'configured';
    return this.#table.remove(id) ? 'removed' : 'unknown';
  }
}

/** Checks what somebody wrote. */
export function toTarget(
  id: string,
  wanted: NewTarget,
  from: Pick<NotifyTarget, 'mayBePrivate' | 'isConfigured'>,
): NotifyTarget | TargetProblem {
  const { name, kind, url } = wanted;
  if (!NAME.test(name)) return { field: 'name', mustBe: '1 to 64 characters' };
  const badUrl = urlProblem(kind, url);
  if (badUrl !== undefined) return { field: 'url', mustBe: badUrl };
  const secret = secretOf(wanted);
  if (secret !== undefined && 'mustBe' in secret) return secret;
  const events = eventsOf(wanted);
  if ('mustBe' in events) return events;
  const streams = streamsOf(wanted);
  if ('mustBe' in streams) return streams;
  return { id, name, kind, url: new Secret(url, 'webhook URL'), secret, events, streams, ...from };
}

function secretOf({ kind, secret }: NewTarget): Secret | TargetProblem | undefined {
  if (kind === 'discord') {
    return secret === undefined
      ? undefined
      : { field: 'secret', mustBe: 'left out: Discord checks no signatures' };
  }
  if (secret === undefined) return newWebhookSecret();
  return (
    parseWebhookSecret(secret) ?? {
      field: 'secret',
      mustBe: 'whsec_ and base64 of 24 to 64 bytes, as of: echo "whsec_$(openssl rand -base64 32)"',
    }
  );
}

function eventsOf({ kind, events }: NewTarget): readonly EventType[] | TargetProblem {
  if (events === undefined || events.length === 0) return usualEvents(kind);
  const known = EVENT_TYPES.filter((type) => events.includes(type));
  if (events.every((word) => known.some((type) => type === word))) return known;
  return { field: 'events', mustBe: `some of ${EVENT_TYPES.join(', ')}` };
}

function streamsOf({ streams = [] }: NewTarget): readonly StreamTarget[] | TargetProblem {
  const read = streams.map(parseTarget);
  return read.every((one) => one !== undefined)
    ? read
    : { field: 'streams', mustBe: 'names of apps (show) or streams (show/slot-1)' };
}
