import { Backoff } from './backoff.ts';
import {
  type PublishSample,
  type PublishStats,
  publishStats,
  readPublishing,
} from './publish-stats.ts';
import type { PathState } from './sdp-resource.ts';
import {
  type RejectedReason,
  type Rejection,
  type Sending,
  type SentTracks,
  type WhipEnvironment,
  WhipSession,
} from './whip-session.ts';

export type WhipState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly sinceMs: number }
  /** What we send arrives. */
  | { readonly phase: 'live'; readonly sinceMs: number }
  | { readonly phase: 'reconnecting'; readonly sinceMs: number; readonly reason: SendLossReason }
  | { readonly phase: 'ended' }
  /** It is up to the person what happens next. */
  | {
      readonly phase: 'refused';
      readonly reason: RejectedReason;
      readonly detail: string | undefined;
    };

export type SendLossReason =
  | 'unreachable' // the server does not answer HTTP
  | 'busy' // it answers that it cannot now: 429, 5xx
  | 'offline' // the browser says that there is no network
  | 'no-path' // HTTP works, media's way never came up: UDP and TCP are blocked
  | 'path-lost' // it was up
  | 'server-gone' // the server closed the session: it restarts, or somebody ended it
  | 'slept'; // the device was asleep

/** What the page knows and this client cannot: it has no DOM. */
export type SendHint = 'online' | 'offline' | 'visible';

export type WhipOptions = {
  /** Absolute URL of the stream's WHIP endpoint. */
  readonly endpoint: string;
  /** Puts out whoever is live there, once. */
  readonly takesOver: boolean;
};

export type WhipListeners = {
  readonly state: (state: WhipState) => void;
  /** Once a second while there is a session. */
  readonly stats: (stats: PublishStats) => void;
};

/** The clock, and what a session needs. Injected, so that tests run in virtual time. */
export type WhipClientEnvironment = WhipEnvironment & {
  readonly nowMs: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
  /** 0 to 1. */
  readonly random: () => number;
};

const TICK_MS = 1_000;
/** From the answer to a path that carries media; long enough for TCP through a slow proxy at the third try. */
const CONNECT_MS_MAX = [4_000, 6_000, 10_000] as const;
/** What an ICE restart may take before a new session is the quicker way: the server waits 5 s for a publisher. */
const RESTART_MS_MAX = 4_000;
/** Browsers check a path every 2.5 to 6 s (RFC 7675 §5.1): no answer for longer, and it is lost. */
const PATH_SILENCE_MS = 10_000;
/** A tick that comes so late means that the device slept, and the server has given the session up. */
const SLEEP_MS = 8_000;
/** Live for so long: what was wrong before is over, the next retry is quick again. */
const SETTLED_MS = 5_000;
/** A server that said goodbye still answers HTTP for a moment, and what it gives then is worth nothing. */
const GOODBYE_MS = 600;
/** Ways to try, one after the other, where media finds none: as the app is set, everything, and what passes most firewalls. */
const TRANSPORTS = [undefined, 'udptcp', 'tcp'] as const;

/**
 * Publishes one stream by WHIP and keeps it live: notices what breaks and mends it with the smallest remedy (nothing, an ICE
 * restart, a new session, a later new session). What the server refuses is left to the person.
 */
export class WhipClient {
  readonly #listeners: WhipListeners;
  readonly #environment: WhipClientEnvironment;
  readonly #backoff: Backoff;
  #options: WhipOptions | undefined;
  #tracks: SentTracks = { video: null, audio: null };
  #sending: Sending;
  #state: WhipState = { phase: 'idle' };
  #session: WhipSession | undefined;
  #sample: PublishSample | undefined;
  /** Undefined while there is no path. */
  #upSinceMs: number | undefined;
  #restarting = false;
  #takesOver = false;
  #pathFailures = 0;
  #offline = false;
  #lastTickMs = 0;
  #checksAtMs = 0;
  #step: number | undefined;
  #tick: number | undefined;

  constructor(sending: Sending, listeners: WhipListeners, environment: WhipClientEnvironment) {
    this.#sending = sending;
    this.#listeners = listeners;
    this.#environment = environment;
    this.#backoff = new Backoff(() => environment.random());
  }

