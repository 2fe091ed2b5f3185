/**
 * What the server tells of: the JSON of `GET /api/events`, of signed webhooks and of the kept log.
 * Shapes only; imports nothing. docs/reference/events.md explains each.
 */
import type { TallyState } from './guests.ts';
import type { FindingCode } from './streams.ts';

/** What each type of event says. Times are ISO 8601, `stream` is `app/stream`. */
export type EventData = {
  /** A stream has a picture or a sound, after it had none for a while. */
  readonly 'stream.live': {
    readonly stream: string;
    readonly protocol: PublishProtocol;
    /** Names this live period: the same in its `stream.replaced` and `stream.ended`. */
    readonly period: string;
    readonly since: string;
    /** Where people watch it. */
    readonly watchUrl: string;
  };
  /** It has had neither for longer than `events.ended_after`; `until` is when the last of it came. */
  readonly 'stream.ended': {
    readonly stream: string;
    readonly period: string;
    readonly reason: string;
    readonly since: string;
    readonly until: string;
    readonly durationMs: number;
    /** The most that watched at once. */
    readonly peakViewers: number;
    readonly watchUrl: string;
  };
  /** Another publisher took the name over while it was live. */
  readonly 'stream.replaced': {
    readonly stream: string;
    readonly protocol: PublishProtocol;
    readonly period: string;
  };
  /** Something about a publisher's settings, clock or network hurts its viewers, or does so no longer. */
  readonly 'publisher.finding': {
    readonly stream: string;
    readonly code: FindingCode;
    readonly severity: 'problem' | 'information';
    readonly isOver: boolean;
    readonly message: string;
  };
  /** At most one for each stream in 2 s; not kept. */
  readonly 'viewers.changed': {
    readonly stream: string;
    readonly viewers: number;
    /** Of this live period; 0 while the stream is not live. */
    readonly peakViewers: number;
  };
  /** The producer takes a picture on air, or off; not kept. */
  readonly 'tally.changed': { readonly stream: string; readonly state: TallyState };
  /** A browser opens an invite that it did not know. */
  readonly 'invite.opened': {
    readonly invite: string;
    /** The guest's. */
    readonly name: string;
    readonly address: string;
  };
  /** An invite is good no more: its guest is cut off. */
  readonly 'invite.revoked': { readonly invite: string; readonly name: string };
  /** Somebody asked to publish without the right key. The like from one network within a minute is counted, not repeated. */
  readonly 'key.refused': {
    readonly stream: string | null;
    readonly protocol: string;
    /** Null where they came from too many to tell apart. */
    readonly address: string | null;
    readonly reason: string;
    readonly message: string;
    readonly count: number;
  };
  /** Somebody was turned away at a limit. Counted like `key.refused`. */
  readonly 'limit.reached': {
    readonly stream: string | null;
    readonly protocol: string;
    readonly address: string | null;
    readonly message: string;
    readonly count: number;
  };
  /** Of what may go out to viewers in a month, most or all has gone out. Nobody is turned away for it. */
  readonly 'allowance.used': {
    /** `2026-05`, of UTC. */
    readonly month: string;
    /** That were reached. */
    readonly percent: 80 | 100;
    /** Payloads only. */
    readonly sentBytes: number;
    readonly allowedBytes: number;
  };
  /** A certificate could not be obtained, or will soon be of no use. */
  readonly 'certificate.trouble': {
    readonly host: string;
    readonly message: string;
    /** Null where there is none yet. */
    readonly expires: string | null;
  };
  /** Little is left of the disk that holds the state, or enough again. */
  readonly 'disk.low': {
    readonly freeBytes: number;
    readonly totalBytes: number;
    readonly isOver: boolean;
    readonly message: string;
  };
  /** A target of notifications did not take them for so long that some were given up. */
  readonly 'target.failing': {
    /** Its name. */
    readonly target: string;
    readonly lost: number;
    readonly message: string;
  };
  /** Sent to one target alone, when somebody tries it out. */
  readonly 'target.test': { readonly target: string };
};

/** Every type, for those who choose among them. */
export const EVENT_TYPES = [
  'stream.live',
  'stream.ended',
  'stream.replaced',
  'publisher.finding',
  'viewers.changed',
  'tally.changed',
  'invite.opened',
  'invite.revoked',
  'key.refused',
  'limit.reached',
  'allowance.used',
  'certificate.trouble',
  'disk.low',
  'target.failing',
  'target.test',
] as const satisfies readonly (keyof EventData)[];

export type EventType = (typeof EVENT_TYPES)[number];

export type PublishProtocol = 'rtmp' | 'whip' | 'demo';

/** One event, told at `timestamp`. */
export type EventOf<Type extends EventType> = {
  readonly type: Type;
  readonly timestamp: string;
  readonly data: EventData[Type];
};
/** Any of these types. */
export type OneOf<Types extends EventType> = { readonly [Type in Types]: EventOf<Type> }[Types];
export type ServerEvent = OneOf<EventType>;

/** As kept: numbered, so that a client that was away can ask for what came after. */
export type KeptEvent = ServerEvent & { readonly id: number };
