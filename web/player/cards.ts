/** What the player says in each of its states. Every state that shows no moving picture has a card. */
import type { DegradedReason } from '../parts/playback-stats.ts';
import type { LossReason, WhepState } from '../parts/whep-client.ts';

/** The player's state, as `player.state` and the `statechange` event tell it. */
export type PlayerState =
  | 'idle' // not started: no autoplay
  | 'connecting'
  | 'waiting' // nobody publishes; starts by itself
  | 'live'
  | 'live-muted' // plays without sound, since the browser insists on a click first
  | 'degraded' // plays, and something hurts it
  | 'reconnecting'
  | 'paused'
  | 'ended'
  | 'error';

export type Card = {
  readonly look: 'waiting' | 'busy' | 'play' | 'sound' | 'error';
  readonly title: string;
  readonly text: string;
  /** What its button does, always by starting to play. */
  readonly action?: string;
};

/** What the viewer or the browser did to the playback, besides the connection's own state. */
export type Hold = 'none' | 'paused' | 'blocked';

const LOSSES: Readonly<Record<LossReason, string>> = {
  unreachable: 'The server does not answer. Trying again by itself.',
  busy: 'The server is busy. Trying again by itself.',
  full: 'All places are taken. The picture starts here by itself when one is free.',
  offline: 'Your device seems to be offline. Playback returns with the network.',
  'no-path':
    'The server answers, but no video comes through. A firewall may be in the way. Trying again.',
  'path-lost': 'The connection was lost. Bringing it back.',
  'server-gone': 'The server closed the connection. Opening a new one.',
  slept: 'Your device was asleep. Catching up with the live picture.',
  'no-picture': 'The picture could not be decoded. Starting afresh.',
  late: 'The picture fell behind. Jumping back to live.',
};

/** A restart of the server takes as long: before, a running number only makes nervous. */
const GONE_S_MIN = 3;

type ErrorState = Extract<WhepState, { phase: 'error' }>;

const ERRORS: Readonly<Record<ErrorState['reason'], { title: string; text: string }>> = {
  'not-found': {
    title: 'No such stream',
    text: 'This server does not know the address. Check it for a typing error.',
  },
  'not-allowed': {
    title: 'Not allowed',
    text: 'The server does not let you watch this stream. Ask whoever sent you the link.',
  },
  closed: {
    title: 'Closed now',
    text: 'The picture starts here by itself when it opens. Nothing to press.',
  },
  unsupported: {
    title: 'Cannot be played here',
    text: 'This browser does not support what the stream is made of. Another one may.',
  },
  'no-webrtc': {
    title: 'Cannot be played here',
    text: 'This browser has no WebRTC, or it is switched off.',
  },
  rejected: { title: 'Playback refused', text: 'The server refused this player.' },
};

const DEGRADED: Readonly<Record<DegradedReason, string>> = {
  'no-picture': 'Picture damaged',
  'picture-held': 'Picture held up',
  'packet-loss': 'Weak connection',
  stutter: 'Stuttering',
  late: 'Behind live',
};

function closedText({ detail }: ErrorState, text: string): string {
  return detail === undefined ? text : `${detail} ${text}`;
}

export function playerState(state: WhepState, hold: Hold, autoMuted: boolean): PlayerState {
  if (hold === 'paused') return 'paused';
  const { phase } = state;
  if (phase !== 'live' && phase !== 'degraded') return phase;
  if (hold === 'blocked') return 'paused';
  return autoMuted ? 'live-muted' : phase;
}

/** Whether it plays, be it sound only. */
export function isPlaying(state: PlayerState): boolean {
  return state === 'live' || state === 'live-muted' || state === 'degraded';
}

/** Undefined while the picture moves. `hasPicture`: undefined as long as nobody knows. */
export function cardOf(
  state: WhepState,
  hold: Hold,
  hasPicture: boolean | undefined,
): Card | undefined {
  if (hold === 'paused') {
    return {
      look: 'play',
      title: 'Paused',
      text: 'Continues at the live picture.',
      action: 'Play',
    };
  }
  switch (state.phase) {
    case 'idle':
      return { look: 'play', title: 'Live stream', text: 'Press play to watch.', action: 'Play' };
    case 'connecting':
      return { look: 'busy', title: 'Connecting…', text: '' };
    case 'waiting':
      return waiting(state.returning);
    case 'reconnecting':
      return reconnecting(state.reason);
    case 'ended':
      return ended(state.reason);
    case 'error': {
      const { title, text } = ERRORS[state.reason];
      if (state.reason === 'closed')
        return { look: 'waiting', title, text: closedText(state, text) };
      return { look: 'error', title, text: state.detail ?? text, action: 'Try again' };
    }
    default:
      if (hold === 'blocked') return BLOCKED;
      return hasPicture === false ? SOUND_ONLY : undefined;
  }
}

/** A few words for the badge over a picture that plays, but not well. */
export function troubleOf(state: WhepState): string | undefined {
  return state.phase === 'degraded' ? DEGRADED[state.reason] : undefined;
}

const BLOCKED: Card = {
  look: 'play',
  title: 'Ready to play',
  text: 'Your browser wants you to press play.',
  action: 'Play',
};

const SOUND_ONLY: Card = {
  look: 'sound',
  title: 'Sound only',
  text: 'This stream has no picture at present.',
};

function waiting(returning: boolean): Card {
  return returning
    ? {
        look: 'waiting',
        title: 'The stream is paused',
        text: 'It continues here by itself when the broadcaster returns.',
      }
    : {
        look: 'waiting',
        title: 'Not live yet',
        text: 'The picture starts here by itself. Nothing to press.',
      };
}

function reconnecting(reason: LossReason): Card {
  const text = LOSSES[reason];
  return reason === 'full'
    ? { look: 'waiting', title: 'Full', text }
    : { look: 'busy', title: 'Reconnecting…', text };
}

/** How long the picture has been gone, once that is worth a word: for who wonders whether to wait. */
export function goneFor(state: WhepState, nowMs: number): string | undefined {
  if (state.phase !== 'reconnecting' || state.reason === 'full') return undefined;
  const seconds = Math.floor((nowMs - state.sinceMs) / 1000);
  if (seconds < GONE_S_MIN) return undefined;
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `for ${seconds} s` : `for ${minutes} min ${seconds % 60} s`;
}

function ended(reason: 'stopped' | 'gone'): Card {
  return reason === 'stopped'
    ? { look: 'play', title: 'Stopped', text: 'Press play to watch again.', action: 'Play' }
    : { look: 'error', title: 'The stream has ended', text: 'Thank you for watching.' };
}