  get state(): WhipState {
    return this.#state;
  }

  /** Goes live. While already at it: begins anew. */
  start(options: WhipOptions, tracks: SentTracks): void {
    this.#options = options;
    this.#tracks = tracks;
    this.#takesOver = options.takesOver;
    this.#backoff.reset();
    this.#pathFailures = 0;
    this.#lastTickMs = this.#environment.nowMs();
    this.#schedule();
    this.#set({ phase: 'connecting', sinceMs: this.#environment.nowMs() });
    this.#connect();
  }

  /** Ends the session, at the server too. */
  stop(): void {
    if (this.#running || this.#state.phase === 'refused') this.#end({ phase: 'ended' });
  }

  /** Another source, or none for now, also while live. */
  replace(kind: 'video' | 'audio', track: MediaStreamTrack | null): void {
    this.#tracks = { ...this.#tracks, [kind]: track };
    void this.#session?.replace(kind, track);
  }

  /** From now on this well, also while live. */
  adjust(sending: Sending): void {
    this.#sending = sending;
    void this.#session?.adjust(sending);
  }

  hint(hint: SendHint): void {
    if (!this.#running) return;
    if (hint === 'visible') void this.#onTick();
    if (hint === 'offline') this.#offline = true;
    if (hint !== 'online') return;
    this.#offline = false;
    this.#backoff.reset();
    // Whatever the session's sockets were bound to is likely gone, even if ICE has not noticed yet.
    this.#lose('offline');
  }

  get #running(): boolean {
    const { phase } = this.#state;
    return phase === 'connecting' || phase === 'live' || phase === 'reconnecting';
  }

  #connect(): void {
    this.#drop();
    const session = new WhipSession(this.#environment, this.#sending, (path) => {
      if (session === this.#session) this.#onPath(path);
    });
    this.#session = session;
    const failed: Rejection = { kind: 'later', reason: 'unreachable', afterMs: 0 };
    session.open(this.#endpoint(), this.#tracks).then(
      (rejection) => this.#onOpened(session, rejection),
      () => this.#onOpened(session, failed),
    );
  }

  #endpoint(): string {
    const url = new URL(this.#options?.endpoint ?? '');
    const transport = TRANSPORTS[this.#pathFailures % TRANSPORTS.length];
    if (transport !== undefined) url.searchParams.set('transport', transport);
    if (this.#takesOver) url.searchParams.set('takeover', '1');
    return url.href;
  }

  #onOpened(session: WhipSession, rejection: Rejection | undefined): void {
    if (session !== this.#session) return;
    if (rejection?.kind === 'refused') {
      const { reason, detail } = rejection;
      this.#end({ phase: 'refused', reason, detail });
    } else if (rejection !== undefined) {
      this.#retry(this.#offline ? 'offline' : rejection.reason, rejection.afterMs);
    } else if (this.#upSinceMs === undefined) {
      // The path may be up before the promise is.
      const limitMs = CONNECT_MS_MAX[this.#pathFailures] ?? CONNECT_MS_MAX[2];
      this.#after(limitMs, () => this.#onNoPath());
    }
  }

  #onNoPath(): void {
    this.#pathFailures += 1;
    this.#retry('no-path', 0);
  }

  #onPath(path: PathState): void {
    if (path === 'up') this.#onUp();
    else if (path === 'gone') this.#onGone();
    // Before the first `up` the deadline decides: ICE may yet find another way.
    else if (this.#upSinceMs !== undefined) this.#lose('path-lost');
    else if (path === 'down' && !this.#restarting) this.#onNoPath();
  }

  #onUp(): void {
    const nowMs = this.#environment.nowMs();
    this.#clearStep();
    this.#upSinceMs = nowMs;
    this.#checksAtMs = nowMs;
    this.#restarting = false;
    this.#pathFailures = 0;
    this.#takesOver = false;
    this.#set({ phase: 'live', sinceMs: nowMs });
  }

  /** The server closed the session: it restarts, or whoever runs it wants this picture to end. */
  #onGone(): void {
    const session = this.#session;
    this.#reconnecting('server-gone');
    this.#upSinceMs = undefined;
    this.#after(GOODBYE_MS, () => {
      void session?.farewell().then((rejection) => {
        if (session === this.#session) this.#onFarewell(rejection);
      });
    });
  }

