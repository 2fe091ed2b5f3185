/** What an app lets whom do, and when it is open. */
import { type Hours, isWithin } from './hours.ts';

export const publishings = ['key', 'open', 'closed'] as const;
export const viewings = ['public', 'link', 'password', 'members'] as const;
export const streamKinds = ['free', 'declared'] as const;
/** What of a stream's picture is given out as a picture: nothing, the one of now, also the last one of a stream that ended. */
export const snapshotKinds = ['off', 'live', 'last'] as const;
export const protocols = ['rtmp', 'whip', 'whep', 'ovenplayer'] as const;

export type Protocol = (typeof protocols)[number];

/** One app's settings, as the configuration and the owner have set them. */
export type AppRules = {
  /** Who may publish: who has a key, anybody, nobody. */
  readonly publishing: (typeof publishings)[number];
  /** Who may watch: anybody, who has a link, who knows the password, people with an account. */
  readonly viewing: (typeof viewings)[number];
  /** Whether any stream name goes, or only those that were declared. */
  readonly streams: (typeof streamKinds)[number];
  readonly protocols: readonly Protocol[];
  /** Closed by hand. */
  readonly closed: boolean;
  /** Empty: always. */
  readonly openingHours: readonly Hours[];
  /** IANA name of the zone that the hours are in. */
  readonly timeZone: string;
  /** Closed when nothing was live for this long; 0 for never. */
  readonly closeAfterIdleHours: number;
  /** Origins of sites that may show its streams, as browsers write them; `*` for all. Our own may always. */
  readonly embedOrigins: readonly string[];
};

/** Why nobody can publish to an app now. */
export type Closing = 'app-closed' | 'outside-hours' | 'closed-idle';

const HOUR_MS = 3_600_000;

/** @param activeMs when something was live last, or when the owner opened it */
export function closingOf(app: AppRules, nowMs: number, activeMs: number): Closing | undefined {
  if (app.closed) return 'app-closed';
  if (!isWithin(app.openingHours, app.timeZone, nowMs)) return 'outside-hours';
  const idleMs = app.closeAfterIdleHours * HOUR_MS;
  return idleMs > 0 && nowMs - activeMs > idleMs ? 'closed-idle' : undefined;
}
