import './badge.css';
import type { ComponentChildren } from 'preact';
import { Icon, type IconNode } from './icon.tsx';

export type Tone = 'neutral' | 'accent' | 'good' | 'warning' | 'error' | 'live';

/** A word or two about a thing. Its colour only repeats what it says. */
export function Badge({
  tone = 'neutral',
  icon,
  children,
}: {
  readonly tone?: Tone;
  readonly icon?: IconNode;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`ui-badge ui-badge-${tone}`}>
      {icon && <Icon of={icon} size={14} />}
      {children}
    </span>
  );
}

/** What a stream, a tile or a connection can be. */
export type Status =
  | 'live'
  | 'waiting'
  | 'connecting'
  | 'reconnecting'
  | 'degraded'
  | 'paused'
  | 'ended'
  | 'failing'
  | 'expired'
  | 'revoked'
  | 'good'
  | 'off';

const STATUSES: Readonly<Record<Status, readonly [tone: Tone, words: string]>> = {
  live: ['live', 'Live'],
  waiting: ['neutral', 'Waiting'],
  connecting: ['accent', 'Connecting'],
  reconnecting: ['warning', 'Reconnecting'],
  degraded: ['warning', 'In trouble'],
  paused: ['neutral', 'Paused'],
  ended: ['neutral', 'Ended'],
  failing: ['error', 'Failing'],
  expired: ['neutral', 'Expired'],
  revoked: ['neutral', 'Revoked'],
  good: ['good', 'Good'],
  off: ['neutral', 'Off'],
};

/** A status in its usual word, or in `children`. */
export function StatusBadge({
  of,
  children,
}: {
  readonly of: Status;
  readonly children?: ComponentChildren;
}) {
  const [tone, words] = STATUSES[of];
  return <Badge tone={tone}>{children ?? words}</Badge>;
}
