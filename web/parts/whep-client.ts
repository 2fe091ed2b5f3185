import { Backoff } from './backoff.ts';
import {
  type DegradedReason,
  type Flow,
  FlowMeter,
  type PlaybackStats,
  readReport,
} from './playback-stats.ts';
import type { PathState } from './sdp-resource.ts';
import {
  type Refusal,
  type RefusedReason,
  type WhepEnvironment,
  WhepSession,
} from './whep-session.ts';

export type WhepState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly sinceMs: number }
  /** The session stands; nobody publishes. `returning`: there has been a picture before. */
  | { readonly phase: 'waiting'; readonly sinceMs: number; readonly returning: boolean }
  | { readonly phase: 'live'; readonly sinceMs: number }
  | { readonly phase: 'degraded'; readonly sinceMs: number; readonly reason: DegradedReason }
  | { readonly phase: 'reconnecting'; readonly sinceMs: number; readonly reason: LossReason }
  | { readonly phase: 'ended'; readonly reason: 'stopped' | 'gone' }
  | {
      readonly phase: 'error';
      readonly reason: Exclude<RefusedReason, 'gone'>;
      /** The server's own sentence about it. */
      readonly detail: string | undefined;
    };

export type LossReason =
  | 'unreachable' // the server does not answer HTTP
  | 'busy' // it answers that it cannot now: 429, 5xx
  | 'full' // it answers that all places are taken
  | 'offline' // the browser says that there is no network
  | 'no-path' // HTTP works, media's way never came up
  | 'path-lost' // it was up
  | 'server-gone' // the server closed the session: it restarts, or it has to offer anew
  | 'slept' // the tab or the device was asleep
  | 'no-picture' // nothing decodable for long
  | 'late'; // seconds behind live, and not catching up

/** What the page knows and this client cannot: it has no DOM. */
export type Hint =
  | 'online'
  | 'offline'
  | 'visible' // the tab came to the front
  | 'picture'; // a frame was painted

export type WhepOptions = {
  /** Absolute URL of the stream's WHEP endpoint. */
  readonly endpoint: string;
  /** How media may travel; undefined: as the server's app is configured. */
  readonly transport: WhepTransport | undefined;
};
export type WhepTransport = 'udp' | 'tcp' | 'udptcp';

export type WhepListeners = {
  readonly state: (state: WhepState) => void;
  /** The tracks to play, anew for each session. */
  readonly tracks: (tracks: readonly MediaStreamTrack[]) => void;
  /** Once a second while there is a session. */
  readonly stats: (stats: PlaybackStats) => void;
};

/** The clock, and what a session needs. Injected, so that tests run in virtual time. */
export type ClientEnvironment = WhepEnvironment & {
  readonly nowMs: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
  /** 0 to 1. */
  readonly random: () => number;
};

const TICK_MS = 1_000;
/** While the first picture is due; the page says so itself, but not from a tab in the background. */
const TICK_MS_EAGER = 250;
/**
 * From the answer to a path that carries media. Short at first, since an answer can be the last thing that a stopping
 * server gave; later long enough for TCP through a slow proxy.
 */
const CONNECT_MS_MAX = [2_500, 5_000, 8_000] as const;
/** What an ICE restart may take before a new session is the quicker way. */
const RESTART_MS_MAX = 4_000;
/** A live stream's first frame follows its path within this; only then it is fair to say that nobody publishes. */
const FIRST_PICTURE_MS = 1_500;
/**
 * No media packet for so long: the publisher is gone, or the path is. A path that lives has answered an ICE check by
 * then: Chromium sends one every 2.5 s, and needs twice as long as this to call a path lost.
 */
