/** Targets of notifications, as the API shows and takes them. Shapes only. */
import type { EventType } from './events.ts';

export type TargetInfo = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'webhook' | 'discord';
  /** Without its path, which can be a secret. */
  readonly url: string;
  readonly events: readonly EventType[];
  /** `app` or `app/stream`; empty: all. */
  readonly streams: readonly string[];
  /** In the configuration, and changed there only. */
  readonly configured: boolean;
  readonly state: TargetState;
  /** What went wrong the last time; null where nothing did. */
  readonly problem: string | null;
  /** How many events are still to be delivered. */
  readonly waiting: number;
  /** Events that were given up since the server started. */
  readonly lost: number;
  /** When one was delivered last since the server started, ISO 8601. */
  readonly delivered: string | null;
};

/** `stopped`: it said that there is nobody there any more; nothing is sent until it is tested with success. */
export type TargetState = 'ok' | 'failing' | 'stopped';

export type NewTarget = {
  readonly name: string;
  readonly kind: 'webhook' | 'discord';
  readonly url: string;
  /** `whsec_…`, for webhooks; made where it is left out. */
  readonly secret?: string | undefined;
  /** Left out: what its kind is usually told of. */
  readonly events?: readonly string[] | undefined;
  readonly streams?: readonly string[] | undefined;
};

/** What came of sending a test event at once. */
export type TargetTest = { readonly delivered: boolean; readonly message: string };