  #onFarewell(rejection: Rejection | undefined): void {
    if (rejection?.kind !== 'refused') this.#retry('server-gone', 0);
    else this.#end({ phase: 'refused', reason: rejection.reason, detail: rejection.detail });
  }

  /** The path does not carry any more: an ICE restart keeps the session, and with it the viewers' picture. */
  #lose(reason: SendLossReason): void {
    const session = this.#session;
    if (session === undefined || this.#upSinceMs === undefined) {
      this.#retry(reason, 0);
      return;
    }
    this.#reconnecting(reason);
    this.#upSinceMs = undefined;
    this.#restarting = true;
    this.#sample = undefined;
    this.#after(RESTART_MS_MAX, () => this.#retry(reason, 0));
    void session.restartIce().then((restarted) => {
      if (session !== this.#session || !this.#restarting) return;
      if (!restarted) this.#retry(reason, 0);
    });
  }

  /** A new session; at once at first, then later and later. */
  #retry(reason: SendLossReason, afterMs: number): void {
    this.#reconnecting(reason);
    this.#drop();
    this.#after(this.#backoff.next(afterMs), () => this.#connect());
  }

  #reconnecting(reason: SendLossReason): void {
    const state = this.#state;
    const sinceMs = state.phase === 'reconnecting' ? state.sinceMs : this.#environment.nowMs();
    this.#set({ phase: 'reconnecting', sinceMs, reason });
  }

  #end(state: WhipState): void {
    this.#drop();
    this.#clear(this.#tick);
    this.#tick = undefined;
    this.#set(state);
  }

  #drop(): void {
    this.#clearStep();
    this.#session?.close();
    this.#session = undefined;
    this.#upSinceMs = undefined;
    this.#restarting = false;
    this.#sample = undefined;
  }

  async #onTick(): Promise<void> {
    const session = this.#session;
    const startedMs = this.#environment.nowMs();
    const gapMs = startedMs - this.#lastTickMs;
    this.#lastTickMs = startedMs;
    this.#schedule();
    const report = await session?.readReport();
    if (session !== this.#session || report === undefined || !this.#running) return;
    const sample = readPublishing(report, this.#environment.nowMs());
    this.#listeners.stats(publishStats(sample, this.#sample));
    const before = this.#sample;
    this.#sample = sample;
    if (hasAnswered(sample, before)) this.#checksAtMs = sample.atMs;
    // After an ICE restart Chromium may say nothing at all: to it the connection was never lost.
    if (this.#restarting && before !== undefined && this.#checksAtMs === sample.atMs) this.#onUp();
    if (this.#upSinceMs !== undefined) this.#judge(sample.atMs, gapMs);
  }

  #judge(nowMs: number, gapMs: number): void {
    // The server waits 5 s for a publisher; the ICE restart that comes first costs one request.
    if (gapMs > SLEEP_MS) this.#lose('slept');
    else if (nowMs - this.#checksAtMs > PATH_SILENCE_MS) this.#lose('path-lost');
    else if (nowMs - (this.#upSinceMs ?? nowMs) >= SETTLED_MS) this.#backoff.reset();
  }

  #schedule(): void {
    this.#clear(this.#tick);
    this.#tick = this.#environment.setTimer(() => void this.#onTick(), TICK_MS);
  }

  #after(delayMs: number, next: () => void): void {
    this.#clearStep();
    this.#step = this.#environment.setTimer(next, delayMs);
  }

  #clearStep(): void {
    this.#clear(this.#step);
    this.#step = undefined;
  }

  #clear(timer: number | undefined): void {
    if (timer !== undefined) this.#environment.clearTimer(timer);
  }

  #set(state: WhipState): void {
    this.#state = state;
    this.#listeners.state(state);
  }
}

/** The server has answered an ICE check since the last look. A browser that does not count them is believed. */
function hasAnswered(now: PublishSample, before: PublishSample | undefined): boolean {
  if (now.checks === undefined) return true;
  return before?.checks === undefined || now.checks > before.checks;
}