const SILENCE_MS = 3_000;
/** The same while there is no media to expect. Browsers check every 2.5 to 6 s (RFC 7675 §5.1). */
const PATH_SILENCE_MS = 10_000;
/** A tick that comes so late means that the tab or the device slept. */
const SLEEP_MS = 5_000;
/** After that the server has given the session up (consent, RFC 7675), so a restart would only cost time. */
const SESSION_LOST_MS = 25_000;
/** How long `no-picture` or `late` may last before a new session is the remedy. */
const REMEDY_MS = 8_000;
/** A path that is too slow for the stream stays so: after that many new sessions the picture is left as it is. */
const REMEDIES_MAX = 3;
/** Live and good for so long: what was wrong before is over, the next retry is quick again. */
const SETTLED_MS = 5_000;
/** A server that said goodbye still answers HTTP for a moment, and what it gives then is worth nothing. */
const GOODBYE_MS = 600;
/** A refusal may be mended at the server; an unattended player (an OBS source) should notice, cheaply. */
const REFUSED_RETRY_MS = 30_000;

/**
 * Plays one stream by WHEP and keeps it playing: waits for a publisher, notices what breaks and mends it with the
 * smallest remedy (nothing, an ICE restart, a new session, a later new session).
 */
export class WhepClient {
  readonly #options: WhepOptions;
  readonly #listeners: WhepListeners;
  readonly #environment: ClientEnvironment;
  readonly #backoff: Backoff;
  #state: WhepState = { phase: 'idle' };
  #session: WhepSession | undefined;
  #meter = new FlowMeter();
  /** Undefined while there is no path. */
  #upSinceMs: number | undefined;
  #restarting = false;
  #wasLive = false;
  #pathFailures = 0;
  #offline = false;
  #lastTickMs = 0;
  /** Asleep for so long before the last tick; judged at the next one, when it is known what still moves. */
  #sleptMs = 0;
  #pathAliveMs = 0;
  #hurtSinceMs: number | undefined;
  #wellSinceMs: number | undefined;
  /** The deadline or retry of the step we are in; there is never more than one. */
  #step: number | undefined;
  #tick: number | undefined;

  constructor(options: WhepOptions, listeners: WhepListeners, environment: ClientEnvironment) {
    this.#options = options;
    this.#listeners = listeners;
    this.#environment = environment;
    this.#backoff = new Backoff(() => environment.random());
  }

  get state(): WhepState {
    return this.#state;
  }

  /** Connects. While already at it: tries again now. */
  start(): void {
    this.#backoff.reset();
    this.#lastTickMs = this.#environment.nowMs();
    this.#schedule();
    this.#set({ phase: 'connecting', sinceMs: this.#environment.nowMs() });
    this.#connect();
  }

  /** Ends the session, at the server too. */
  stop(): void {
    this.#end({ phase: 'ended', reason: 'stopped' });
  }

  hint(hint: Hint): void {
    if (!this.#running) return;
    if (hint === 'picture') this.#onPicture();
    if (hint === 'visible') void this.#onTick();
    if (hint === 'offline') this.#offline = true;
    if (hint !== 'online') return;
    this.#offline = false;
    this.#backoff.reset();
    // Whatever the session's sockets were bound to is likely gone, even if ICE has not noticed yet.
    this.#lose('offline');
  }

  get #running(): boolean {
    return this.#state.phase !== 'idle' && this.#state.phase !== 'ended';
  }

  #connect(): void {
    this.#drop();
    const session = new WhepSession(this.#environment, {
      path: (path) => {
        if (session === this.#session) this.#onPath(path);
      },
      tracks: (tracks) => {
        if (session === this.#session) this.#listeners.tracks(tracks);
      },
    });
    this.#session = session;
    const failed: Refusal = { kind: 'later', reason: 'unreachable', afterMs: 0 };
    session.open(this.#endpoint()).then(
      (refusal) => this.#onOpened(session, refusal),
      () => this.#onOpened(session, failed),
    );
  }

  /** Every second failure of the path asks for the transports that the app would not have given by itself. */
  #endpoint(): string {
    const url = new URL(this.#options.endpoint);
    const transport =
      this.#options.transport ?? (this.#pathFailures % 2 === 1 ? 'udptcp' : undefined);
    if (transport) url.searchParams.set('transport', transport);
    return url.href;
  }

  #onOpened(session: WhepSession, refusal: Refusal | undefined): void {
    if (session !== this.#session) return;
    if (refusal === undefined) {
      // The path may be up before the promise is.
      if (this.#upSinceMs === undefined) {
        const limitMs = CONNECT_MS_MAX[this.#pathFailures] ?? CONNECT_MS_MAX[2];
        this.#after(limitMs, () => this.#onNoPath());
      }
    } else if (refusal.kind === 'later') {
      this.#retry(this.#offline ? 'offline' : refusal.reason, refusal.afterMs);
    } else if (refusal.reason === 'gone') {
      this.#end({ phase: 'ended', reason: 'gone' });
    } else {
      this.#refused(refusal.reason, refusal.detail);
    }
  }

  #refused(reason: Exclude<RefusedReason, 'gone'>, detail: string | undefined): void {
    this.#drop();
    const state = this.#state;
    if (state.phase !== 'error' || state.reason !== reason) {
      this.#set({ phase: 'error', reason, detail });
    }
    if (reason !== 'no-webrtc') this.#after(REFUSED_RETRY_MS, () => this.#connect());
  }

  #onNoPath(): void {
    this.#pathFailures += 1;
    this.#retry('no-path', 0);
  }

  #onPath(path: PathState): void {
    if (path === 'up') this.#onUp();
    else if (path === 'gone') this.#retry('server-gone', GOODBYE_MS);
    // Before the first `up` the deadline decides: ICE may yet find another way.
    else if (this.#upSinceMs !== undefined) this.#lose('path-lost');
    else if (path === 'down' && !this.#restarting) this.#onNoPath();
  }

  #onUp(): void {
    const nowMs = this.#environment.nowMs();
    this.#upSinceMs = nowMs;
    this.#pathAliveMs = nowMs;
    this.#restarting = false;
    this.#pathFailures = 0;
    this.#after(FIRST_PICTURE_MS, () => this.#wait());
    this.#schedule();
  }

  #wait(): void {
    this.#set({
      phase: 'waiting',
      sinceMs: this.#environment.nowMs(),
      returning: this.#wasLive,
    });
  }

  #onPicture(): void {
    const { phase } = this.#state;
    if (this.#upSinceMs === undefined || phase === 'live' || phase === 'degraded') return;
    this.#clearStep();
    this.#wasLive = true;
    this.#set({ phase: 'live', sinceMs: this.#environment.nowMs() });
  }

  /** The path does not carry any more: an ICE restart keeps the session, and with it the picture's place. */
  #lose(reason: LossReason): void {
    const session = this.#session;
    if (session === undefined || this.#upSinceMs === undefined || this.#sleptMs > SESSION_LOST_MS) {
      this.#retry(reason, 0);
      return;
    }
    this.#reconnecting(reason);
    this.#upSinceMs = undefined;
    this.#restarting = true;
    // What came before the loss is no sign of life.
    this.#meter = new FlowMeter();
    this.#after(RESTART_MS_MAX, () => this.#retry(reason, 0));
    void session.restartIce().then((restarted) => {
      if (session !== this.#session || !this.#restarting) return;
      if (!restarted) this.#retry(reason, 0);
    });
  }

  /** A new session; at once at first, then later and later. */
  #retry(reason: LossReason, afterMs: number): void {
    this.#reconnecting(reason);
    this.#drop();
    this.#after(this.#backoff.next(afterMs), () => this.#connect());
  }

  #reconnecting(reason: LossReason): void {
    const state = this.#state;
    const sinceMs = state.phase === 'reconnecting' ? state.sinceMs : this.#environment.nowMs();
    this.#set({ phase: 'reconnecting', sinceMs, reason });
  }

  #end(state: WhepState): void {
    this.#drop();
    this.#clear(this.#tick);
    this.#tick = undefined;
    this.#wasLive = false;
    this.#set(state);
  }

  #drop(): void {
    this.#clearStep();
    this.#session?.close();
    this.#session = undefined;
    this.#upSinceMs = undefined;
    this.#restarting = false;
    this.#sleptMs = 0;
    this.#hurtSinceMs = undefined;
    this.#wellSinceMs = undefined;
    this.#meter = new FlowMeter();
  }

  async #onTick(): Promise<void> {
    const session = this.#session;
    const startedMs = this.#environment.nowMs();
    const gapMs = startedMs - this.#lastTickMs;
    this.#lastTickMs = startedMs;
    this.#schedule();
    const report = await session?.readReport();
    if (session !== this.#session || report === undefined || !this.#running) return;
    const nowMs = this.#environment.nowMs();
    const flow = this.#meter.push(readReport(report, nowMs));
    if (flow.pathAlive !== false) this.#pathAliveMs = nowMs;
    this.#listeners.stats(flow.stats);
    // After an ICE restart Chromium may say nothing at all: to it the connection was never lost.
    if (this.#restarting && (flow.moving || flow.pathAlive)) this.#onUp();
    if (this.#upSinceMs === undefined) return;
    if (gapMs > SLEEP_MS) {
      this.#sleptMs = gapMs;
      return;
    }
    this.#judge(flow, nowMs);
    this.#sleptMs = 0;
  }

  #judge(flow: Flow, nowMs: number): void {
    const { phase } = this.#state;
    if (this.#sleptMs > 0 && !flow.moving) {
      this.#lose('slept');
      return;
    }
    if (nowMs - this.#pathAliveMs > PATH_SILENCE_MS) {
      this.#lose('path-lost');
      return;
    }
    if (phase === 'waiting' && this.#upForMs(nowMs) >= SETTLED_MS) this.#backoff.reset();
    if (phase === 'live' || phase === 'degraded') this.#judgeLive(flow, nowMs);
    // Sound without a picture is live as well; a picture says so itself, see `hint`.
    else if (flow.picture || (flow.moving && this.#upForMs(nowMs) > FIRST_PICTURE_MS)) {
      this.#onPicture();
    }
  }

  #judgeLive(flow: Flow, nowMs: number): void {
    const { health } = flow;
    const silentMs = this.#meter.silentMs(nowMs);
    if (silentMs >= SILENCE_MS) {
      // A server that still answers, but has nothing to send, has lost its publisher.
      if (nowMs - this.#pathAliveMs < silentMs) this.#wait();
      else this.#lose('path-lost');
      return;
    }
    if (health === 'good') {
      this.#hurtSinceMs = undefined;
      this.#wellSinceMs ??= nowMs;
      if (nowMs - this.#wellSinceMs >= SETTLED_MS) this.#backoff.reset();
      if (this.#state.phase === 'degraded') this.#set({ phase: 'live', sinceMs: nowMs });
      return;
    }
    this.#wellSinceMs = undefined;
    this.#hurtSinceMs ??= nowMs;
    const remedied = health === 'no-picture' || health === 'late';
    if (remedied && this.#backoff.tries < REMEDIES_MAX && nowMs - this.#hurtSinceMs >= REMEDY_MS) {
      this.#retry(health, 0);
    } else if (this.#state.phase !== 'degraded' || this.#state.reason !== health) {
      this.#set({ phase: 'degraded', sinceMs: nowMs, reason: health });
    }
  }

  #upForMs(nowMs: number): number {
    return this.#upSinceMs === undefined ? 0 : nowMs - this.#upSinceMs;
  }

  #schedule(): void {
    this.#clear(this.#tick);
    const isDue =
      this.#upSinceMs !== undefined &&
      (this.#state.phase === 'connecting' || this.#state.phase === 'reconnecting');
    const delayMs = isDue ? TICK_MS_EAGER : TICK_MS;
    this.#tick = this.#environment.setTimer(() => void this.#onTick(), delayMs);
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

  #set(state: WhepState): void {
    this.#state = state;
    this.#listeners.state(state);
  }
}
